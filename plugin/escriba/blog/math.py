"""Formulas of a post: `$$…$$` to MathML, and where the bad ones stand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

from escriba.article import tex
from escriba.article.fences import scan
from escriba.errors import Place, Problem
from escriba.language import tr

# Within these no formula is looked for; a comment ends at its own mark.
_LITERAL = r"<(?P<name>script|style|pre|code|textarea|math)\b.*?</(?P=name)\s*>|<!--.*?-->"
_RAW = re.compile(rf"{_LITERAL}|<[^>]*>|(?<!\\)\$\$(?P<tex>.+?)\$\$", re.S | re.I)
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)\1(?!`)", re.S)


@dataclass(frozen=True)
class _Bad:
    """A formula that cannot be translated: the `number`-th of a post with the same TeX."""

    tex: str
    number: int
    message: str
    offset: int


class Formulas:
    """Translates the formulas of one post, in the order in which they are read."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._bad: list[_Bad] = []

    def html(self, source: str, display: bool) -> str:
        """The MathML of a formula; of a bad one its source, and `problems` will tell."""
        number = self._seen[_words(source)]
        self._seen[_words(source)] += 1
        stripped = source.strip()
        try:
            return tex.render(stripped, display)
        except tex.TexError as error:
            indent = len(source) - len(source.lstrip())
            self._bad.append(_Bad(source, number, error.message, indent + error.offset))
            return f"<code>{escape(stripped, quote=False)}</code>"

    def raw(self, html: str) -> str:
        """HTML that Markdown leaves alone, with its formulas translated, as display ones.

        Jekyll leaves them to MathJax; we have no script to leave them to.
        """

        def replace(match: re.Match[str]) -> str:
            if match["tex"] is None:
                return match[0]
            return self.html(unescape(match["tex"]), True)

        return _RAW.sub(replace, html) if "$$" in html else html

    def problems(self, body: str, start: Place) -> list[Problem]:
        """What is wrong with which formula; `start` is the place of the body's first line."""
        if not self._bad:
            return []
        text = _without_code(body)
        return [
            Problem(tr("bad formula: {reason}", reason=bad.message), _find(bad, text, start))
            for bad in self._bad
        ]


def _words(source: str) -> str:
    return " ".join(source.split())


def _find(bad: _Bad, text: str, start: Place) -> Place:
    """Where a formula goes wrong.

    Quote marks and indentation may stand at the beginning of its lines, and HTML may have
    written its characters as entities.
    """
    words = [re.escape(word) for word in bad.tex.split()]
    pattern = r"\$\$\s*" + r"(?:\s|^[ \t]*>)+".join(words) + r"\s*\$\$"
    found = list(re.finditer(pattern, text, re.M)) or list(re.finditer(r"\$\$", text))[:1]
    if not found:
        return start
    match = found[min(bad.number, len(found) - 1)]
    at = _follow(bad, text, match.start() + 2) if match[0] != "$$" else match.start()
    line = text.count("\n", 0, at)
    return Place(start.path, start.line + line, at - (text.rfind("\n", 0, at) + 1) + 1)


def _follow(bad: _Bad, text: str, start: int) -> int:
    """The position in the text that is `bad.offset` in the formula: word by word."""
    at = start
    for word in re.finditer(r"\S+", bad.tex):
        if word.start() > bad.offset:
            break
        at = text.find(word[0], at)
        if word.end() >= bad.offset:
            return at + bad.offset - word.start()
        at += len(word[0])
    return at


def _without_code(body: str) -> str:
    """The text with its code blanked out, every other character in its place."""
    lines = body.split("\n")
    for fence in scan(lines, Place(Path())):
        lines[fence.first : fence.end] = [" " * len(s) for s in lines[fence.first : fence.end]]
    return _CODE_SPAN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), "\n".join(lines))
