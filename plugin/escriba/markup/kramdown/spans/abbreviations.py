"""Abbreviations: their words in the text, each in an element that says what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

LONGEST = 100  # characters of an abbreviation; a longer one is none


class Abbreviations:
    """The abbreviations of a document. Where several begin at a place, the longest is meant."""

    def __init__(self, meanings: Mapping[str, str]):
        self.meanings = meanings
        self._lengths: dict[str, list[int]] = {}  # by first character, the longest first
        for word in meanings:
            if 0 < len(word) <= LONGEST:
                self._lengths.setdefault(word[0], []).append(len(word))
        for character, lengths in self._lengths.items():
            self._lengths[character] = sorted(set(lengths), reverse=True)
        firsts = "".join(re.escape(character) for character in self._lengths)
        self._begins = re.compile(rf"(?<!\w)[{firsts}]") if firsts else None

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where each abbreviation in a text begins and ends; none is part of a word."""
        at = 0
        for match in self._begins.finditer(text) if self._begins else ():
            start = match.start()
            if start < at:
                continue
            for length in self._lengths[match[0]]:
                end = start + length
                if text[start:end] in self.meanings and not _in_word(text, end):
                    yield start, end
                    at = end
                    break


def _in_word(text: str, at: int) -> bool:
    after = text[at : at + 1]
    return after.isalnum() or after == "_"
