"""How much a minute of training buys, on tiny Shakespeare, from scratch.

    python benchmarks/training.py [--corpora FOLDER] [--threads N]

Two runs of the default network: one scheduled for 60 s, one for 180 s (validation included).
The split is nanoGPT's, 90/10, so that its CPU recipe's final loss of 1.88 is a mark on the same
text. Prints the seconds until the validation loss is below 1.88 (estimated on 30,000 characters
every 2 s, as the curve goes by), and the loss on the whole validation part at the end of each run.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import torch

from escriba import project
from escriba.charlm.evaluate import evaluate
from escriba.charlm.log import FILE as LOG
from escriba.charlm.train import train

MARK = 1.88  # nats per character: nanoGPT's README, CPU recipe, after 2,000 iterations
RECIPE = """
corpus:
  name: tiny Shakespeare
  split: [90, 10, 0]
  sources:
    - url: https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt
      sha256: 86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed
training:
  precision: bfloat16
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, 4 x 128 LSTM, tiny Shakespeare")
    for seconds in (60, 180):
        reached, speed, loss = run(seconds)
        when = "never" if reached is None else f"after {reached:.0f} s"
        print(
            f"schedule of {seconds:>3} s: below {MARK} {when}; validation loss at the end "
            f"{loss:.4f} nats/character; {speed:,.0f} characters/s",
            flush=True,
        )


def run(seconds: int) -> tuple[float | None, float, float]:
    """One training: seconds until the mark (or None), characters/s, loss on the whole part."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "escriba.yml").write_text("title: benchmark\n")
        folder = root / "models" / "shakespeare"
        folder.mkdir(parents=True)
        (folder / "recipe.yml").write_text(RECIPE)
        site = project.load(root)
        train(site, "shakespeare", minutes=seconds / 60, validate_every=2, validate_on=30_000)
        lines = [json.loads(line) for line in (folder / LOG).read_text().splitlines()]
        curve = [line for line in lines if "validation" in line]
        reached = next((line["seconds"] for line in curve if line["validation"] < MARK), None)
        last = curve[-1]
        (found,) = evaluate(site, "shakespeare")
        return reached, last["characters"] / last["seconds"], found.nats


if __name__ == "__main__":
    main()
