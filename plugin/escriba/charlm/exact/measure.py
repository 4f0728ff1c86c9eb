"""How well a network predicts a text, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.exact.wasm import Floats, Instance, join
from escriba.corpora.encoded import Text
from escriba.records.model import Model, Network, read_weights

Collect = Callable[[NDArray[np.floating[Any]], NDArray[np.int64]], None]

STREAMS, STEPS, CONTEXT = 64, 64, 256  # CONTEXT is read before it counts


def load_measure(model: Model, shown: Path) -> Callable[[Text, Text | None, Collect], float]:
    """How a finished model is measured, on whole texts; `shown` is how errors name its file. Raises
    ModelError."""
    names = [*model.network.shapes(len(model.vocabulary))]
    weights = join(read_weights(model, shown), names)
    measure = Measure(model.network, len(model.vocabulary)).measure
    return lambda text, before, collect: measure(weights, text, before, None, collect)


class Measure:
    """Measures a network: STREAMS side by side, each of which reads CONTEXT symbols first."""

    def __init__(self, network: Network, symbols: int):
        self._make: Callable[[], Instance] = lambda: Instance(network, symbols, STEPS, STREAMS)
        self._instance: Instance | None = None

    def measure(
        self, weights: Floats, text: Text, before: Text | None, symbols: int | None,
        collect: Collect | None = None,
    ) -> float:  # fmt: skip
        """The mean loss on about so many symbols, spread over the text, in nats; `before` is what
        precedes it. The first of all is not predicted. `collect` gets the nats of single symbols
        (K,) and their positions in the text (K,), some thousands at a time."""
        head = np.zeros(0, np.int64)
        if before is not None:
            head = np.asarray(before[max(0, len(before) - CONTEXT) :]).astype(np.int64)
        first = max(len(head), 1)  # the first symbol to predict, in head and text as one
        there = len(head) + len(text) - first
        wanted = there if symbols is None else min(symbols, there)
        if wanted < 1:
            return 0.0
        share = -(-wanted // STREAMS)
        starts = first + max(share, there // STREAMS) * np.arange(STREAMS)
        instance = self._prepare(weights)
        total, count = 0.0, 0
        end = len(head) + len(text)
        for offset in range(-CONTEXT, share, STEPS):
            # (STEPS, STREAMS) places of what is predicted; the symbol before each is read
            places = starts + (offset + np.arange(STEPS))[:, None]
            known = (places >= 1) & (places < end)
            read = _read(head, text, np.where(known, places - 1, 0))
            targets = _read(head, text, np.where(known, places, 0))
            counts = known & (places >= starts) & (places < starts + share)
            # A stream with less before it than CONTEXT begins anew after what is not there.
            late = starts + offset - STEPS < 1
            for state in instance.states():
                state[late] = 0
            instance.set_window(read, np.where(counts, targets, -1))
            total += instance.call("measure")
            count += int(counts.sum())
            if collect is not None:
                collect(instance.losses()[counts], (places - len(head))[counts])
        return total / count

    def _prepare(self, weights: Floats) -> Instance:
        """An instance with these weights, whose streams begin."""
        instance = self._instance = self._instance or self._make()
        instance.weights[:] = weights
        instance.call("prepare")
        instance.keep_all()
        for state in instance.states():
            state[:] = 0
        return instance


def _read(head: NDArray[np.int64], text: Text, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The symbols of head and text at places (T, S), whose columns ascend one by one."""
    found = np.zeros_like(places)
    for column in range(places.shape[1]):
        own = places[:, column]
        low, high = int(own.min()), int(own.max()) + 1
        whole = np.zeros(high - low, np.int64)
        border = len(head)
        if low < border:
            cut = head[low : min(high, border)]
            whole[: len(cut)] = cut
        if high > border:
            start = max(low, border)
            whole[start - low :] = text[start - border : high - border]
        found[:, column] = whole[own - low]
    return found
