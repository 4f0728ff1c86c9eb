"""Training steps on random text: their time does not depend on what is learnt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from escriba.charlm.device import Precision
from escriba.charlm.training.calibrate import Threads
from escriba.charlm.training.run import Run, begin, take_step
from escriba.charlm.training.settings import Limit, settle
from escriba.charlm.training.torch_engine import TorchBackend, TorchEngine
from escriba.corpora.windows import Reader, Window
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

    @property
    def recipe(self) -> Recipe:
        return Recipe(
            CorpusRecipe((Source(file="none"),)),
            NetworkRecipe(hidden=self.hidden, dropout=0.0),
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


def start(contender: Contender) -> Running:
    settings = settle(contender.recipe, Limit())
    backend = TorchBackend(torch.device("cpu"), contender.precision)
    run = begin(backend, contender.network, SYMBOLS, settings)
    assert isinstance(run.engine, TorchEngine)
    run.engine.threads = Threads((contender.threads,))
    text = np.random.default_rng(1).integers(SYMBOLS, size=2_000_000, dtype=np.uint8)
    return Running(contender, run, Reader(text, contender.batch, WINDOW, seed=1).read())
