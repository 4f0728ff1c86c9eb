"""What integer arithmetic costs in quality: the loss of a model in float32 and in its integers.

    python benchmarks/rounding.py [--model NAME] [--characters N] [--corpora FOLDER]

Both read the same beginning of the model's own test part, one character at a time, from a zero
state; the integers are the reference's (`escriba.sampling.reference`), which the kernel follows.
"""

from __future__ import annotations

import argparse
import itertools
import os
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from escriba import project
from escriba.charlm.corpora.corpus import encode, read_corpus
from escriba.charlm.recipe import read_recipe
from escriba.charlm.weights import load_network
from escriba.model import Model, read_model
from escriba.sampling.quantised import quantise
from escriba.sampling.reference import Integers

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="tolstoi")
    parser.add_argument("--characters", type=int, default=20_000)
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    site = project.load(ROOT)
    model = read_model(site.models / options.model)
    corpus = read_corpus(read_recipe(site.models, options.model, ROOT).corpus, site)
    beginning = corpus.vocabulary.decode(corpus.test[: options.characters].tolist())
    text = encode(beginning, model.vocabulary).tolist()
    floats, integers = measure_floats(model, text), measure_integers(model, text)
    print(f"{options.model}, {len(text):,} characters of its test part, nats per character")
    print(f"float32   {floats:.6f}")
    print(f"integers  {integers:.6f}   ({integers - floats:+.6f})")


@torch.inference_mode()
def measure_floats(model: Model, text: list[int]) -> float:
    symbols = torch.tensor(text)
    logits, _ = load_network(model)(symbols[:-1, None])
    return float(F.cross_entropy(logits[:, 0].double(), symbols[1:]))


def measure_integers(model: Model, text: list[int]) -> float:
    network = Integers(quantise(model))
    state = network.zero_state()
    total = 0.0
    for symbol, target in itertools.pairwise(text):
        logits = network.logits(network.step(symbol, state)) / 2.0**network.logit_shift
        total += float(np.logaddexp.reduce(logits) - logits[target])
    return total / (len(text) - 1)


if __name__ == "__main__":
    main()
