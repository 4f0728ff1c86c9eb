"""Characters per second of whole training steps, by precision, batch, dropout and threads.

    python benchmarks/steps.py [--rounds N] [--seconds S]

A 4 x 128 LSTM on random text: the time does not depend on what is learnt. All but the first row in
the precision that `precision: auto` chooses here. The contenders take turns within each round;
medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from escriba.charlm.corpora.windows import Reader, Window
from escriba.charlm.device import Precision, can_train, choose_precision
from escriba.charlm.training.run import Run, begin, take_step
from escriba.charlm.training.settings import Limit, settle
from escriba.ground.mistakes import ending
from escriba.records.model import Network
from escriba.records.recipe import CorpusRecipe, NetworkRecipe, Recipe, Source, TrainingRecipe

SYMBOLS = 82  # of War and Peace
WINDOW = 64


@dataclass(frozen=True)
class Contender:
    """A way to train a 4-layer LSTM."""

    precision: Precision
    threads: int
    batch: int = 32
    hidden: int = 128
    dropout: float = 0.0

    @property
    def recipe(self) -> Recipe:
        return Recipe(
            CorpusRecipe((Source(file="none"),)),
            NetworkRecipe(hidden=self.hidden, dropout=self.dropout),
            TrainingRecipe(batch=self.batch, window=WINDOW),
        )

    @property
    def network(self) -> Network:
        return self.recipe.architecture()


@dataclass
class Running:
    """A contender's training, under way."""

    contender: Contender
    run: Run
    windows: Iterator[Window]

    def measure(self, seconds: float) -> float:
        """Characters per second over that long, after three steps to warm up."""
        torch.set_num_threads(self.contender.threads)
        for _ in range(3):
            take_step(self.run, next(self.windows))
        begun, before = time.perf_counter(), self.run.characters
        while time.perf_counter() - begun < seconds:
            take_step(self.run, next(self.windows))
        return (self.run.characters - before) / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    device = torch.device("cpu")
    usual = Contender(choose_precision(device), cores)
    contenders = [
        usual,
        replace(usual, dropout=0.15),
        replace(usual, threads=1),
        replace(usual, batch=64),
        replace(usual, batch=128),
    ]
    other: Precision = "bfloat16" if usual.precision == "float32" else "float32"
    if can_train(device, other):
        contenders.insert(0, replace(usual, precision=other))
    running = [start(contender) for contender in contenders]
    speeds: list[list[float]] = [[] for _ in contenders]
    for _ in range(options.rounds):
        for own, found in zip(running, speeds, strict=True):
            found.append(own.measure(options.seconds))
    for c, found in zip(contenders, speeds, strict=True):
        print(
            f"{c.precision:<8}  {c.batch:>3} x {WINDOW}  dropout {c.dropout:<4}  "
            f"{c.threads} threads  {statistics.median(found):>8,.0f} characters/s"
        )


def start(contender: Contender) -> Running:
    settings = settle(contender.recipe, Limit())
    run = begin(
        contender.network, SYMBOLS, settings,
        precision=contender.precision, device=torch.device("cpu"),
    )  # fmt: skip
    text = np.random.default_rng(1).integers(SYMBOLS, size=2_000_000, dtype=np.uint8)
    return Running(contender, run, Reader(text, contender.batch, WINDOW, seed=1).read())


if __name__ == "__main__":
    with ending():
        main()
