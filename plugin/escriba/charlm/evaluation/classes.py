"""What kind of character each symbol of a text is: the rows of an evaluation's breakdown.

By general category (Unicode, chapter 4.5): lowercase Ll; uppercase Lu and Lt; letters the other
L, and marks (M); digits N; line ends LF and the like, Zl, Zp; spaces tab and Zs; punctuation P;
symbols S; other C. A word is a run of L and M; an apostrophe inside does not end it (as in
UAX #29).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.encoded import Text
from escriba.corpora.encoder import to_units
from escriba.records.evaluation import CLASSES, POSITIONS
from escriba.records.vocabulary import Vocabulary

CODES = len(CLASSES) * (len(POSITIONS) + 1)
_APOSTROPHES = (0x27, 0x2019)
_LINE_ENDS = (0x0A, 0x0B, 0x0C, 0x0D, 0x85)


@dataclass(frozen=True)
class Classified:
    """What every symbol of a text (N,) is; a byte is what the character is that it is part of.

    codes (N,) uint8: the number of its class + len(CLASSES) · (0 in no word, 1 first, 2 inner).
    begins (N,) bool: it is a whole character, or the first byte of one.
    """

    codes: NDArray[np.uint8]
    begins: NDArray[np.bool_]


def classify(text: Text, vocabulary: Vocabulary, *, block: int = 1 << 20) -> Classified:
    """The class of every symbol of a text (N,), which begins a word. 2 bytes of memory each."""
    codes = np.empty(len(text), np.uint8)
    begins = np.ones(len(text), bool)
    before = np.zeros(2, np.uint32)  # the two characters before a block
    for start, units in _read_blocks(text, vocabulary, block):
        here = slice(start, start + len(units))
        points = units
        if vocabulary.unit == "bytes":
            begins[here] = (units & 0xC0) != 0x80
            marked = units.astype(np.uint8).tobytes().replace(b"\xff", b"\0")  # of a class, too
            points = to_units(marked.decode(), "characters")
        whole = np.concatenate([before, points])
        found = _codes(whole)[2:]
        if vocabulary.unit == "bytes":
            found = np.repeat(found, np.diff(np.flatnonzero(begins[here]), append=len(units)))
        codes[here], before = found, whole[-2:]
    return Classified(codes, begins)


def _read_blocks(
    text: Text, vocabulary: Vocabulary, block: int
) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Where each block begins, and its code points or bytes; no character of bytes is cut."""
    known = to_units(vocabulary.symbols, "characters").astype(np.uint32)
    start = 0
    while start < len(text):
        units = known[np.asarray(text[start : start + block + 3])]
        size = min(block, len(units))
        while vocabulary.unit == "bytes" and size < len(units) and (units[size] & 0xC0) == 0x80:
            size += 1
        yield start, units[:size]
        start += size


def _codes(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The code of each code point (M,); of the first two without what stands before them."""
    kinds, places = np.unique(points, return_inverse=True)
    classes = np.array([_class(point) for point in kinds.tolist()], np.uint8)[places]
    letter = np.array([unicodedata.category(chr(p))[0] in "LM" for p in kinds.tolist()])[places]
    goes_on = letter.copy()
    goes_on[1:] |= np.isin(points[1:], _APOSTROPHES) & letter[:-1]
    inner = np.zeros(len(points), bool)
    inner[1:] = letter[1:] & goes_on[:-1]
    return (classes + len(CLASSES) * (letter.astype(np.uint8) + inner)).astype(np.uint8)


def _class(point: int) -> int:
    category = unicodedata.category(chr(point))
    if point in _LINE_ENDS or category in ("Zl", "Zp"):
        name = "line-ends"
    elif point == 0x09 or category == "Zs":
        name = "spaces"
    elif category in ("Ll", "Lu", "Lt"):
        name = "lowercase" if category == "Ll" else "uppercase"
    else:
        major = {"L": "letters", "M": "letters", "N": "digits", "P": "punctuation", "S": "symbols"}
        name = major.get(category[0], "other")
    return CLASSES.index(name)
