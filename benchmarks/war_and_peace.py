"""How well does an hour of two cores learn War and Peace, and twice the units in 110 minutes?

    python benchmarks/war_and_peace.py small --folder FOLDER [--minutes M | --steps N]
    python benchmarks/war_and_peace.py large --folder FOLDER

`small` is the network of models/tolstoi, 4 × 128, for an hour; `large` has twice the units, and
110 minutes.
`--split scattered` takes the test text from a hundred places of the book, as char-rnn's loader did
for the figures of Karpathy, Johnson & Fei-Fei (2015); by default it is the last tenth of the book.
FOLDER keeps the training: a run that was stopped goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from escriba.charlm.evaluation.evaluate import evaluate
from escriba.charlm.training.log import FILE as LOG
from escriba.charlm.training.train import train
from escriba.cli.display import shown, stopping
from escriba.ground import project
from escriba.ground.mistakes import ending

RECIPE = """
corpus:
  name: War and Peace
  stretches: {stretches}
  sources:
    - url: https://raw.githubusercontent.com/ZihanDai2005/PSTAT_160B_Final_Project/3887971b127315af5989b79b501c0bc099ffd1f9/data/warpeace_input.txt
      sha256: fb66ba999dafe24017cdd59e04c56d385a9c8466993d374fd4c6f08b2142985e
"""
SIZES = {
    "small": ("hidden: 128, dropout: 0.1", "learning-rate: 0.01", 60),
    "large": ("hidden: 256, dropout: 0.15", "learning-rate: 0.005", 110),
}
STRETCHES = {"last": 1, "scattered": 100}
SHOWN = 20  # points of the curve


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--folder", type=Path, required=True, help="where the training is kept")
    parser.add_argument("--split", choices=STRETCHES, default="last")
    parser.add_argument("--minutes", type=float, help="instead of 60, or 110")
    parser.add_argument("--steps", type=int, help="instead of a time")
    parser.add_argument("--device")
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    name = f"{options.size}-{options.split}"
    network, training, minutes = SIZES[options.size]
    folder = options.folder / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "escriba.yml").write_text("title: benchmark\n")
    recipe = RECIPE.format(stretches=STRETCHES[options.split])
    recipe += f"network: {{{network}}}\ntraining: {{{training}}}\n"
    (folder / "recipe.yml").write_text(recipe, "utf-8")
    site = project.load(options.folder.resolve())
    with stopping() as stop, shown(name) as display:
        result = train(
            site, name, steps=options.steps, device=options.device,
            minutes=None if options.steps else options.minutes or minutes,
            report=display.moment, reading=display.reading, stop=stop,
        )  # fmt: skip
    if not result.finished:
        print("interrupted; the same command goes on")
        return
    print_curve(folder)
    for score in evaluate(site, name):
        print(
            f"{score.part:<10} {score.nats:.4f} nats/character  {score.nats_per_byte:.4f} nats/byte"
        )


def print_curve(folder: Path) -> None:
    """The validation losses on the way, as many as a screen holds."""
    lines = [json.loads(line) for line in (folder / LOG).read_text("utf-8").splitlines()]
    curve = [line for line in lines if "validation" in line]
    for line in curve[:: -(-len(curve) // SHOWN)]:
        print(
            f"{line['seconds'] / 60:6.1f} minutes {line['characters'] / 1e6:8.1f} million "
            f"characters {line['validation']:.4f} nats/character"
        )


if __name__ == "__main__":
    with ending():
        main()
