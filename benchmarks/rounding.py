"""What does integer arithmetic cost in quality, beside float32?

    python benchmarks/rounding.py [NAME…] [--characters N] [--corpora FOLDER]

Prints the loss of a model in float32 and in the kernel, and the difference. Both read the same
beginning of the model's own test part, one character at a time, from a zero state. Without names it
is done for every model that has an evaluation.
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

import torch
from torch.nn import functional as F

from escriba.charlm.network import load_network
from escriba.corpora.corpus import encode, read_corpus
from escriba.ground import project
from escriba.ground.mistakes import ending
from escriba.records.evaluation import FILE as EVALUATION
from escriba.records.model import Model, read_model
from escriba.records.recipe import read_recipe
from escriba.sampling.wasm import Wasm

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--characters", type=int, default=100_000)
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    site = project.load(ROOT)
    names = options.names or sorted(p.parent.name for p in site.models.glob(f"*/{EVALUATION}"))
    print("nats per character  characters   float32  integers  difference")
    for name in names:
        model = read_model(site.models / name)
        corpus = read_corpus(read_recipe(site.models, name, ROOT).corpus, site)
        beginning = corpus.vocabulary.decode(corpus.test[: options.characters].tolist())
        text = encode(beginning, model.vocabulary).tolist()
        floats, integers = measure_floats(model, text), measure_integers(model, text)
        print(
            f"{name:<18}  {len(text):>10,}  {floats:.6f}  {integers:.6f}  {integers - floats:+.6f}",
            flush=True,
        )


@torch.inference_mode()
def measure_floats(model: Model, text: list[int]) -> float:
    symbols = torch.tensor(text)
    logits, _ = load_network(model)(symbols[:-1, None])
    return float(F.cross_entropy(logits[:, 0].double(), symbols[1:]))


def measure_integers(model: Model, text: list[int]) -> float:
    kernel = Wasm(model)
    unit, total = 2.0**kernel.logit_shift, 0.0
    for logits, target in zip(kernel.score(text[:-1]), text[1:], strict=True):
        largest = max(logits)
        weights = [math.exp((logit - largest) / unit) for logit in logits]
        total += math.log(math.fsum(weights)) - (logits[target] - largest) / unit
    return total / (len(text) - 1)


if __name__ == "__main__":
    with ending():
        main()
