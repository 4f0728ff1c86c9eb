"""How much of a sample stands word for word in the text that a model was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.corpora.encoded import Text

BOUND = 50  # characters: a longer run in common is called repetition
SEARCHED = 32_000_000  # symbols of the training text, at most


def longest_run(sample: NDArray[np.integer], text: Text) -> int:
    """The most symbols in a row of the sample that also stand in a row in the text.

    Both are (N,) of the same vocabulary; of a longer text the first SEARCHED symbols are searched.
    """
    symbols = text[0:SEARCHED]
    size = symbols.dtype.itemsize
    whole, part = symbols.tobytes(), sample.astype(symbols.dtype).tobytes()
    longest = 0
    for start in range(len(sample)):
        while (end := start + longest + 1) <= len(sample) and _stands_in(
            part[start * size : end * size], whole, size
        ):
            longest += 1
    return longest


def _stands_in(part: bytes, whole: bytes, size: int) -> bool:
    """Whether bytes occur at a multiple of `size`."""
    at = whole.find(part)
    while at % size and at >= 0:
        at = whole.find(part, at + 1)
    return at >= 0
