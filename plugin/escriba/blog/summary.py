"""What a post says of itself in a list, in the feed and to a search engine, where its author wrote
no description: its first paragraph, or the paragraphs before `<!--more-->`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from escriba.blog.links import TAG
from escriba.blog.text import strip_notes, text_of

LONGEST = 240  # characters of a first paragraph
LONGEST_CHOSEN = 1000  # of what the author has marked

MORE = re.compile(r"<!--\s*more\s*-->")
# What is no prose of the post: nothing in it is a paragraph.
_APART = frozenset(
    "aside audio button canvas caption figcaption figure footer form h1 h2 h3 h4 h5 h6 header iframe "
    "nav noscript object picture pre script select style svg table template textarea video".split()
)
_QUOTED = frozenset(("blockquote", "dd", "details", "dl", "li", "ol", "ul"))
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_CAPTION = re.compile(r"""\sclass\s*=\s*["'][^"']*(?:caption|escriba|footnotes|credit)""", re.I)
_TEX = re.compile(r'<annotation encoding="application/x-tex">([^<]*)</annotation>')
_MATH = re.compile(r"<math\b.*?</math\s*>", re.S | re.I)
_BREAK = re.compile(r"<br\b[^>]*>", re.I)


def summarise(html: str) -> str:
    """The text of a summary, in one line; empty for a post without a paragraph."""
    more = MORE.search(html)
    shown = html[: more.start()] if more else html
    paragraphs = [(text, quoted) for text, quoted in _read(shown) if text]
    own = [text for text, quoted in paragraphs if not quoted]
    if more:
        return _shorten(" ".join(text for text, _ in paragraphs), LONGEST_CHOSEN)
    first = next(iter(own or [text for text, _ in paragraphs]), "")
    return _shorten(first, LONGEST)


def _read(html: str) -> Iterator[tuple[str, bool]]:
    """The text of each paragraph, and whether it stands in a list or a quotation."""
    html = strip_notes(html)
    apart: list[str] = []  # the elements around that are no prose, and those in them
    quoted = 0
    start = -1
    for match in TAG.finditer(html):
        name, closing = (match[3] or "").lower(), bool(match[2])
        if not name or name in _VOID:
            continue
        if apart:
            if not closing and name == apart[-1]:
                apart.append(name)
            elif closing and name == apart[-1]:
                apart.pop()
        elif closing:
            if name == "p" and start >= 0:
                yield _say(html[start : match.start()]), quoted > 0
                start = -1
            quoted -= name in _QUOTED and quoted > 0
        elif name in _APART or _CAPTION.search(match[0]):
            apart.append(name)
        elif name == "p":
            start = match.end()
        else:
            quoted += name in _QUOTED
    if start >= 0:
        yield _say(html[start:]), quoted > 0


def _say(html: str) -> str:
    """The text of a paragraph, its formulas as their TeX."""
    if "<math" in html:
        html = _MATH.sub(_say_formula, html)
    return text_of(_BREAK.sub(" ", html))


def _say_formula(formula: re.Match[str]) -> str:
    tex = _TEX.search(formula[0])
    return " ".join(tex[1].split()) if tex else escape(text_of(formula[0]))


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:.—-") + "…"
