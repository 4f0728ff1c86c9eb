"""Finding `escriba` fences among the lines of a Markdown text, with their places.

A fence is three or more backticks or tildes, as in CommonMark: it may be indented, quoted or
inside a list item, and ends at a line of as many or more of the same. Fences of other languages
are skipped whole, so that a page can show how a block is written; so are HTML comments, so that
a block can be commented out, and indented code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.article.source.lines import Lines, count_columns, strip
from escriba.ground.errors import EscribaError, Place, SourceError
from escriba.ground.language import tr

NAME = "escriba"
MOST = 500  # blocks of a page


@dataclass(frozen=True)
class Fence:
    """A fence and what it holds.

    `first` and `end` delimit its lines, `lines[first:end]`, closing line included. `place` is
    where its marks begin, `start` where its body does. `prefix` is what stands before the marks:
    quote marks, indentation, a list item's bullet. `widths` are the numbers of characters that
    were removed from the beginning of each line of the body because of it.
    """

    language: str
    kind: str
    body: str
    marks: str
    prefix: str
    first: int
    end: int
    place: Place
    widths: tuple[int, ...]
    closed: bool

    @property
    def start(self) -> Place:
        return self.place.moved(1)

    @property
    def kind_place(self) -> Place:
        """Where the word after `escriba` is, or should be."""
        if not self.place.column:
            return self.place
        return Place(
            self.place.path, self.place.line, self.place.column + len(self.marks) + len(NAME) + 1
        )

    def relocate(self, error: EscribaError) -> EscribaError:
        """An error whose columns count within the body, with columns that count in the file."""
        return type(error)([replace(p, place=self.shift(p.place)) for p in error.problems])

    def shift(self, place: Place | None) -> Place | None:
        """A place whose column counts within the body, with that in the file."""
        if place is None or place.path != self.place.path or not place.column:
            return place
        index = place.line - self.start.line
        if not 0 <= index < len(self.widths):
            return place
        return Place(place.path, place.line, place.column + self.widths[index])

    def replacement(self, token: str) -> list[str]:
        """As many lines as the fence has, with a paragraph of one word in its stead."""
        quotes = self.prefix[: self.prefix.rfind(">") + 1]
        blanks = [quotes] * (self.end - self.first - 1)
        line = self.prefix + token
        if self.prefix.strip(" \t>") or not blanks:  # the text of a list item stays on its line
            return [line, *blanks]
        return [blanks[0], line, *blanks[1:]]


_OPENING = re.compile(
    r"(?P<prefix>[ \t]*(?:>[ \t]*)*(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]+)?)"
    r"(?P<marks>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>.*)$"
)
_INDENT = re.compile(r"(?P<prefix>[ \t]*(?:>[ \t]*)*(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]+)?)")
_COMMENT = re.compile(r" {0,3}<!--")


def find(lines: Sequence[str], start: Place) -> Iterator[Fence]:
    """The escriba fences of a text; `start` is the place of its first line."""
    for fence in scan(lines, start):
        if fence.language == NAME:
            yield fence


def refuse_many(fences: Sequence[Fence]) -> None:
    """Raise SourceError for more blocks than a page may have: each may draw a figure of a record of
    any length, or read a long sample."""
    own = [fence for fence in fences if fence.language == NAME]
    if len(own) > MOST:
        raise SourceError(
            tr("the page has {number} blocks, of at most {most}", number=len(own), most=MOST),
            own[MOST].place,
        )


def found_by(kind: str, body: Sequence[str], place: Place, below: Sequence[str]) -> Fence:
    """A fence that another parser has found at a place, and whose body it has taken out of the
    lines `below`."""
    gap = next((i for i, line in enumerate(below) if body and line.endswith(body[0])), 0)
    pairs = zip(below[gap:], body, strict=False)
    widths = (0,) * gap + tuple(max(0, line.find(own)) for line, own in pairs)
    text = "\n" * gap + "\n".join(body)
    return Fence(NAME, kind, text, "", "", 0, 0, place, widths, True)


def scan(lines: Sequence[str], start: Place) -> Iterator[Fence]:
    """The fences of a text in any language. One that is never closed counts only for escriba."""
    text = Lines(lines)
    index = 0
    while index < len(lines):
        if _COMMENT.match(lines[index]):
            index = text.skip_comment(index)
            continue
        opening = _OPENING.match(lines[index])
        fence = None
        if opening is not None and not _is_code(text, index, opening):
            fence = _read(text, index, opening, start)
        if fence is not None:
            yield fence
        index = fence.end if fence is not None else index + 1


def prose(lines: Sequence[str]) -> Iterator[int]:
    """The numbers of the lines that are neither in a fence, nor in a comment, nor indented code."""
    inside = {i for fence in scan(lines, Place(Path())) for i in range(fence.first, fence.end)}
    text = Lines(lines)
    index = 0
    code = False
    while index < len(lines):
        if index not in inside and _COMMENT.match(lines[index]):
            index = text.skip_comment(index)
            continue
        opening = _INDENT.match(lines[index])
        assert opening is not None
        fresh = code or not index or not lines[index - 1].strip(" \t>")
        code = fresh and _is_code(text, index, opening)
        if index not in inside and not code:
            yield index
        index += 1


def _is_code(text: Lines, index: int, opening: re.Match[str]) -> bool:
    quotes, indent = _measure(opening["prefix"].removesuffix(opening["item"] or ""))
    return text.is_code(index, quotes, indent)


def _read(text: Lines, first: int, opening: re.Match[str], start: Place) -> Fence | None:
    """The fence that a line opens; None if it is never closed and none of escriba's."""
    prefix, marks = opening["prefix"], opening["marks"]
    language, _, kind = opening["info"].strip().partition(" ")
    quotes, indent = _measure(prefix)
    closing = text.find_closing(first, quotes, indent, marks)
    if closing is None and language != NAME:
        return None
    end = text.end_quotes(first, quotes) if closing is None else closing
    body: list[str] = []
    widths: list[int] = []
    for index in range(first + 1, end):
        line = text[index]
        width = strip(line, quotes, indent)
        assert width is not None  # or else its quotes had ended
        if language == NAME and _opens_another(line[width:]):
            closing = None
            break
        body.append(line[width:])
        widths.append(width)
    if closing is None:
        # It probably ends where the text has its next blank line; what follows is still checked.
        blank = next((i for i, line in enumerate(body) if not line.strip()), len(body))
        del body[blank:], widths[blank:]
    return Fence(
        language,
        kind.strip(),
        "\n".join(body),
        marks,
        prefix,
        first,
        first + 1 + len(body) + (closing is not None),
        Place(start.path, start.line + first, len(prefix) + 1),
        tuple(widths),
        closing is not None,
    )


def _opens_another(line: str) -> bool:
    opening = _OPENING.match(line)
    return opening is not None and opening["info"].split()[:1] == [NAME]


def _measure(prefix: str) -> tuple[int, int]:
    """How many quote marks a prefix has, and how many columns after the last of them."""
    return prefix.count(">"), count_columns(prefix[prefix.rfind(">") + 1 :])
