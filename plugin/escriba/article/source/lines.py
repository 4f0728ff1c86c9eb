"""The lines of a text, and what those around a fence say about it: where the fence may end, and
whether its indentation makes it code.

Each answer is looked up, not searched for: a text may have as many fences that never end as lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from escriba.ground.ahead import Runs

TAB = 4

_QUOTE = re.compile(r"[ \t]*>")
_QUOTES = re.compile(r"(?:[ \t]*>)*")
_CLOSING = re.compile(r"(?:[ \t]*>)*(?P<white>[ \t]*)(?P<marks>`{3,}|~{3,})[ \t]*$")
# What may hold an indented fence: items of lists and of definition lists, footnotes, admonitions.
_CONTAINER = re.compile(
    r"(?:[-*+]|\d{1,9}[.)]|:|\[\^[^\]]+\]:|!!!|\?{3}\+?|={3}[!+]?|/{3})(?:[ \t]|$)"
)


@dataclass
class _Level:
    """What stands behind so many quote marks, as far as the lines were read.

    `widths` are the indentations of the lines that begin something, as far as none below is
    indented less, and thus rise; `holds` says which of those lines may hold an indented fence.
    """

    widths: list[int] = field(default_factory=list)
    holds: list[bool] = field(default_factory=list)
    last: int = -2  # the last line with text

    def add(self, number: int, width: int, container: bool) -> None:
        """A line with text, indented by so many columns."""
        if container or self.last != number - 1:  # a lazy line begins nothing
            above = bisect_left(self.widths, width)
            del self.widths[above:], self.holds[above:]
            self.widths.append(width)
            self.holds.append(container)
        self.last = number


class Lines:
    """Questions about lines must come in the order of the text."""

    def __init__(self, lines: Sequence[str]):
        self._lines = lines
        self._levels: list[_Level] = [_Level()]
        self._read = 0
        self._comment = -1  # the last line that was found to end a comment

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> str:
        return self._lines[number]

    def skip_comment(self, number: int) -> int:
        """The line after a comment; of one that never ends, only the line where it begins."""
        if self._comment < number:
            rest = range(number, len(self))
            self._comment = next((n for n in rest if "-->" in self[n]), len(self))
        return number + 1 if self._comment == len(self) else self._comment + 1

    def is_code(self, number: int, quotes: int, indent: int) -> bool:
        """Whether its indentation makes a line code: it does if no list item above holds it."""
        if indent < TAB:
            return False
        self._read_to(number)
        if quotes >= len(self._levels):
            return True
        level = self._levels[quotes]
        above = bisect_left(level.widths, indent) - 1
        while above >= 0 and not level.holds[above] and level.widths[above] >= TAB:
            above -= 1
        if above >= 0 and level.holds[above]:
            return indent >= level.widths[above] + 2 * TAB  # its content is indented by TAB at most
        return True

    def _read_to(self, end: int) -> None:
        for number in range(self._read, end):
            line, level, at = self[number], 0, 0
            while mark := _QUOTE.match(line, at):
                self._level(level).add(number, count_columns(mark[0][:-1]), False)
                level, at = level + 1, mark.end()
            text = line[at:].lstrip()
            if text:
                width = count_columns(line[at : len(line) - len(text)])
                self._level(level).add(number, width, _CONTAINER.match(text) is not None)
        self._read = max(self._read, end)

    def _level(self, quotes: int) -> _Level:
        if quotes == len(self._levels):
            self._levels.append(_Level())
        return self._levels[quotes]

    def find_closing(self, number: int, quotes: int, indent: int, marks: str) -> int | None:
        """The line that closes a fence which `number` begins, within the quotes that hold it."""
        runs = self._closings[quotes, marks[0]]
        indents: Iterable[int] = runs if len(runs) <= indent else range(indent + 1)
        found = [
            runs[needed].find(number, len(marks))
            for needed in indents
            if needed <= indent and needed in runs
        ]
        first = min((line for line in found if line is not None), default=None)
        return first if first is not None and first < self.end_quotes(number, quotes) else None

    def end_quotes(self, number: int, quotes: int) -> int:
        """The first line after `number`, which stands in so many quotes, that does not."""
        return self._ends[number] if quotes else len(self)

    @cached_property
    def _closings(self) -> Mapping[tuple[int, str], Mapping[int, Runs]]:
        """Lines that may close a fence, by the quotes that they stand in, their mark, and the
        indentation that the fence must have at least."""
        found: dict[tuple[int, str], dict[int, Runs]] = defaultdict(lambda: defaultdict(Runs))
        for number, line in enumerate(self._lines):
            if match := _CLOSING.match(line):
                marks, quotes = match["marks"], line.count(">")
                needed = _measure_needed(match["white"])
                found[quotes, marks[0]][needed].add(number, len(marks))
        return found

    @cached_property
    def _ends(self) -> Sequence[int]:
        """For each line, the next one with fewer quote marks."""
        quotes = [count_quotes(line) for line in self._lines]
        ends = [len(quotes)] * len(quotes)
        open_: list[int] = []
        for number, count in enumerate(quotes):
            while open_ and quotes[open_[-1]] > count:
                ends[open_.pop()] = number
            open_.append(number)
        return ends


def count_quotes(line: str) -> int:
    """How many quote marks a line begins with."""
    match = _QUOTES.match(line)
    assert match is not None
    return match[0].count(">")


def count_columns(white: str) -> int:
    return len(white.expandtabs(TAB))


def strip(line: str, quotes: int, indent: int) -> int | None:
    """How many characters of a line belong to the containers of a fence; None if they ended."""
    at = 0
    for _ in range(quotes):
        mark = _QUOTE.match(line, at)
        if mark is None:
            return None
        at = mark.end()
    column = 0
    while column < indent and at < len(line) and line[at] in " \t":
        column += 1 if line[at] == " " else TAB - column % TAB
        at += 1
    return at


def _measure_needed(white: str) -> int:
    """The least indentation of a fence for which this leaves a closing line no more than three
    characters of its own."""
    return count_columns(white[:-4]) + 1 if len(white) > 3 else 0
