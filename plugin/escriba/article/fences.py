"""Finding `escriba` fences among the lines of a Markdown text, with their places.

A fence is three or more backticks or tildes, as in CommonMark: it may be indented, quoted or
inside a list item, and ends at a line of as many or more of the same. Fences of other languages
are skipped whole, so that a page can show how a block is written; so are HTML comments, so that
a block can be commented out, and indented code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from escriba.errors import EscribaError, Place, Problem

NAME = "escriba"
TAB = 4


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
        return type(error)([Problem(p.message, self._shift(p.place)) for p in error.problems])

    def _shift(self, place: Place | None) -> Place | None:
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
# What may hold an indented fence: items of lists and of definition lists, footnotes, admonitions.
_CONTAINER = re.compile(
    r"(?:[-*+]|\d{1,9}[.)]|:|\[\^[^\]]+\]:|!!!|\?{3}\+?|={3}[!+]?|/{3})(?:[ \t]|$)"
)
_COMMENT = re.compile(r" {0,3}<!--")


def find(lines: Sequence[str], start: Place) -> Iterator[Fence]:
    """The escriba fences of a text; `start` is the place of its first line."""
    for fence in scan(lines, start):
        if fence.language == NAME:
            yield fence


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
    index = 0
    while index < len(lines):
        if _COMMENT.match(lines[index]):
            index = _skip_comment(lines, index)
            continue
        opening = _OPENING.match(lines[index])
        if opening is None or _is_code(lines, index, opening):
            index += 1
            continue
        fence = _read(lines, index, opening, start)
        if fence.closed or fence.language == NAME:
            yield fence
            index = fence.end
        else:
            index += 1


def prose(lines: Sequence[str]) -> Iterator[int]:
    """The numbers of the lines that are neither in a fence, nor in a comment, nor indented code."""
    inside = {i for fence in scan(lines, Place(Path())) for i in range(fence.first, fence.end)}
    index = 0
    code = False
    while index < len(lines):
        if index not in inside and _COMMENT.match(lines[index]):
            index = _skip_comment(lines, index)
            continue
        opening = _INDENT.match(lines[index])
        assert opening is not None
        fresh = code or not index or not lines[index - 1].strip(" \t>")
        code = fresh and _is_code(lines, index, opening)
        if index not in inside and not code:
            yield index
        index += 1


def _read(lines: Sequence[str], first: int, opening: re.Match[str], start: Place) -> Fence:
    prefix, marks = opening["prefix"], opening["marks"]
    language, _, kind = opening["info"].strip().partition(" ")
    quotes, indent = _measure(prefix)
    closing = re.compile(rf"[ \t]{{0,3}}{marks[0]}{{{len(marks)},}}[ \t]*$")
    body: list[str] = []
    widths: list[int] = []
    closed = False
    end = first + 1
    for line in lines[first + 1 :]:
        width = _strip(line, quotes, indent)
        if width is None or (language == NAME and _opens_another(line[width:])):
            break
        end += 1
        if closing.match(line, width):
            closed = True
            break
        body.append(line[width:])
        widths.append(width)
    if not closed and language == NAME:
        # It probably ends where the text has its next blank line; what follows is still checked.
        blank = next((i for i, line in enumerate(body) if not line.strip()), len(body))
        del body[blank:], widths[blank:]
        end = first + 1 + blank
    return Fence(
        language,
        kind.strip(),
        "\n".join(body),
        marks,
        prefix,
        first,
        end,
        Place(start.path, start.line + first, len(prefix) + 1),
        tuple(widths),
        closed,
    )


def _opens_another(line: str) -> bool:
    opening = _OPENING.match(line)
    return opening is not None and opening["info"].split()[:1] == [NAME]


def _measure(prefix: str) -> tuple[int, int]:
    """How many quote marks a prefix has, and how many columns after the last of them."""
    return prefix.count(">"), len(prefix[prefix.rfind(">") + 1 :].expandtabs(TAB))


def _strip(line: str, quotes: int, indent: int) -> int | None:
    """How many characters of a line belong to the containers of a fence; None if they ended."""
    at = 0
    for _ in range(quotes):
        mark = re.compile(r"[ \t]*>").match(line, at)
        if mark is None:
            return None
        at = mark.end()
    column = 0
    while column < indent and at < len(line) and line[at] in " \t":
        column += 1 if line[at] == " " else TAB - column % TAB
        at += 1
    return at


def _is_code(lines: Sequence[str], index: int, opening: re.Match[str]) -> bool:
    """Whether the indentation of a fence makes it code: it does if no list item above holds it."""
    prefix = opening["prefix"]
    if opening["item"]:
        prefix = prefix[: -len(opening["item"])]
    quotes, indent = _measure(prefix)
    own = indent
    for above in range(index - 1, -1, -1):
        if indent < TAB:
            return False
        rest = _unquoted(lines[above], quotes)
        if not rest.strip():
            continue
        width = _measure(rest[: len(rest) - len(rest.lstrip())])[1]
        if width >= indent:
            continue
        if _CONTAINER.match(rest.lstrip()):
            return own >= width + 2 * TAB  # its content is indented by no more than TAB
        if above and _unquoted(lines[above - 1], quotes).strip():
            continue  # a lazy line: the first line of its paragraph decides
        if width < TAB:
            return True
        indent = width
    return indent >= TAB


def _unquoted(line: str, quotes: int) -> str:
    at = _strip(line, quotes, 0)
    return "" if at is None else line[at:]


def _skip_comment(lines: Sequence[str], index: int) -> int:
    """The line after a comment; of one that never ends, only the line where it begins."""
    for end in range(index, len(lines)):
        if "-->" in lines[end]:
            return end + 1
    return index + 1
