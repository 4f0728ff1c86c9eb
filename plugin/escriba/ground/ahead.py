"""What comes next in a text, for those who read it from left to right and ask again and again.

Whoever looks from every place of a text for what ends there, as an expression with `.*?` does,
takes time with the square of its size where that end never comes. These remember what they found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_BLANK = re.compile(r"\n\s*\n")


class Ahead:
    """The next match of each of some patterns. All questions of a reading that only goes forward
    take the time of one search for each pattern; any other question is answered too."""

    def __init__(self, text: str):
        self._text = text
        self._known: dict[re.Pattern[str], tuple[int, re.Match[str] | None]] = {}

    def search(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        """What `pattern.search(text, at)` gives, for a pattern that does not match nothing."""
        if pattern in self._known:
            since, match = self._known[pattern]
            if since <= at and (match is None or at <= match.start()):
                return match
        match = pattern.search(self._text, at)
        self._known[pattern] = at, match
        return match


class Runs:
    """Runs of a mark at places that rise: the next one that is long enough.

    A search takes no more steps than the length that it asks for.
    """

    def __init__(self) -> None:
        self._places: list[int] = []
        self._lengths: list[int] = []
        self._longer: list[int] = []  # for each, the next that is longer; -1: none
        self._open: list[int] = []  # those without a longer one so far

    def add(self, place: int, length: int) -> None:
        number = len(self._places)
        while self._open and self._lengths[self._open[-1]] < length:
            self._longer[self._open.pop()] = number
        self._open.append(number)
        self._places.append(place)
        self._lengths.append(length)
        self._longer.append(-1)

    def find(self, place: int, length: int) -> int | None:
        """The first place after `place` with a run of at least `length`."""
        number = bisect_right(self._places, place)
        if number == len(self._places):
            return None
        while number >= 0 and self._lengths[number] < length:
            number = self._longer[number]
        return None if number < 0 else self._places[number]


def pair_ticks(text: str) -> dict[int, int]:
    """For each run of backticks that has one, the end of the next run of its length: code stands
    between the two."""
    last: dict[int, int] = {}
    pairs: dict[int, int] = {}
    for run in reversed(list(re.finditer("`+", text))):
        length = run.end() - run.start()
        if length in last:
            pairs[run.start()] = last[length]
        last[length] = run.end()
    return pairs


def find_code(text: str) -> Iterator[tuple[int, int]]:
    """Where the code spans of a text begin and end. A backslash keeps a run from beginning one,
    and none goes on behind a blank line."""
    start = 0
    for blank in (*_BLANK.finditer(text), None):
        paragraph = text[start : blank.start() if blank else len(text)]
        at = 0
        for opening, end in reversed(pair_ticks(paragraph).items()):
            if opening >= at and paragraph[opening - 1 : opening] != "\\":
                yield start + opening, start + end
                at = end
        start = blank.end() if blank else start
