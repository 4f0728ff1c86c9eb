"""Where a text ends: at a paragraph's end, a sentence's, or after some literal text. (A document's
end is no text, but a mark, for which the writer looks.)

The end depends on the text alone, not on the pieces it comes in: a rule says nothing until
what it has seen settles it.
"""

from __future__ import annotations

import re

RULES = ("paragraph", "sentence")  # all else is literal text
# A blank line after a line that is not blank. It stays out of the text.
_PARAGRAPH = re.compile(r"[^\n](?=\n\n)")
# Marks that end a sentence, quotes and brackets that close after them, then white space.
_MARKS, _CLOSING = ".!?…", "\"'”’»›)]}"
_SENTENCE = re.compile(rf"(?<![{_MARKS}])[{_MARKS}]++[{re.escape(_CLOSING)}]*+(?=\s)")


class Ending:
    """Looks for the end of a text that comes in pieces, and reads each piece once."""

    def __init__(self, until: str | None):
        self._until = until if until != "document" else None
        self._length = 0
        self._before = ""  # what the rule must know of the text so far

    def read(self, piece: str) -> int | None:
        """The length of what is left of the text; None while that is open."""
        text = self._before + piece
        found = self._find(text)
        start = self._length - len(self._before)
        self._length += len(piece)
        self._before = self._keep(text)
        return None if found is None else start + found

    def _find(self, text: str) -> int | None:
        if self._until is None:
            return None
        if self._until in RULES:
            rule = _PARAGRAPH if self._until == "paragraph" else _SENTENCE
            match = rule.search(text)
            return match.end() if match else None
        found = text.find(self._until)
        return None if found < 0 else found + len(self._until)

    def _keep(self, text: str) -> str:
        if self._until is None:
            return ""
        if self._until == "paragraph":
            return text[-2:]
        if self._until == "sentence":  # it may have ended; one mark says as much as many
            return "." if text.rstrip(_CLOSING)[-1:] in tuple(_MARKS) else ""
        return text[1 - len(self._until) :] if len(self._until) > 1 else ""


def find_end(text: str, until: str | None) -> int | None:
    """The length of what `until` leaves of a text; None while that is open."""
    return Ending(until).read(text)


def count_settled(text: str, until: str | None) -> int:
    """How much of an unended text any continuation keeps: all, but a paragraph's last newline."""
    if until == "paragraph" and text.endswith("\n"):
        return len(text) - 1
    return len(text)
