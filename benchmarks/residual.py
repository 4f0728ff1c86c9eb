"""What does the same network learn of War and Peace with residual connections, and without?

    python benchmarks/residual.py [--steps N] [--threads N] [--corpora FOLDER]

Prints the validation loss after a training of so many steps, each from scratch, and the unigram
entropy: the loss of whoever knows how frequent each character is, and nothing else.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
from collections import Counter
from pathlib import Path

import torch

from escriba.charlm.training.train import train
from escriba.corpora.corpus import read_corpus
from escriba.ground import project
from escriba.ground.mistakes import ending
from escriba.records.recipe import read_recipe

RECIPE = (Path(__file__).parents[1] / "models" / "tolstoi" / "recipe.yml").read_text("utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "escriba.yml").write_text("title: benchmark\n")
        for residual in ("true", "false"):
            folder = root / "models" / residual
            folder.mkdir(parents=True)
            recipe = RECIPE.replace("network:\n", f"network:\n  residual: {residual}\n")
            (folder / "recipe.yml").write_text(recipe, "utf-8")
        site = project.load(root)
        corpus = read_corpus(read_recipe(site.models, "true", root).corpus, site)
        counts = Counter(corpus.train[:].tolist())
        total = counts.total()
        entropy = -sum(n / total * math.log(n / total) for n in counts.values())
        print(f"unigram entropy              {entropy:.4f} nats/character", flush=True)
        for residual, words in (("true", "with residual connections"), ("false", "plain stack")):
            result = train(site, residual, steps=options.steps)
            print(
                f"{words:<28} {result.best:.3f} nats/character after {result.step} steps, "
                f"{result.seconds:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    with ending():
        main()
