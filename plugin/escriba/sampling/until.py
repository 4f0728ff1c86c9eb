"""Where a text ends: at a paragraph's end, a sentence's, or after some literal text.

The end depends on the text alone, not on the pieces it comes in: a rule says nothing until
what it has seen settles it.
"""

from __future__ import annotations

import re

# A blank line after a line that is not blank. It stays out of the text.
_PARAGRAPH = re.compile(r"(?<=[^\n])(?=\n\n)")
# Marks that end a sentence, quotes and brackets that close after them, then white space.
_SENTENCE = re.compile(r"[.!?…]+[\"'”’»›)\]}]*(?=\s)")


def find_end(text: str, until: str | None) -> int | None:
    """The length of what `until` leaves of a text; None while that is open."""
    if until is None:
        return None
    if until in ("paragraph", "sentence"):
        match = (_PARAGRAPH if until == "paragraph" else _SENTENCE).search(text)
        return match.end() if match else None
    found = text.find(until)
    return None if found < 0 else found + len(until)


def count_settled(text: str, until: str | None) -> int:
    """How much of an unended text any continuation keeps: all, but a paragraph's last newline."""
    if until == "paragraph" and text.endswith("\n"):
        return len(text) - 1
    return len(text)
