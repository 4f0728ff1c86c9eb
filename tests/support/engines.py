"""An engine that counts pairs of symbols, in a few lines: what the loop needs of one, without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.training.engine import Arrays, Floats
from escriba.charlm.training.settings import Settings
from escriba.corpora.encoded import Text
from escriba.corpora.windows import Window
from escriba.records.model import Model, Network


@dataclass(frozen=True)
class CountingBackend:
    """Makes engines that count, whatever the network."""

    name = "counting"
    kind = "cpu"
    precision = "float32"
    threads = 1
    version = "1"

    def begin(self, network: Network, symbols: int, settings: Settings) -> CountingEngine:
        return CountingEngine(network, symbols)

    def measure(
        self, model: Model, shown: Path, text: Text, before: Text | None, symbols: int
    ) -> float:
        raise NotImplementedError


@dataclass
class CountingEngine:
    """How often a symbol follows another is kept where a network has the weights of its head."""

    network: Network
    symbols: int
    _losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        shapes = self.network.shapes(self.symbols)
        self._weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        self._pairs = self._weights["head.weight"]  # (V, H): H is as large as V here
        self._pairs += 1

    def step(self, window: Window, rate: float) -> None:
        self._losses.append(self._lose(window.symbols.ravel(), window.targets.ravel()))
        np.add.at(self._pairs, (window.symbols.ravel(), window.targets.ravel()), rate)

    def last_loss(self) -> float:
        return self._losses[-1] if self._losses else math.nan

    def losses(self) -> Floats:
        return np.array(self._losses, np.float32)

    def norms(self) -> Floats:
        return np.ones(len(self._losses), np.float32)

    def forget(self) -> None:
        self._losses = []

    def weights(self) -> dict[str, Floats]:
        return {name: array.copy() for name, array in self._weights.items()}

    def load_weights(self, weights: Mapping[str, Floats]) -> None:
        for name, array in weights.items():
            self._weights[name][:] = array

    def measure(self, text: Text, before: Text | None, symbols: int) -> float:
        read = np.asarray(text[0:symbols]).astype(np.int64)
        return self._lose(read[:-1], read[1:])

    def write(
        self, start: int, length: int, seeds: Sequence[int], temperature: float
    ) -> list[list[int]]:
        return [[start] * length for _ in seeds]

    def to_state(self) -> dict[str, NDArray[Any]]:
        return {"pairs": self._pairs, "losses": self.losses()}

    def load_state(self, state: Arrays, streams: int) -> None:
        self._pairs[:] = state["pairs"]
        self._losses = state["losses"].tolist()

    def _lose(self, symbols: NDArray[np.int64], targets: NDArray[np.int64]) -> float:
        pairs = self._pairs[:, : self.symbols]
        chances = pairs[symbols, targets] / pairs[symbols].sum(1)
        return float(-np.log(chances).mean())
