"""Where each stretch of the text that Liquid made comes from: carried along, never searched for."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from io import StringIO

from escriba.ground.errors import Place


@dataclass(frozen=True)
class Source:
    """A text that Liquid reads: a post's body or an include. `start` is where its first line is."""

    text: str
    start: Place

    @cached_property
    def _ends(self) -> list[int]:
        return line_ends(self.text)

    def place(self, at: int) -> Place:
        """The place of a position of the text."""
        line = bisect_right(self._ends, at)
        column = at - (self._ends[line - 1] if line else 0) + 1
        return Place(self.start.path, self.start.line + line, column)


@dataclass(frozen=True)
class Origin:
    """What a stretch was made from: a position, or, if it was copied, as many from there on.

    What an include made has the place of its tag in the post as `outer`.
    """

    source: Source
    at: int
    copied: bool
    outer: Place | None = None


class Trace:
    """The origins of the stretches of a text, in the order in which they were written."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._origins: list[Origin] = []

    def note(self, start: int, origin: Origin) -> None:
        """Say that what is written from a position of the text on comes from `origin`."""
        if self._starts and self._starts[-1] == start:
            self._origins[-1] = origin
        elif origin.copied or not self._origins or self._origins[-1] is not origin:
            self._starts.append(start)
            self._origins.append(origin)

    def find(self, at: int, *, outer: bool = False) -> Place | None:
        """The place that a position of the text comes from, in an include or, with `outer`, in the
        post that it is part of; None for an empty text."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return None
        origin = self._origins[index]
        if outer and origin.outer is not None:
            return origin.outer
        return origin.source.place(origin.at + (at - self._starts[index] if origin.copied else 0))


class Paper(StringIO):
    """A text that is being written. Whoever writes first sets the `origin` of it."""

    def __init__(self, origin: Origin) -> None:
        super().__init__(newline="")
        self.origin = origin
        self.trace = Trace()
        self.size = 0

    def write(self, text: str) -> int:
        self.trace.note(self.size, self.origin)
        self.size += len(text)
        return super().write(text)


def line_ends(text: str) -> list[int]:
    """For each line but the last, the position after its line end."""
    ends = []
    at = text.find("\n")
    while at >= 0:
        ends.append(at + 1)
        at = text.find("\n", at + 1)
    return ends
