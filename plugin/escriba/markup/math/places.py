"""Where the formulas of a post stand in its text, and what in that hides some.

Formulas come out of Markdown without their places; they are found again by their TeX, in order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from escriba.article.source.fences import prose
from escriba.article.source.hidden import blank
from escriba.ground.ahead import Ahead, find_code
from escriba.ground.errors import Place
from escriba.markup.html.text import unescape
from escriba.markup.math.delimiters import NONE, Delimiters, Finder

# Within these no formula is looked for; a comment ends at its own mark.
LITERAL = re.compile(r"<!--|<(?P<name>script|style|pre|code|textarea|math)\b", re.I)
_COMMENT_END = re.compile("-->")
_ENDS = {
    name: re.compile(rf"</{name}\s*>", re.I)
    for name in ("script", "style", "pre", "code", "textarea", "math")
}
_DOLLARS = re.compile(r"\$\$")
_MARK = re.compile(r"\$|\\{1,2}[(\[]")
# What a post's author hides from Markdown.
_HIDDEN = re.compile(
    rf"{LITERAL.pattern}|\{{::(?:comment|nomarkdown)\b|\{{%-?\s*comment\s*-?%\}}", re.I
)
_EXTENSION_END = re.compile(r"\{:/(?:comment|nomarkdown)?\}")
_LIQUID_END = re.compile(r"\{%-?\s*endcomment\s*-?%\}")
_QUOTES = re.compile(r"^[ \t]*(?:>[ \t]*)+", re.M)


@dataclass(frozen=True)
class Bad:
    """A formula that cannot be translated: the `number`-th of a post with the same TeX."""

    tex: str
    number: int
    message: str
    offset: int


def find_end(ahead: Ahead, opening: re.Match[str]) -> re.Match[str] | None:
    """The end of a stretch without formulas, if this mark begins one and it ends."""
    if opening["name"]:
        return ahead.search(_ENDS[opening["name"].lower()], opening.end())
    kinds = {"<!--": _COMMENT_END, "{::": _EXTENSION_END, "{%": _LIQUID_END}
    ends = [end for mark, end in kinds.items() if opening[0].startswith(mark)]
    return ahead.search(ends[0], opening.end()) if ends else None


class Text:
    """A post's text, and where in it each formula stands.

    Quote marks and indentation may stand at the beginning of a formula's lines, and HTML may have
    written its characters as entities. `other` is asked for what is not here.
    """

    def __init__(self, text: str, delimiters: Delimiters = NONE, other: Text | None = None):
        self._text = text
        self._other = other
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._marks = [match.start() for match in _DOLLARS.finditer(self._text)]
        self._places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for start, end in pairwise(self._marks):
            places = self._places[key(self._text[start + 2 : end])]
            if not places or places[-1][1] < start:  # what closes one opens no other like it
                places.append((start + 2, end))
        finders = [Finder(text, delimiters)] if delimiters else []
        if delimiters.kramdown:
            finders.append(Finder(text, delimiters, html=True))
        for finder in finders:
            for found in finder.all():
                inside = found.start + _measure(text, found.start)
                self._places[key(found.tex)].append((inside, found.end))

    def find(self, bad: Bad, start: Place) -> Place:
        """Where a formula goes wrong; `start` is the place of the text's first line."""
        places = self._places.get(key(bad.tex))
        if places:
            at = self._follow(bad, *places[min(bad.number, len(places) - 1)])
        elif self._other:
            return self._other.find(bad, start)
        elif self._marks:
            at = self._marks[0]
        else:
            return start
        line = bisect_right(self._lines, at) - 1
        return start.moved(line, at - self._lines[line] + 1)

    def _follow(self, bad: Bad, start: int, end: int) -> int:
        """The position in the text that is `bad.offset` in the formula: word by word."""
        at = start
        for word in re.finditer(r"\S+", bad.tex):
            found = self._text.find(word[0], at, end)
            if found < 0:  # as HTML may have it
                found = self._text.find(escape(word[0], quote=False), at, end)
            if word.start() > bad.offset or found < 0:
                break
            if word.end() >= bad.offset:
                return found + bad.offset - word.start()
            at = found + len(word[0])
        return at


def _measure(text: str, at: int) -> int:
    """The length of the mark that opens a formula; an environment is all its own."""
    mark = _MARK.match(text, at)
    return mark.end() - at if mark else 0


def key(source: str) -> str:
    """What equal formulas have in common, however they are broken into lines and quoted."""
    return " ".join(_QUOTES.sub("", unescape(source)).split())


def without_code(body: str) -> str:
    """The text with what is hidden in it blanked out, every other character in its place."""
    lines = body.split("\n")
    kept = set(prose(lines))
    text = "\n".join(line if n in kept else " " * len(line) for n, line in enumerate(lines))
    text = blank(text, find_code(text))
    return blank(text, _find_hidden(text))


def _find_hidden(text: str) -> Iterator[tuple[int, int]]:
    ahead, at = Ahead(text), 0
    while mark := _HIDDEN.search(text, at):
        end = find_end(ahead, mark)
        at = end.end() if end else mark.end()
        if end:
            yield mark.start(), at
