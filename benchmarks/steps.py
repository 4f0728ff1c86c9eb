"""Characters per second of whole training steps, by precision, batch, dropout and threads.

    python benchmarks/steps.py [--rounds N] [--seconds S]

A 4 x 128 LSTM on random text: the time does not depend on what is learnt. The contenders take turns
within each round; medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from escriba.charlm.network import CharLSTM
from escriba.charlm.recipe import TrainingRecipe
from escriba.charlm.run import Run, make_optimiser, take_step
from escriba.charlm.windows import Reader, Window
from escriba.model import Network

SYMBOLS = 82  # of War and Peace


@dataclass(frozen=True)
class Contender:
    settings: TrainingRecipe
    dropout: float
    threads: int

    def __str__(self) -> str:
        s = self.settings
        size = f"{s.batch:>3} x {s.window}"
        return f"{s.precision:<8}  {size}  dropout {self.dropout:<4}  {self.threads} threads"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    usual = TrainingRecipe(precision="bfloat16")
    contenders = [
        Contender(replace(usual, precision="float32"), 0.0, cores),
        Contender(usual, 0.0, cores),
        Contender(usual, 0.15, cores),
        Contender(usual, 0.0, 1),
        Contender(replace(usual, batch=64), 0.0, cores),
        Contender(replace(usual, batch=128), 0.0, cores),
    ]
    running = [start(contender) for contender in contenders]
    speeds: list[list[float]] = [[] for _ in contenders]
    for _ in range(options.rounds):
        for index, contender in enumerate(contenders):
            speeds[index].append(measure(contender, *running[index], options.seconds))
    for contender, found in zip(contenders, speeds, strict=True):
        print(f"{contender}  {statistics.median(found):>8,.0f} characters/s")


def start(contender: Contender) -> tuple[Run, Iterator[Window]]:
    torch.manual_seed(1)
    network = CharLSTM(Network("lstm", 4, 128, True), SYMBOLS, contender.dropout)
    settings = contender.settings
    reader = Reader(torch.randint(SYMBOLS, (2_000_000,)), settings.batch, settings.window, 1)
    return Run(network, make_optimiser(network, settings)), reader.read()


def measure(contender: Contender, run: Run, windows: Iterator[Window], seconds: float) -> float:
    """Characters per second over that long, after three steps to warm up."""
    torch.set_num_threads(contender.threads)
    device = torch.device("cpu")
    for _ in range(3):
        take_step(run, next(windows), contender.settings, device, 0.001)
    begun, before = time.perf_counter(), run.characters
    while time.perf_counter() - begun < seconds:
        take_step(run, next(windows), contender.settings, device, 0.001)
    return (run.characters - before) / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
