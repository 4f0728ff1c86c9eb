"""How near to their shares do parts of whole files come, by the number of files?

    python benchmarks/shares.py [--draws N]

Files with lengths as posts have them (log-normal, σ = 0.8) are dealt out 80/10/10, as
`split-by: files` does. Prints by how many points a part of 10 % is off, in half of the draws, in
one of twenty, and at the worst; and in how many draws no file has more than a fifth of all bytes,
so that a corpus is split so by itself.
"""

from __future__ import annotations

import argparse
from random import Random

from escriba.corpora.shares import LARGEST, Weighed, deal

FILES = (5, 10, 20, 60)
SPLIT = (80, 10, 10)


def draw(files: int, random: Random) -> tuple[float, bool]:
    """Points by which the farther part of 10 % is off, and whether no file is too large."""
    documents = [
        Weighed(max(1, round(random.lognormvariate(8, 0.8))), f"{random.getrandbits(256):064x}")
        for _ in range(files)
    ]
    total = sum(document.size for document in documents)
    sizes = [0, 0, 0]
    for document, part in zip(documents, deal(documents, SPLIT), strict=True):
        sizes[part] += document.size
    off = max(abs(100 * sizes[part] / total - SPLIT[part]) for part in (1, 2))
    return off, max(document.size for document in documents) <= LARGEST * total


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--draws", type=int, default=300)
    options = parser.parse_args()
    print("files  half  one in twenty  worst  by itself")
    for files in FILES:
        found = [draw(files, Random(seed)) for seed in range(options.draws)]
        off = sorted(each for each, _ in found)
        cells = (off[len(off) // 2], off[len(off) * 19 // 20], off[-1])
        alone = sum(each for _, each in found) / len(found)
        print(f"{files:>5}  {cells[0]:>4.1f}  {cells[1]:>13.1f}  {cells[2]:>5.1f}  {alone:>9.0%}")


if __name__ == "__main__":
    main()
