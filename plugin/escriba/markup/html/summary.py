"""What a post says of itself in a list, in the feed and to a search engine, where its author wrote
no description: its first paragraph, or the text before `<!--more-->`.

Headings, captions, tables, code and figures are no part of it. All takes time in proportion to the
size of the HTML, which may be anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from escriba.markup.html.grammar import VOID_ELEMENTS, names
from escriba.markup.html.tags import TAG
from escriba.markup.html.text import strip_notes, text_of

LONGEST = 240  # characters of a first paragraph
NEAR = 6000  # characters of HTML in which it is looked for before all of it is
LONGEST_CHOSEN = 1000  # of what the author has marked
LONGEST_CAPTION = 5000  # of the HTML of a paragraph that may be one

MORE = re.compile(r"<!--\s*more\s*-->")
_APART = names(
    "aside audio button canvas caption figcaption figure footer form h1 h2 h3 h4 h5 h6 header "
    "iframe nav noscript object picture pre script select style svg table template textarea video"
)
_QUOTED = names("blockquote dd details dl li ol ul")
_NO_PROSE = re.compile(r"""\sclass\s*=\s*["'][^"']*(?:caption|escriba|footnotes|credit)""", re.I)
_BREAK = re.compile(r"<br\b[^>]*>", re.I)
_BLOCK = re.compile(
    r"</?(?:p|li|ul|ol|dl|dt|dd|div|blockquote|section|article|details|summary)\b[^>]*>", re.I
)
_STRESSED = re.compile(r"<(em|i|small)\b[^>]*>.*?</\1\s*>", re.S | re.I)


def summarise(html: str) -> str:
    """The text of a summary, in one line; empty for a post without a paragraph."""
    more = MORE.search(html)
    if more and (text := _say(_BLOCK.sub(" ", _keep_prose(html[: more.start()])))):
        return _shorten(text, LONGEST_CHOSEN)
    for size in (NEAR, len(html)):  # most posts have it near their beginning
        end = html.rfind("</p>", 0, size) + 4 if size < len(html) else size
        paragraphs = list(_find_paragraphs(_keep_prose(html[:end])))
        if own := [text for text, quoted in paragraphs if not quoted]:
            return _shorten(own[0], LONGEST)
    return _shorten(next((text for text, _ in paragraphs), ""), LONGEST)


def _keep_prose(html: str) -> str:
    """HTML without the elements that are no prose, and without comments."""
    html = strip_notes(html)
    kept: list[str] = []
    name, depth, at = "", 0, 0  # the element that is left out, and how often its name is open
    for match in TAG.finditer(html):
        found, closing = (match[3] or "").lower(), bool(match[2])
        if depth:
            depth += (found == name) * (-1 if closing else 1)
        elif not found or (not closing and _is_apart(found, match[0])):
            kept += [html[at : match.start()], " "]
            name, depth = found, bool(found)
        else:
            continue
        at = match.end()
    return "".join([*kept, "" if depth else html[at:]])


def _is_apart(name: str, tag: str) -> bool:
    return name in _APART or (name not in VOID_ELEMENTS and bool(_NO_PROSE.search(tag)))


def _find_paragraphs(html: str) -> Iterator[tuple[str, bool]]:
    """The text of each paragraph that has some and is no caption, and whether it stands in a list
    or a quotation."""
    quoted = 0
    start = -1
    pictured = False  # whether the paragraph before is an image alone
    for match in TAG.finditer(f"{html}</p>"):
        name, closing = (match[3] or "").lower(), bool(match[2])
        if name in _QUOTED:
            quoted = max(0, quoted + (-1 if closing else 1))
        elif name == "p" and not closing:
            start = match.end()
        elif name == "p" and start >= 0:
            inside = html[start : match.start()]
            text = _say(inside)
            with_image = "<img" in inside
            if text and not ((with_image or pictured) and _is_caption(inside)):
                yield text, quoted > 0
            pictured = with_image and not text
            start = -1


def _is_caption(html: str) -> bool:
    """Whether a paragraph at an image has nothing but stressed text."""
    return len(html) <= LONGEST_CAPTION and not _say(_STRESSED.sub("", html))


def _say(html: str) -> str:
    """The text of some HTML, its formulas as words."""
    return text_of(_BREAK.sub(" ", html))


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:.—-") + "…"
