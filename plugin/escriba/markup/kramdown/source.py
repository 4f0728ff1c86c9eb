"""The text being read, and the element being filled with it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from escriba.ground.ahead import Ahead, Runs
from escriba.ground.mapped import MappedText, join
from escriba.markup.html.tree import Node
from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.grammar import OPT
from escriba.markup.math.delimiters import Delimiters, Finder

if TYPE_CHECKING:
    from escriba.markup.kramdown.enclosed import Enclosures

_FENCE = re.compile(rf"^{OPT}(?P<marks>`{{3,}}|~{{3,}})[^\S\n]*\n", re.M)
_EXTENSION = re.compile(rf"^{OPT}\{{:/(?P<name>\w*)\}}[^\S\n]*\n", re.M)


class Source:
    """A text and a position in it, always at the beginning of a line between two blocks."""

    def __init__(self, text: MappedText):
        ended = text.text.endswith("\n") or not text.text
        self.mapped = text if ended else MappedText(f"{text.text}\n", text.starts, text.sources)
        self.text = self.mapped.text
        self.at = 0
        self.ahead = Ahead(self.text)
        self._finder: Finder | None = None
        self.tables = 0  # no table begins before this position

    def finder(self, delimiters: Delimiters) -> Finder:
        """The formulas of the text."""
        if self._finder is None:
            self._finder = Finder(self.text, delimiters)
        return self._finder

    @property
    def place(self) -> int:
        """Where the position is in the document."""
        return self.mapped.locate(self.at)

    def cut(self, start: int, end: int) -> MappedText:
        """What stands between two positions."""
        return self.mapped.cut(start, end)

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def check(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """A match at the position, which stays."""
        return pattern.match(self.text, self.at)

    def scan(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """A match at the position, which moves behind it."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def line(self) -> MappedText:
        """The line at the position, which moves to the next one."""
        before = self.at
        self.skip_line()
        return self.cut(before, self.at)

    def lines_to(self, end: re.Pattern[str]) -> MappedText:
        """The line at the position, and all up to one that matches; the position moves there."""
        before = self.at
        self.skip_line()
        while not self.check(end):
            self.skip_line()
        return self.cut(before, self.at)

    def skip_line(self) -> None:
        self.at = self.text.find("\n", self.at) + 1 or len(self.text)

    def find_fence(self, at: int, marks: str) -> int | None:
        """Where the line begins that closes a fence whose first line ends at `at`."""
        return self._fences[marks[0]].find(at - 1, len(marks))

    def find_extension(self, at: int, name: str) -> tuple[int, int] | None:
        """Where the line begins and ends that closes an extension of this name."""
        found: list[tuple[int, int]] = []
        for lines in (self._extensions.get("", ()), self._extensions.get(name, ())):
            number = bisect_left(lines, (at, at))
            found += lines[number : number + 1]
        return min(found, default=None)

    @cached_property
    def enclosures(self) -> Enclosures:
        """The elements of HTML in the text."""
        from escriba.markup.kramdown.enclosed import Enclosures

        return Enclosures(self.mapped, self.ahead)

    @cached_property
    def _fences(self) -> Mapping[str, Runs]:
        found: dict[str, Runs] = {"`": Runs(), "~": Runs()}
        for line in _FENCE.finditer(self.text):
            found[line["marks"][0]].add(line.start(), len(line["marks"]))
        return found

    @cached_property
    def _extensions(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for line in _EXTENSION.finditer(self.text):
            found[line["name"]].append(line.span())
        return found


class AttributeLists:
    """Which attribute list belongs to which element of a document, in the order of the text."""

    def __init__(self) -> None:
        self._owners: list[Node] = []
        self._lists: list[Attributes] = []
        self._last: dict[Node, int] = {}  # where the last list of an element is

    def __iter__(self) -> Iterator[tuple[Node, Attributes]]:
        return zip(self._owners, self._lists, strict=True)

    def add(self, element: Node, attributes: Attributes) -> None:
        self._last[element] = len(self._owners)
        self._owners.append(element)
        self._lists.append(attributes)

    def of(self, element: Node) -> Attributes:
        """The last list of an element, made if it has none yet."""
        if element not in self._last:
            self.add(element, Attributes())
        return self._lists[self._last[element]]

    def hand_over(self, old: Node, new: Node) -> None:
        """Give the list of an element, which has one at most, to another."""
        number = self._last.pop(old, None)
        if number is not None:
            self._owners[number] = new
            self._last[new] = max(number, self._last.get(new, number))


@dataclass
class Frame:
    """An element being filled, with what kramdown remembers of its children.

    `kinds` has one entry per block in order: a tag, `blank` for blank lines, and what leaves no
    element: `eob` (a line with `^`), `attributes` (of the block before), `definition` (of a link,
    a footnote, an abbreviation).
    `ial` are the attributes of the block that comes next.
    """

    element: Node
    attributes: AttributeLists  # of the whole document, applied at its end
    kinds: list[tuple[str, Node | None]] = field(default_factory=list)
    ial: Attributes | None = None
    _text: list[MappedText] = field(default_factory=list)  # of the last block, a paragraph

    @property
    def last(self) -> str:
        return self.kinds[-1][0] if self.kinds else ""

    @property
    def after_boundary(self) -> bool:
        return self.last in ("", "blank", "eob") or self.ial is not None

    def add(self, element: Node, kind: str = "") -> Node:
        """Append a block; it takes the attributes waiting for it."""
        self.element.append(element)
        self.note(kind or element.tag, element)
        return element

    def note(self, kind: str, element: Node | None = None) -> None:
        """Remember a block, be it one without an element."""
        self.close()
        self.kinds.append((kind, element))
        if self.ial is not None:
            if element is not None:
                self.attributes.add(element, self.ial)
            self.ial = None

    def add_text(self, text: MappedText, joiner: str) -> None:
        """A paragraph; if one is the last block, it goes on after the joiner."""
        kind, paragraph = self.kinds[-1] if self.kinds else ("", None)
        if kind != "p" or paragraph is None:
            self.add(Node("p", at=text.strip().locate(0)))
            self._text = [text.strip()]
        else:
            before = [paragraph.source] if paragraph.source else []
            self._text = self._text or before
            self._text += (MappedText(joiner, None, [text.locate(0)]), text.rstrip())

    def close(self) -> None:
        """Write the text of the last paragraph, which nothing follows any more."""
        if self._text:
            paragraph = self.kinds[-1][1]
            assert paragraph is not None
            paragraph.source = join(self._text)
            self._text = []
