"""The engine that is exact: the same weights, bit for bit, everywhere, by any number of threads.

The arithmetic is that of docs/exact-training.md. A batch is shared out in shards of SHARD streams;
each is worked on by an instance of the kernel, in a thread or another, and their gradients are
added in the order of shards.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.exact.functions import Random
from escriba.charlm.exact.measure import Measure
from escriba.charlm.exact.wasm import Instance, join, part
from escriba.charlm.memory import find_machine_memory
from escriba.charlm.training.engine import Arrays, Floats
from escriba.charlm.training.settings import Settings
from escriba.corpora.encoded import Text
from escriba.corpora.windows import Window
from escriba.records.model import Model, Network, read_weights
from escriba.records.recipe import Recipe

SHARD = 8  # streams
_WRITING = 2  # sequence of the random numbers of what is written, after that of new weights


@dataclass(frozen=True)
class ExactBackend:
    """The kernel in wasmtime, on so many threads at most."""

    most: int = 0

    name = "exact"
    version = "1"
    kind = "cpu"
    precision = "float32"
    threads = 1  # on which nothing depends

    def begin(self, network: Network, symbols: int, settings: Settings) -> ExactEngine:
        return ExactEngine(network, symbols, settings, self.most or count_processors())

    def measure(
        self, model: Model, shown: Path, text: Text, before: Text | None, symbols: int
    ) -> float:
        measured = Measure(model.network, len(model.vocabulary))
        names = [*model.network.shapes(len(model.vocabulary))]
        return measured.measure(join(read_weights(model, shown), names), text, before, symbols)


class ExactMachine:
    """The processors of this machine, whatever they are."""

    def find_memory(self) -> int | None:
        return find_machine_memory()

    def choose(
        self, recipe: Recipe, symbols: int, length: int, settings: Settings
    ) -> dict[str, Any]:
        return {
            "batch": settings.batch, "learning_rate": settings.learning_rate,
            "dropout": settings.dropout, "precision": ExactBackend.precision,
        }  # fmt: skip

    def make_backend(self, precision: str, *, begun: bool) -> ExactBackend:
        return ExactBackend()


def count_processors() -> int:
    """Those that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ExactEngine:
    """A network and its moments. The settings' batch and window are those of every window."""

    def __init__(self, network: Network, symbols: int, settings: Settings, threads: int):
        self.network, self.symbols, self.settings = network, symbols, settings
        self._shapes = network.shapes(symbols)
        self._streams = min(SHARD, settings.batch)
        self._shards = -(-settings.batch // self._streams)
        make = self._make
        self._main = make(moments=True)
        self._main.call("initialise", settings.seed)
        workers = min(threads, self._shards)
        self._workers = [self._main, *(make() for _ in range(1, workers))]
        self._pool = ThreadPoolExecutor(workers)
        self._measure = Measure(network, symbols)
        self._number = 0  # of the last step
        self._carried = [self._no_state() for _ in range(self._shards)]
        self._losses: list[float] = []
        self._norms: list[float] = []

    def step(self, window: Window, rate: float) -> None:
        self._number += 1
        weights = self._main.weights
        for worker in self._workers[1:]:
            worker.weights[:] = weights
        if window.fresh:
            self._carried = [self._no_state() for _ in range(self._shards)]
        for worker in self._workers:
            worker.call("prepare")
        loss, gradients = 0.0, None
        for first in range(0, self._shards, len(self._workers)):  # so that few gradients wait
            shards = range(first, min(first + len(self._workers), self._shards))
            for each, found in self._pool.map(partial(self._learn, window), self._workers, shards):
                loss += each
                gradients = found if gradients is None else gradients + found
        self._main.gradients[:] = gradients
        settings = self.settings
        clip = math.inf if settings.clip is None else settings.clip
        norm = self._main.call(
            "finish", self._number, rate * settings.learning_rate, settings.weight_decay, clip
        )
        self._losses.append(loss / window.symbols.size)
        self._norms.append(norm)

    def _learn(self, window: Window, worker: Instance, shard: int) -> tuple[float, Floats]:
        """The loss and the gradients of a shard of a window."""
        steps, batch = window.symbols.shape
        dropout = self.settings.dropout
        first = shard * self._streams
        read = np.zeros((steps, self._streams), np.int64)
        targets = np.full((steps, self._streams), -1)
        cut = window.symbols[:, first : first + self._streams]
        read[:, : cut.shape[1]] = cut
        targets[:, : cut.shape[1]] = window.targets[:, first : first + self._streams]
        worker.set_window(read, targets)
        for kept, state in zip(self._carried[shard], worker.states(), strict=True):
            state[:] = kept
        worker.call(
            "drop", self.settings.seed, self._number, first, int(dropout * 2**32),
            float(np.float32(1 / (1 - dropout))),
        )  # fmt: skip
        loss: float = worker.call("learn", float(np.float32(1 / (steps * batch))))
        self._carried[shard] = [state.copy() for state in worker.states()]
        return loss, worker.gradients.copy()

    def last_loss(self) -> float:
        return self._losses[-1] if self._losses else math.nan

    def losses(self) -> Floats:
        return np.array(self._losses, np.float32)

    def norms(self) -> Floats:
        return np.array(self._norms, np.float32)

    def forget(self) -> None:
        self._losses, self._norms = [], []

    def weights(self) -> dict[str, Floats]:
        return part(self._main.weights, self._shapes)

    def load_weights(self, weights: Mapping[str, Floats]) -> None:
        self._main.weights[:] = join(weights, [*self._shapes])
        self._carried = [self._no_state() for _ in range(self._shards)]

    def measure(self, text: Text, before: Text | None, symbols: int) -> float:
        return self._measure.measure(self._main.weights, text, before, symbols)

    def write(
        self, start: int, length: int, seeds: Sequence[int], temperature: float
    ) -> list[list[int]]:
        writer = Instance(self.network, self.symbols, 1, len(seeds))
        writer.weights[:] = self._main.weights
        writer.call("prepare")
        writer.keep_all()
        randoms = [Random(seed, _WRITING) for seed in seeds]
        last, written = [start] * len(seeds), []
        for _ in range(length):
            writer.set_window(np.array([last]), np.array([last]))
            writer.call("predict")
            last = [
                writer.call("choose", stream, temperature, random.uniform())
                for stream, random in enumerate(randoms)
            ]
            written.append(last)
        return [list(text) for text in zip(*written, strict=True)]

    def to_state(self) -> dict[str, NDArray[Any]]:
        first, second = self._main.moments
        return {
            "weights": self._main.weights.copy(),
            "first": first.copy(),
            "second": second.copy(),
            "number": np.array([self._number]),
            "carried": np.array(self._carried, np.float32),
            "losses": np.array(self._losses),
            "norms": np.array(self._norms),
        }

    def load_state(self, state: Arrays, streams: int) -> None:
        own = self.to_state()
        if state.keys() != own.keys():
            raise ValueError
        for name, array in own.items():
            loose = name in ("losses", "norms")
            shape = (len(state[name]),) if loose else array.shape
            if state[name].dtype != array.dtype or state[name].shape != shape:
                raise ValueError
        (number,) = state["number"].tolist()
        if not 0 <= number < 1 << 32 or len(state["losses"]) != len(state["norms"]):
            raise ValueError
        if not all(np.isfinite(state[name]).all() for name in ("weights", "first", "second")):
            raise ValueError
        self._main.weights[:] = state["weights"]
        for moment, name in zip(self._main.moments, ("first", "second"), strict=True):
            moment[:] = state[name]
        self._number = number
        self._carried = [list(shard) for shard in state["carried"]]
        self._losses, self._norms = state["losses"].tolist(), state["norms"].tolist()

    def _make(self, *, moments: bool = False) -> Instance:
        settings = self.settings
        return Instance(self.network, self.symbols, settings.window, self._streams, moments=moments)

    def _no_state(self) -> list[Floats]:
        parts = 2 if self.network.cell == "lstm" else 1
        shape = (self._streams, self.network.hidden)
        return [np.zeros(shape, np.float32) for _ in range(parts * self.network.layers)]
