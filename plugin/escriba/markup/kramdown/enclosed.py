"""What an element of HTML encloses that is left alone: where it ends, and what in it is Markdown.

kramdown reads such HTML tag by tag: an end tag ends the element that was opened last, any other is
text, and so is what looks like a tag and is none. An element that is never closed would take all
that follows with it; here it ends at the end tag that is its own, as it does in a browser.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from escriba.ground.ahead import Ahead
from escriba.ground.mapped import MappedText, join
from escriba.markup.kramdown.grammar import ATTRIBUTE, HOLDS_BLOCKS, HOLDS_TEXT
from escriba.markup.kramdown.tags import CLOSE, KNOWN, Tag, Tags

Holds = Literal["", "block", "text"]  # HTML, Markdown, or the Markdown of one paragraph

_MARK = re.compile(r"<(?:!--|[!?/]|[^\W\d])")
_NOTES = {"<!--": re.compile("-->"), "<?": re.compile(r"\?>")}
_LITERAL = {name: re.compile(rf"</{name}\s*>", re.I) for name in ("script", "style")}


def holds(name: str, asked: str | None) -> Holds:
    """What an element holds by its name and its attribute `markdown`."""
    if asked == "1":
        return "block" if name in HOLDS_BLOCKS else "text" if name in HOLDS_TEXT else ""
    if name not in KNOWN:
        return ""
    return "block" if asked == "block" else "text" if asked == "span" else ""


def hide(tag: MappedText) -> MappedText:
    """A start tag without the attribute that asks for Markdown."""
    name = re.search(r"[\s/>]", tag.text)
    assert name is not None
    for match in ATTRIBUTE.finditer(tag.text, name.start()):
        if match[1].lower() == "markdown":
            return join([tag.cut(0, match.start()), tag.cut(match.end())])
    return tag


@dataclass(frozen=True)
class Nested:
    """An element within HTML that holds Markdown."""

    name: str
    attributes: dict[str, str]
    text: MappedText
    holds: Holds


@dataclass(frozen=True)
class Enclosed:
    """What an element encloses: HTML, and the elements in it that hold Markdown. Its end tag begins
    at `end`; what follows it, at `after`."""

    parts: list[MappedText | Nested]
    end: int
    after: int


Edit = tuple[int, int, MappedText | Nested]  # what takes the place of a stretch


class Enclosures:
    """The elements of one text. Each tag is read once, whatever is asked; what was found to end, or
    not to, is remembered, so that all questions together take time in proportion to the text."""

    def __init__(self, text: MappedText, ahead: Ahead):
        self.mapped = text
        self.text = text.text
        self.ahead = ahead
        self.tags = Tags(text.text)
        self._open: set[int] = set()  # where the elements begin that are not closed in order
        self._ends: dict[tuple[str, int], tuple[int, int] | None] = {}

    def read(self, at: int, name: str) -> Enclosed:
        """What an element of HTML encloses whose start tag ends at a place."""
        if name in _LITERAL:
            begin, after = self.find_end(at, name, "text")
            return Enclosed([self.mapped.cut(at, begin)], begin, after)
        edits: list[Edit] = []
        end = self._read_in_order(at, name, edits)
        if end is None:
            edits.clear()
            end = self.find_end(at, name, "block")
            self._read_loosely(at, end[0], edits)
        return Enclosed(list(self._apply(edits, at, end[0])), *end)

    def find_end(self, at: int, name: str, held: Holds) -> tuple[int, int]:
        """Where the end tag begins and ends of an element whose start tag ends at a place; the end
        of the text if it has none. Elements of its name within it are counted, if they may be."""
        found = self._find_first(at, name) if held == "text" else self._find_own(at, name)
        return found or (len(self.text), len(self.text))

    def _read_in_order(self, at: int, name: str, edits: list[Edit]) -> tuple[int, int] | None:
        """The end of an element in which, as in all in it, every end tag is that of what was opened
        last; None if one is never closed."""
        around = [(name, at)]
        while around[-1][1] not in self._open and (mark := _MARK.search(self.text, at)):
            start = mark.start()
            if mark[0] == "</":
                close = CLOSE.match(self.text, start)
                if close and self._is_named(close, around[-1][0]):
                    at = close.end()
                    around.pop()
                    if not around:
                        return start, at
                else:
                    edits.append((start, start + 1, self._escape(start)))
                    at = start + 1
                continue
            step = self._step(mark, len(self.text), edits)
            if step is None:
                break
            at, opened = step
            if opened:
                around.append((opened.name, at))
        self._open.update(begin for _, begin in around)
        return None

    def _read_loosely(self, at: int, end: int, edits: list[Edit]) -> None:
        """The same between two places, with end tags that mean nothing."""
        while (mark := _MARK.search(self.text, at, end)) and at < end:
            step = (mark.end(), None) if mark[0] == "</" else self._step(mark, end, edits)
            at = step[0] if step else mark.end()

    def _step(
        self, mark: re.Match[str], end: int, edits: list[Edit]
    ) -> tuple[int, Tag | None] | None:
        """Behind what a mark begins, and the tag if that opens an element; None if it begins one
        that has no end before `end`."""
        start = mark.start()
        if note := _NOTES.get(mark[0]):
            closing = self.ahead.search(note, mark.end())
            if closing and closing.end() <= end:
                return closing.end(), None
        tag = self.tags.at(start)
        if tag is None or tag.end > end:
            edits.append((start, start + 1, self._escape(start)))
            return start + 1, None
        asked = tag.attributes.get("markdown")
        held: Holds = "" if tag.whole else holds(tag.name, asked)
        if held:
            inside, after = self.find_end(tag.end, tag.name, held)
            if inside >= end:
                return None
            attributes = {key: v for key, v in tag.attributes.items() if key != "markdown"}
            nested = Nested(tag.name, attributes, self.mapped.cut(tag.end, inside), held)
            edits.append((start, after, nested))
            return after, None
        if asked is not None:
            edits.append((start, tag.end, hide(self.mapped.cut(start, tag.end))))
        if tag.name in _LITERAL and not tag.whole:
            closing = self.ahead.search(_LITERAL[tag.name], tag.end)
            return (closing.end(), None) if closing and closing.end() <= end else None
        return tag.end, None if tag.whole else tag

    def _escape(self, at: int) -> MappedText:
        """A bracket that begins no tag, as HTML."""
        return MappedText("&lt;", None, [self.mapped.locate(at)])

    def _apply(self, edits: Iterable[Edit], at: int, end: int) -> Iterator[MappedText | Nested]:
        """The text between two places with its edits; no two texts follow each other."""
        pieces: list[MappedText] = []
        for start, after, new in edits:
            pieces.append(self.mapped.cut(at, start))
            at = after
            if isinstance(new, MappedText):
                pieces.append(new)
            else:
                yield join(pieces)
                yield new
                pieces = []
        yield join([*pieces, self.mapped.cut(at, end)])

    @cached_property
    def _closings(self) -> dict[str, list[tuple[int, int]]]:
        """Each end tag, by its name in lower case."""
        found: dict[str, list[tuple[int, int]]] = {}
        for match in CLOSE.finditer(self.text):
            found.setdefault(match[1].lower(), []).append(match.span())
        return found

    def _find_first(self, at: int, name: str) -> tuple[int, int] | None:
        closings = self._closings.get(name.lower(), [])
        number = bisect_left(closings, (at, at))
        return closings[number] if number < len(closings) else None

    def _find_own(self, at: int, name: str) -> tuple[int, int] | None:
        """The end tag of an element, elements of its name within it passed over."""
        if not self._find_first(at, name):
            return None
        if name in _LITERAL:
            return self._find_first(at, name)
        if (name, at) not in self._ends:
            self._pair(at, name)
        return self._ends[name, at]

    def _pair(self, at: int, name: str) -> None:
        """Find the ends of an element and of those of its name within it."""
        opened = [at]
        while opened and (mark := _MARK.search(self.text, at)):
            at = mark.end()
            close = CLOSE.match(self.text, mark.start()) if mark[0] == "</" else None
            if note := _NOTES.get(mark[0]):
                closing = self.ahead.search(note, at)
                at = closing.end() if closing else at
            elif close and self._is_named(close, name):
                self._ends[name, opened.pop()] = close.span()
                at = close.end()
            elif (tag := self.tags.at(mark.start())) and mark[0] != "</":
                at = tag.end
                if tag.name == name and not tag.whole:
                    opened.append(at)
        self._ends.update(dict.fromkeys(((name, begin) for begin in opened), None))

    def _is_named(self, close: re.Match[str], name: str) -> bool:
        return (close[1].lower() if name in KNOWN else close[1]) == name
