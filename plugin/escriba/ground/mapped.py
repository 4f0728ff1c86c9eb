"""A text that knows where it comes from: positions are carried through every cut, never searched
for afterwards."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from escriba.ground.errors import Place

Locate = Callable[[int], Place]  # from a position of the document


class MappedText:
    """Some of a document's text, perhaps with parts left out: a quotation without its marks, an
    item without its indentation.

    It is made of stretches; `starts` says where each begins in `text`, from 0 on, and `sources`
    where that is in the document. Never changed.
    """

    __slots__ = ("sources", "starts", "text")

    def __init__(
        self, text: str, starts: list[int] | None = None, sources: list[int] | None = None
    ):
        self.text = text
        self.starts = starts or [0]
        self.sources = sources or [0]

    def __len__(self) -> int:
        return len(self.text)

    def locate(self, at: int) -> int:
        """Where a position of the text is in the document."""
        number = bisect_right(self.starts, at) - 1
        return self.sources[number] + at - self.starts[number]

    def cut(self, start: int, end: int | None = None) -> MappedText:
        """What stands between two positions."""
        text = self.text[start:end]
        first = bisect_right(self.starts, start) - 1
        source = self.sources[first] + start - self.starts[first]
        if first + 1 == len(self.starts):
            return MappedText(text, None, [source])
        last = bisect_left(self.starts, start + len(text), first + 1)
        starts = [0, *(each - start for each in self.starts[first + 1 : last])]
        return MappedText(text, starts, [source, *self.sources[first + 1 : last]])

    def strip(self) -> MappedText:
        """The text without white space around it."""
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, max(start, len(self.text.rstrip())))

    def rstrip(self) -> MappedText:
        """The text without white space behind it."""
        return self.cut(0, len(self.text.rstrip()))

    def put(self, count: int, text: str) -> MappedText:
        """The text with another in the place of its first characters."""
        return join([MappedText(text, None, [self.locate(0)]), self.cut(count)])

    def without(self, pattern: re.Pattern[str]) -> MappedText:
        """The text without what matches."""
        pieces = []
        at = 0
        for match in pattern.finditer(self.text):
            if match.end() > match.start():
                pieces.append(self.cut(at, match.start()))
                at = match.end()
        return join([*pieces, self.cut(at)]) if pieces else self


def join(pieces: Iterable[MappedText]) -> MappedText:
    """One text after the other."""
    texts: list[str] = []
    starts: list[int] = []
    sources: list[int] = []
    size = 0
    for piece in pieces:
        if piece.text:
            texts.append(piece.text)
            starts += [size + start for start in piece.starts]
            sources += piece.sources
            size += len(piece.text)
    return MappedText("".join(texts), starts, sources)
