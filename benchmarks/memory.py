"""How much memory do encoding a large corpus and training on it take, above torch alone?

    python benchmarks/memory.py [--size BYTES] [--steps N] [--folder FOLDER]

Writes a text of pseudo-random words (2 GB unless told otherwise) into a temporary folder, which
needs three times that much of free disk; encodes it in one process, trains the default network on
it in another, and reads windows from all over it in that one too. Prints the most resident memory
of each (the kernel's own account, `ru_maxrss`) and what a process that only imports torch takes.
Linux and macOS.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAME = "large"
RECIPE = """\
corpus:
  sources:
    - file: text.txt
network: {layers: 4, hidden: 128, dropout: 0.0}
training: {batch: 64, window: 64}
"""
SWEEP = 500  # windows, evenly spaced over an epoch: each has as many places as there are streams


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=2_000_000_000, help="bytes of text")
    parser.add_argument("--steps", type=int, default=300, help="steps of training")
    parser.add_argument("--folder", help="where the temporary folder is made")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        PARTS[options.part](Path(options.folder), options.steps)
        print(peak())
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        write_site(Path(folder), options.size)
        alone = 0
        for part, words in (
            ("alone", "torch imported"), ("encode", "encoding"), ("train", "training")
        ):  # fmt: skip
            begun = time.perf_counter()
            found = run(part, folder, options.steps)
            seconds = time.perf_counter() - begun
            alone = alone or found
            above = f"   {(found - alone) / 1e6:>7,.0f} MB above" if part != "alone" else ""
            print(f"{words:<15} {found / 1e6:>7,.0f} MB{above}   ({seconds:.0f} s)", flush=True)


def run(part: str, folder: str, steps: int) -> int:
    """The most resident memory of a process that does that part, in bytes."""
    command = [sys.executable, __file__, "--part", part, "--folder", folder, "--steps", str(steps)]
    result = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return int(result.stdout.split()[-1])


def peak() -> int:
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


def write_site(root: Path, size: int) -> None:
    """A site whose text is lines of words drawn from a thousand, the first ones more often."""
    folder = root / "models" / NAME
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: benchmark\n")
    (folder / "recipe.yml").write_text(RECIPE)
    draw = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyzáéíóúñ"
    words = ["".join(draw.choices(letters, k=draw.randint(1, 9))) for _ in range(1000)]
    weights = [1 / rank for rank in range(1, 1001)]
    pages = [
        "".join(" ".join(draw.choices(words, weights, k=10)) + "\n" for _ in range(200)).encode()
        for _ in range(200)
    ]
    with (root / "text.txt").open("wb") as file:
        while file.tell() < size:
            file.write(b"".join(draw.choices(pages, k=100)))


def import_torch(folder: Path, steps: int) -> None:
    import torch  # noqa: F401


def encode(folder: Path, steps: int) -> None:
    import torch  # noqa: F401

    from escriba.corpora.corpus import read_corpus
    from escriba.ground import project
    from escriba.records.recipe import read_recipe

    site = project.load(folder)
    corpus = read_corpus(read_recipe(site.models, NAME, site.root).corpus, site)
    print(f"{corpus.characters:,} characters", file=sys.stderr)


def train(folder: Path, steps: int) -> None:
    from escriba.charlm.training.train import train as train_model
    from escriba.corpora.corpus import read_corpus
    from escriba.corpora.windows import Reader
    from escriba.ground import project
    from escriba.records.recipe import read_recipe

    site = project.load(folder)
    result = train_model(site, NAME, steps=steps, device="cpu")
    print(f"{result.step} steps, {result.best:.3f} nats, {peak() / 1e6:,.0f} MB", file=sys.stderr)
    corpus = read_corpus(read_recipe(site.models, NAME, site.root).corpus, site)
    reader = Reader(corpus.train, 64, 64, seed=1)
    for place in range(SWEEP):
        next(reader.read(0, place * reader.steps // SWEEP))


PARTS = {"alone": import_torch, "encode": encode, "train": train}


if __name__ == "__main__":
    main()
