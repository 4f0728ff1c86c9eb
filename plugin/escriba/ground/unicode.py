"""Unicode's composed form (NFC), in time proportional to the text.

Normalisation sorts the marks that stand on one letter, and Python does so by insertion: a run of
100,000 marks out of order takes half a minute. Long runs are therefore sorted here before.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

LONG = 64  # marks on one letter; no language has so many
LAST = 0x20000  # no character from here on stands on another


def normalize(text: str) -> str:
    """The text in NFC, exactly as `unicodedata.normalize` has it."""
    if text.isascii():
        return text
    if len(text) > LONG:
        text = _marks().sub(_sort, text)
    return unicodedata.normalize("NFC", text)


@cache
def _marks() -> re.Pattern[str]:
    """Long runs of characters that stand on others (of a combining class that is not 0)."""
    marks = [code for code in range(0x300, LAST) if unicodedata.combining(chr(code))]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    inside = "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
    return re.compile(f"[{inside}]{{{LONG},}}")


def _sort(run: re.Match[str]) -> str:
    """The marks of a run in canonical order: decomposed, then by class, equal ones as they stood
    (Unicode Standard, 3.11, D109)."""
    whole = "".join(unicodedata.normalize("NFD", mark) for mark in run[0])
    return "".join(sorted(whole, key=unicodedata.combining))


def fold(name: str) -> str:
    """What all names share that are one file on some system: one that has no upper case, no forms
    of Unicode, or no letters that cannot be seen."""
    if name.isascii():
        return name.lower()
    seen = "".join(c for c in name if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", seen).casefold())
