"""Formulas on their way into the tree, those in HTML that Markdown leaves alone too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escriba.article.source.hidden import blank
from escriba.ground.ahead import Ahead
from escriba.ground.mapped import MappedText
from escriba.markup.html.entities import unescape
from escriba.markup.html.grammar import MARKED
from escriba.markup.html.tree import Formula
from escriba.markup.math.delimiters import Delimiters, Finder

# Within these no formula is looked for; a comment ends at its own mark.
_LITERAL = re.compile(r"<!--|<(?P<name>script|style|pre|code|textarea|math)\b", re.I)
_COMMENT_END = re.compile("-->")
_ENDS = {
    name: re.compile(rf"</{name}\s*>", re.I)
    for name in ("script", "style", "pre", "code", "textarea", "math")
}
_PLAIN = re.compile(rf"{_LITERAL.pattern}|<|(?<!\\)\$\$", re.I)
_OURS = re.compile(rf"{_PLAIN.pattern}|(?<!\\)\$|\\[(\[]|\\begin\{{|\\(?:eq)?ref\{{", re.I)
_DOLLARS, _GREATER = re.compile(r"\$\$"), re.compile(">")
_ASIDE = re.compile(MARKED)


def read_formula(tex: str, display: bool, written: MappedText) -> Formula:
    """A formula of the tree; `written` is how it stands in the document, without its marks."""
    bare = _ASIDE.sub("", tex)
    return Formula(bare, display, written, whole=bare == tex)


def find_formulas(html: MappedText, delimiters: Delimiters) -> list[MappedText | Formula]:
    """HTML that Markdown leaves alone, cut at its formulas, `$$` being display ones.

    Jekyll leaves them to MathJax; we have no script to leave them to.
    """
    text = html.text
    some = "$$" in text or (delimiters and ("\\" in text or "$" in text))
    return list(_find(html, delimiters)) if some else [html]


def blank_literals(html: MappedText) -> MappedText:
    """HTML with blanks in the place of that in which no formula is looked for."""
    ahead, at = Ahead(html.text), 0
    stretches: list[tuple[int, int]] = []
    while mark := _LITERAL.search(html.text, at):
        end = _find_end(ahead, mark)
        at = end.end() if end else mark.end()
        if end:
            stretches.append((mark.start(), at))
    return MappedText(blank(html.text, stretches), html.starts, html.sources)


def _find(html: MappedText, delimiters: Delimiters) -> Iterator[MappedText | Formula]:
    text = html.text
    ahead = Ahead(text)
    finder = Finder(text, delimiters, html=True)
    marks = _OURS if delimiters else _PLAIN
    kept = at = 0
    while mark := marks.search(text, at):
        start = mark.start()
        if mark[0] == "$$":
            end = ahead.search(_DOLLARS, mark.end() + 1)
            at = end.end() if end else start + 1
            found = (mark.end(), end.start(), True) if end else None
        elif mark[0][0] == "<":
            stop = _find_end(ahead, mark) or ahead.search(_GREATER, mark.end())
            at, found = stop.end() if stop else start + 1, None
        else:
            own = finder.read(start)
            at = own.end if own else start + 1
            if own:
                yield html.cut(kept, start)
                yield read_formula(unescape(own.tex), own.display, html.cut(own.inside, own.end))
                kept = at
            continue
        if found:
            written = html.cut(found[0], found[1])
            yield html.cut(kept, start)
            yield read_formula(unescape(written.text), True, written)
            kept = at
    yield html.cut(kept)


def _find_end(ahead: Ahead, opening: re.Match[str]) -> re.Match[str] | None:
    """The end of a stretch without formulas, if this mark begins one and it ends."""
    if opening["name"]:
        return ahead.search(_ENDS[opening["name"].lower()], opening.end())
    return ahead.search(_COMMENT_END, opening.end()) if opening[0] == "<!--" else None
