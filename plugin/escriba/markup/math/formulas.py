"""Formulas of a post: from their marks in the text to MathML, and where the bad ones stand.

While Markdown is read a formula is only put aside. They are translated when the page is whole, in
the order in which they stand in it, as a browser's script would: a macro holds from where it is
defined on, equations are numbered from top to bottom, and a reference may come before its equation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from escriba import tex
from escriba.ground.ahead import Ahead
from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.markup.html.grammar import STASHED
from escriba.markup.html.text import unescape
from escriba.markup.math.delimiters import UNKNOWN, Delimiters, Finder
from escriba.markup.math.places import LITERAL, Bad, Text, find_end, key, without_code
from escriba.markup.math.unread import find_references, find_unclosed, find_unread

_RAW = re.compile(rf"{LITERAL.pattern}|<|(?<!\\)\$\$", re.I)
_RAW_OR_OURS = re.compile(rf"{_RAW.pattern}|(?<!\\)\$|\\[(\[]|\\begin\{{|\\(?:eq)?ref\{{", re.I)
_DOLLARS, _GREATER = re.compile(r"\$\$"), re.compile(">")


_ASIDE = re.compile(STASHED)  # by Python-Markdown
_IDS = re.compile(r"""\sid\s*=\s*["']?([^\s"'>]+)""", re.I)
_ID = re.compile(r'(<mtd[^<>]*?) id="[^"]*"')
_EMPTY = "<semantics><mrow></mrow><annotation"


@dataclass(frozen=True)
class Mathematics:
    """How the formulas of a page are read: marks besides `$$`, macros by name, and whether one
    that is bad is shown as its TeX."""

    delimiters: Delimiters = UNKNOWN
    macros: Mapping[str, str] = field(default_factory=dict)
    show: bool = False


@dataclass(frozen=True)
class _Formula:
    tex: str
    display: bool
    whole: bool = True  # no HTML that was put aside stood in it


class Formulas:
    """The formulas of one post. `name` is a word that no post contains."""

    def __init__(self, mathematics: Mathematics | None = None, name: str = "escriba"):
        self.mathematics = mathematics or Mathematics()
        self.delimiters = self.mathematics.delimiters
        self._name = name
        self._formulas: list[_Formula] = []
        self._bad: list[Bad] = []
        self._missing: tuple[str, ...] = ()

    def html(self, source: str, display: bool) -> str:
        """What stands for a formula until `finish`: its TeX, as the formula's own HTML has it."""
        bare = _ASIDE.sub("", source)
        self._formulas.append(_Formula(bare, display, bare == source))
        source = bare
        block = ' display="block"' if display else ""
        return (
            f'<math{block} data-formula="{self._name}-{len(self._formulas) - 1}">'
            f'<annotation encoding="application/x-tex">{escape(source.strip(), quote=False)}'
            "</annotation></math>"
        )

    def raw(self, html: str) -> str:
        """HTML that Markdown leaves alone, with its formulas put aside, `$$` as display ones.

        Jekyll leaves them to MathJax; we have no script to leave them to.
        """
        some = "$$" in html or (self.delimiters and ("\\" in html or "$" in html))
        return "".join(self._raw(html)) if some else html

    def _raw(self, html: str) -> Iterator[str]:
        ahead = Ahead(html)
        finder = Finder(html, self.delimiters, html=True)
        marks = _RAW_OR_OURS if self.delimiters else _RAW
        at = 0
        while mark := marks.search(html, at):
            yield html[at : mark.start()]
            at = mark.start()
            if mark[0] == "$$":
                end = ahead.search(_DOLLARS, mark.end() + 1)
            elif mark[0][0] == "<":
                end = find_end(ahead, mark) or ahead.search(_GREATER, mark.end())
            elif found := finder.read(at):
                yield self.html(unescape(found.tex), found.display)
                at = found.end
                continue
            else:
                end = None
            stop = end.end() if end else at + 1
            if mark[0] == "$$" and end:
                yield self.html(unescape(html[mark.end() : end.start()]), True)
            else:
                yield html[at:stop]
            at = stop
        yield html[at:]

    def finish(self, html: str) -> str:
        """The page with its formulas translated; `report` will tell of the bad ones."""
        if not self._formulas:
            return html
        pattern = re.compile(
            rf'<math((?:\s[^<>]*?)?) data-formula="{self._name}-(\d+)"([^<>]*)>.*?</math>', re.S
        )
        labelled = any(r"\label" in formula.tex for formula in self._formulas)
        ids = frozenset(_IDS.findall(html)) if labelled else frozenset()
        page = tex.Page(
            tex.Macros.read(self.mathematics.macros),
            tex.find_references(formula.tex for formula in self._formulas),
            ids.__contains__,
        )
        done: dict[int, str] = {}
        seen: Counter[str] = Counter()
        for match in pattern.finditer(html):
            number = int(match[2])
            if number not in done:
                done[number] = self._translate(self._formulas[number], page, seen)
        shown = {number: page.resolve(made) for number, made in done.items()}
        self._missing = tuple(page.missing)
        first = set(shown)

        def put_in(match: re.Match[str]) -> str:
            made = shown[int(match[2])]
            if int(match[2]) in first:
                first.discard(int(match[2]))
            else:  # a heading's formula is in the table of contents too
                made = _ID.sub(r"\1", made)
            if _EMPTY in made:  # only definitions
                return f"<!--{self._name}-->"
            own = re.sub(r'\sdisplay="block"', "", match[1]) + match[3]
            return re.sub(r"\A<math[^<>]*", lambda tag: tag[0] + own, made) if own else made

        mark = f"<!--{self._name}-->"
        html = pattern.sub(put_in, html)
        return re.sub(rf"<p>\s*(?:{mark}\s*)+</p>\n?|{mark}\n?", "", html) if mark in html else html

    def _translate(self, formula: _Formula, page: tex.Page, seen: Counter[str]) -> str:
        """The MathML of a formula; of a bad one its source."""
        stripped = formula.tex.strip()
        number = seen[key(formula.tex)]
        seen[key(formula.tex)] += 1
        try:
            if not formula.whole:
                raise tex.TexError(
                    tr("highlighted code cannot stand in a formula; put it outside"), 0
                )
            return tex.translate(stripped, formula.display, page)
        except tex.TexError as error:
            indent = len(formula.tex) - len(formula.tex.lstrip())
            self._bad.append(Bad(formula.tex, number, error.message, indent + error.offset))
            shown = escape(stripped, quote=False)
            if not self.mathematics.show:
                return f"<code>{shown}</code>"
            kind = "tex-unread tex-display" if formula.display else "tex-unread"
            return f'<code class="{kind}" translate="no">{shown}</code>'

    def report(self, body: str, start: Place, mistakes: Mistakes) -> None:
        """Tell what is wrong with which formula, and of what may be one and is not read; `start` is
        the place of the body's first line."""
        if problems := self.problems(body, start):
            if self.mathematics.show:
                for problem in problems:
                    mistakes.warn(problem)
            else:
                mistakes.add(SourceError(problems))
        if self._missing:
            text = without_code(body)
            places = find_references(text, start)
            for name in self._missing:
                message = tr(
                    "no formula of this page has '\\label{{{name}}}', which this one refers to",
                    name=shorten(name),
                )
                mistakes.warn(Problem(message, places.get(name, start)))
        for problem in find_unclosed(body, self.delimiters, start) if self.delimiters else ():
            mistakes.warn(problem)
        if not self.delimiters and not self.delimiters.given:
            unread = find_unread(body, start)
            if unread is not None:
                mistakes.warn(unread)

    def problems(self, body: str, start: Place) -> list[Problem]:
        """What is wrong with which formula; `start` is the place of the body's first line."""
        if not self._bad:
            return []
        text = Text(without_code(body), self.delimiters, Text(body, self.delimiters))
        return [
            Problem(tr("bad formula: {reason}", reason=bad.message), text.find(bad, start))
            for bad in self._bad
        ]
