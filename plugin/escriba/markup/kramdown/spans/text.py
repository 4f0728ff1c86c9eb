"""The text of a block, in which everything that is looked for is found once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container
from functools import cached_property

from escriba.markup.kramdown.tags import CLOSE, Tags
from escriba.markup.math.delimiters import Delimiters, Finder

# Where something may begin, or end. Each alternative takes one character, so that every such
# place is found; a character directly before a quote is one, as the quote depends on it.
_STOP = re.compile(
    r"""[*_`<\[\]&\\"'\ufdd0]|[^\\](?=["'])|!(?=\[)|\$(?=\$)|\{(?=:)|-(?=-)|\.(?=\.\.)|~(?=~)"""
    r"|>(?=>)| (?=>>| \n)",
    re.S,
)
_STOP_OR_DOLLAR = re.compile(rf"\$|{_STOP.pattern}", re.S)
_PAREN = re.compile(r"""[()]|\s(?=["'])""", re.A)
_TITLE_END = re.compile(r"""(["'])\s*+\)""", re.A)
_STRUCK_END = re.compile(r"[^\s~](?=~~)", re.A)
_EXTENSION_END = re.compile(r"\{:/(\w[\w-]*)?\}", re.A)


class Text:
    """A text and the places in it; every answer takes a time that does not grow with the text.

    `notes` are the names of the footnotes that it may refer to; `delimiters` are those of formulas
    that are read besides kramdown's own.
    """

    def __init__(
        self, source: str, notes: Container[str] = (), delimiters: Delimiters | None = None
    ):
        self.source = source
        self.notes = notes
        self.tags = Tags(source)
        self.finder = Finder(source, delimiters) if delimiters else None
        stop = _STOP_OR_DOLLAR if delimiters and delimiters.dollars else _STOP
        self.stops = [match.start() for match in stop.finditer(source)]
        self._places: dict[str, list[int]] = {}

    def after(self, needle: str, at: int) -> int:
        """Where `needle` stands first at or after a position; -1 if it does not."""
        places = self._places.get(needle)
        if places is None:
            places = self._places[needle] = _find_all(self.source, needle)
        return first(places, at)

    @cached_property
    def last_brace(self) -> int:
        return self.source.rfind("}")

    @cached_property
    def braces(self) -> list[int]:
        """Each `}` that no backslash stands before."""
        return [m.start() for m in re.finditer(r"(?<!\\)\}", self.source)]

    @cached_property
    def struck_ends(self) -> list[int]:
        """Each `~~` that may end what is struck."""
        return [match.end() for match in _STRUCK_END.finditer(self.source)]

    @cached_property
    def closings(self) -> dict[int, tuple[str, int]]:
        """Each end tag by its place: its name, and where it ends."""
        return {m.start(): (m[1], m.end()) for m in CLOSE.finditer(self.source)}

    @cached_property
    def closed(self) -> dict[str, int]:
        """The place of the last end tag of each name, in lower case."""
        return {name.lower(): at for at, (name, _) in self.closings.items()}

    @cached_property
    def extension_ends(self) -> dict[str, list[tuple[int, int]]]:
        """Each `{:/}` and `{:/name}`, by name."""
        found: dict[str, list[tuple[int, int]]] = {}
        for match in _EXTENSION_END.finditer(self.source):
            found.setdefault(match[1] or "", []).append(match.span())
        return found

    @cached_property
    def extension_stops(self) -> frozenset[int]:
        return frozenset(start for spans in self.extension_ends.values() for start, _ in spans)

    @cached_property
    def parens(self) -> dict[int, int]:
        """The `)` of each `(` that has one."""
        pairs: dict[int, int] = {}
        opened: list[int] = []
        for match in _PAREN.finditer(self.source):
            if match[0] == "(":
                opened.append(match.start())
            elif match[0] == ")" and opened:
                pairs[opened.pop()] = match.start()
        return pairs

    @cached_property
    def before_quotes(self) -> list[int]:
        """Each white space directly before a quote, where the title of a link may begin."""
        return [m.start() for m in _PAREN.finditer(self.source) if m[0] not in "()"]

    @cached_property
    def title_ends(self) -> dict[str, list[tuple[int, int]]]:
        """Each quote that may end the title of a link, and the end of the link."""
        found: dict[str, list[tuple[int, int]]] = {'"': [], "'": []}
        for match in _TITLE_END.finditer(self.source):
            found[match[1]].append(match.span())
        return found


def first(places: list[int], at: int) -> int:
    """The first of some places, in order, that is not before `at`; -1 if there is none."""
    number = bisect_left(places, at)
    return places[number] if number < len(places) else -1


def first_span(places: list[tuple[int, int]], at: int) -> tuple[int, int] | None:
    """The same of stretches, by their beginnings."""
    number = bisect_left(places, (at, 0))
    return places[number] if number < len(places) else None


def _find_all(source: str, needle: str) -> list[int]:
    found = []
    at = source.find(needle)
    while at >= 0:
        found.append(at)
        at = source.find(needle, at + 1)
    return found
