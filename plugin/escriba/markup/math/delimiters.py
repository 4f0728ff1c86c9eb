"""What begins and ends a formula in a text, besides kramdown's `$$`.

    dollars        $x$
    brackets       \\(x\\) and \\[x\\]; with doubled backslashes too, as Markdown may want them
    environments   \\begin{align}…\\end{align}, and \\ref{…}, \\eqref{…} in prose
    kramdown       as MathJax finds them in what kramdown left: brackets have doubled backslashes,
                   and so have commands, since a single one is kramdown's

All of it takes time in proportion to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape

from escriba.markup.html.grammar import MARK
from escriba.tex import ENVIRONMENTS

LONGEST = 20_000  # characters of a formula as it is written; one that is translated has fewer

_OPENING = re.compile(r"\$\$?|\\\\[(\[]|\\[(\[]|\\begin\{|\\(?:eq)?ref\{")
_DOLLAR = re.compile(r"(?<!\\)\$")
_BRACE = re.compile(r"\\.|[{}]", re.S)
_BLANK = re.compile(r"\n[^\S\n]*\n")
_BEGIN = re.compile(r"\\begin\{([a-zA-Z]+\*?)\}")
_REFERENCE = re.compile(r"\\(?:eq)?ref\{[^{}\n]{1,200}\}")
_CLOSINGS = {
    r"\(": re.compile(r"(?<!\\)\\\)"),
    r"\[": re.compile(r"(?<!\\)\\\]"),
    r"\\(": re.compile(r"\\\\\)"),
    r"\\[": re.compile(r"\\\\\]"),
}
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
# Backslashes as kramdown leaves them, where there is doubt as their author means them: a line's
# end stays one, and a brace that is to be seen too.
_ESCAPED = re.compile(r"\\\\(\\\\|(?=[A-Za-z{}|,;:!#&%$_^'\"`~=.()<>+-]))|\\([_*])")


@dataclass(frozen=True)
class Delimiters:
    """Which formulas are read; `given` if the author said so."""

    dollars: bool = False
    brackets: bool = False
    environments: bool = False
    kramdown: bool = False
    given: bool = True

    def __bool__(self) -> bool:
        return self.dollars or self.brackets or self.environments


NONE = Delimiters()
UNKNOWN = Delimiters(given=False)
ALL = Delimiters(dollars=True, brackets=True, environments=True)


@dataclass(frozen=True)
class Found:
    """A formula in a text: where it begins and ends, its TeX, and whether it is a display one."""

    start: int
    end: int
    tex: str
    display: bool
    inside: int  # where it begins without its mark; an environment is all its own


class Finder:
    """The formulas of one text. With `html` it is what a browser gets, in which no backslash is
    Markdown's."""

    def __init__(self, text: str, delimiters: Delimiters, *, html: bool = False):
        self.text = text
        self.delimiters = delimiters
        self.doubled = delimiters.kramdown and not html
        self.html = html
        self._places: dict[str, list[int]] = {}

    def read(self, at: int) -> Found | None:
        """The formula that begins at a place, if one does."""
        opening = _OPENING.match(self.text, at)
        if not opening:
            return None
        mark = opening[0]
        if mark == "$":
            return self._read_dollar(at) if self.delimiters.dollars else None
        if mark in _CLOSINGS:
            return self._read_bracket(at, mark) if self.delimiters.brackets else None
        if mark[0] == "\\" and self.delimiters.environments:
            return self._read_environment(at)
        return None

    def all(self, start: int = 0, end: int | None = None) -> Iterator[Found]:
        """Every formula that begins between two places, from left to right; what `$$` encloses is
        passed over."""
        stop = len(self.text) if end is None else end
        return (found for found in self._search(start, stop) if isinstance(found, Found))

    def unclosed(self) -> Iterator[int]:
        """Where a mark stands that prose has not, doubled brackets or an environment's beginning,
        and begins nothing."""
        for at in self._search(0, len(self.text)):
            if isinstance(at, int):
                begin = _BEGIN.match(self.text, at) if self.delimiters.environments else None
                bracket = self.delimiters.brackets and self.text.startswith((r"\\(", r"\\["), at)
                if bracket or (begin and begin[1] in ENVIRONMENTS):
                    yield at

    def _search(self, at: int, stop: int) -> Iterator[Found | int]:
        """Each formula, and the place of each mark that begins none."""
        while opening := _OPENING.search(self.text, at, stop):
            at = opening.end()
            if opening[0] == "$$":
                close = self._after("$$", at)
                at = close + 2 if close >= 0 else at
            elif found := self.read(opening.start()):
                yield found
                at = found.end
            else:
                yield opening.start()

    # -- each kind

    def _read_dollar(self, at: int) -> Found | None:
        if at and self.text[at - 1] == "\\":
            return None
        if self.text[at + 1 : at + 2].isspace() and not self.doubled:
            return None
        depth = self._depth(at)
        places = self._dollars.get(depth, [])
        number = bisect_left(places, at + 2)
        if number == len(places):
            return None
        close = places[number]
        before, after = self.text[close - 1], self.text[close + 1 : close + 2]
        if not self.doubled and (before.isspace() or after.isdigit()):
            return None  # the next one begins another, or none
        if self._has("`", at, close) or self._dips(at, close) or not self._is_one(at, close):
            return None
        return Found(at, close + 1, self._unescape(self.text[at + 1 : close]), False, at + 1)

    def _read_bracket(self, at: int, mark: str) -> Found | None:
        doubled = len(mark) == 3
        if (not doubled and self.doubled) or (doubled and self.html):
            return None
        start = at + len(mark)
        close = self._after(mark, start)
        if close < 0 or not self._is_one(at, close):
            return None
        tex = self.text[start:close]
        tex = self._unescape(_unescape(tex) if doubled and not self.doubled else tex)
        if not tex.strip():
            return None
        return Found(at, close + len(mark), tex, mark[-1] == "[", start)

    def _read_environment(self, at: int) -> Found | None:
        if reference := _REFERENCE.match(self.text, at):
            return Found(at, reference.end(), reference[0], False, at)
        begin = _BEGIN.match(self.text, at)
        if not begin or begin[1] not in ENVIRONMENTS:
            return None
        closing = rf"\end{{{begin[1]}}}"
        close = self._after(closing, begin.end())
        if close < 0 or close - at > LONGEST or self._has(MARK, at, close):
            return None
        if self.html and self._has("<", at, close):
            return None
        end = close + len(closing)
        return Found(at, end, self._unescape(self.text[at:end]), True, at)

    def _unescape(self, tex: str) -> str:
        tex = _unescape(tex) if self.doubled else tex
        return tex if self.html else _ENTITY.sub(lambda match: unescape(match[0]), tex)

    # -- what is found once

    def _after(self, mark: str, at: int) -> int:
        """Where what closes a mark stands first from a place on; -1 if it does not."""
        places = self._places.get(mark)
        if places is None:
            pattern = _CLOSINGS.get(mark) or re.compile(re.escape(mark))
            places = self._places[mark] = [m.start() for m in pattern.finditer(self.text)]
        number = bisect_left(places, at)
        return places[number] if number < len(places) else -1

    def _is_one(self, start: int, end: int) -> bool:
        """Whether a formula may go so far: no empty line is in it, no code that Liquid highlighted,
        which is HTML put aside, and in HTML no tag."""
        if end - start > LONGEST or self._has(MARK, start, end):
            return False
        number = bisect_left(self._blanks, start)
        if number < len(self._blanks) and self._blanks[number] < end:
            return False
        return not self._has("<" if self.html else "</", start, end)

    def _has(self, mark: str, start: int, end: int) -> bool:
        return 0 <= self._after(mark, start) < end

    @cached_property
    def _blanks(self) -> list[int]:
        return [match.start() for match in _BLANK.finditer(self.text)]

    @cached_property
    def _braces(self) -> tuple[list[int], list[int]]:
        """The places of the braces, and how deep a text is from each one on."""
        places, depths, depth = [-1], [0], 0
        for match in _BRACE.finditer(self.text):
            if match[0] in "{}":
                depth += 1 if match[0] == "{" else -1
                places.append(match.start())
                depths.append(depth)
        return places, depths

    def _depth(self, at: int) -> int:
        places, depths = self._braces
        return depths[bisect_left(places, at) - 1]

    @cached_property
    def _lower(self) -> list[int]:
        """For each brace the next one that leads less deep than it."""
        _, depths = self._braces
        lower = [len(depths)] * len(depths)
        waiting: list[int] = []
        for number, depth in enumerate(depths):
            while waiting and depths[waiting[-1]] > depth:
                lower[waiting.pop()] = number
            waiting.append(number)
        return lower

    def _dips(self, start: int, end: int) -> bool:
        """Whether a brace closes between two places that was opened before them."""
        places, _ = self._braces
        number = self._lower[bisect_left(places, start) - 1]
        return number < len(places) and places[number] < end

    @cached_property
    def _dollars(self) -> dict[int, list[int]]:
        """The dollars that no backslash stands before, by how deep they are."""
        found: dict[int, list[int]] = {}
        for match in _DOLLAR.finditer(self.text):
            found.setdefault(self._depth(match.start()), []).append(match.start())
        return found


def _unescape(tex: str) -> str:
    """TeX as kramdown hands it on."""

    def single(match: re.Match[str]) -> str:
        return match[2] or ("\\\\" if match[1] else "\\")

    return _ESCAPED.sub(single, tex)
