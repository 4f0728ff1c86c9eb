"""What a model makes of a text that it reads: probabilities and states, by the arithmetic that it
writes with. docs/exact-sampling.md.

A text is read as a sample is written: after a prompt, of which an empty one is the end of a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from escriba.sampling.engine import Engine
from escriba.sampling.reference import STATE, Integers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHUNK = 256  # places of a text whose logits are in memory at a time


@dataclass(frozen=True, eq=False)
class States:
    """What a network of L layers of H units holds after each of N symbols: `hidden` (L, N, H), the
    output of each layer's cells, and `cells` (L, N, H), what an lstm keeps in them (else None).

    They are multiples of a power of two: the very integers of the engine, as numbers.
    """

    hidden: Floats
    cells: Floats | None


def predict(engine: Engine, prompt: Sequence[int], text: Sequence[int]) -> Iterator[Floats]:
    """The logarithms (n, V) of the probabilities that each symbol had at each place of a text, in
    nats, some places at a time. `prompt` has a symbol or more.

    The logits are exact; their logarithms are float64.
    """
    import numpy as np

    rows = islice(engine.score(chain(prompt, text[:-1])), len(prompt) - 1, None)
    for at in range(0, len(text), CHUNK):
        count = min(CHUNK, len(text) - at)
        logits = np.array(list(islice(rows, count)), np.float64) / 2.0**engine.logit_shift
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        yield logits


def watch(network: Integers, prompt: Sequence[int], text: Sequence[int]) -> States:
    """The states after each symbol of a text."""
    import numpy as np

    settings = network.model.network
    shape = settings.layers, len(text), settings.hidden
    hidden = np.empty(shape)
    cells = np.empty(shape) if settings.cell == "lstm" else None
    state = network.zero_state()
    for symbol in prompt:
        network.step(symbol, state)
    for at, symbol in enumerate(text):
        network.step(symbol, state)
        hidden[:, at] = state[0]
        if cells is not None:
            cells[:, at] = state[1]
    hidden /= 2.0**network.shift
    if cells is not None:
        cells /= 2.0**STATE
    return States(hidden, cells)
