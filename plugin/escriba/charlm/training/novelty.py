"""How much of a sample stands word for word in the text that a model was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.corpora.encoded import Text

BOUND = 50  # characters: a longer run in common is called repetition
SEARCHED = 32_000_000  # symbols of the training text, at most

_BLOCK = 1 << 20


def longest_run(sample: NDArray[np.integer], text: Text) -> int:
    """The most symbols in a row of the sample that also stand in a row in the text.

    Both are (N,) of the same vocabulary; of a longer text the first SEARCHED symbols are searched.
    """
    size = min(len(text), SEARCHED)
    whole = "".join(_write(text[at : min(at + _BLOCK, size)]) for at in range(0, size, _BLOCK))
    part = _write(sample)
    longest = 0
    for start in range(len(part)):
        while (end := start + longest + 1) <= len(part) and part[start:end] in whole:
            longest += 1
    return longest


def _write(symbols: NDArray[np.integer]) -> str:
    """Symbols as characters, each of its own number: as text they are found in linear time, and
    never across two of them."""
    return symbols.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
