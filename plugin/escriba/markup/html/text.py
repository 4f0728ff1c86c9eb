"""The text of some HTML, which may be anybody's: tags, comments and notes may begin and never end.

All of these take time in proportion to the size of the HTML.
"""

from __future__ import annotations

import html
import re
from html import escape

from escriba.ground.ahead import Ahead
from escriba.tex.words import read

_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_NOTE = re.compile(r'<sup\b(?=[^<>]*\bid="fnref)')
_NOTE_OR_TEX = re.compile(rf"{_NOTE.pattern}|<annotation\b")
_ENDS = {f"<{name}": re.compile(f"</{name}>") for name in ("sup", "annotation")}
_SKIPPED = re.compile(r"<(/?)(pre|svg|math|style|script)(?=[\s>])[^<>]*>", re.IGNORECASE)
_MATH, _MATH_END = re.compile(r"<math\b"), re.compile("</math>")
_LONG = re.compile("&#([0-9]{8,})")


def text_of(markup: str) -> str:
    """The text of some HTML, in one line, without footnote marks; formulas as words."""
    return " ".join(unescape(strip_tags(_cut(_say_formulas(markup), _NOTE_OR_TEX))).split())


def _say_formulas(markup: str) -> str:
    """HTML with words in the places of its formulas."""
    if "<math" not in markup:
        return markup
    ahead = Ahead(markup)
    kept: list[str] = []
    at = 0
    for opening in _MATH.finditer(markup):
        end = ahead.search(_MATH_END, opening.end())
        if opening.start() >= at and end:
            words = escape(read(markup[opening.start() : end.end()]), quote=False)
            kept += (markup[at : opening.start()], words)
            at = end.end()
    return "".join([*kept, markup[at:]])


def prose_of(markup: str) -> str:
    """The text that is read word by word: without code, formulas and drawings."""
    kept: list[str] = []
    inside: list[str] = []
    at = 0
    for tag in _SKIPPED.finditer(markup):
        slash, name = tag[1], tag[2].lower()
        if not inside:
            kept.append(markup[at : tag.start()])
        if not slash:
            inside.append(name)
        elif name in inside[-1:]:
            inside.pop()
        at = tag.end()
    return text_of(" ".join([*kept, *([] if inside else [markup[at:]])]))


def strip_notes(markup: str) -> str:
    """HTML without the marks of footnotes."""
    return _cut(markup, _NOTE)


def strip_tags(markup: str) -> str:
    """HTML without its tags and comments; one that is not closed stays."""
    end = markup.rfind(">") + 1
    return _TAG.sub("", markup[:end]) + markup[end:]


def unescape(markup: str) -> str:
    """Text with its entities resolved; Python's own function fails at numbers of 4,301 digits."""
    return html.unescape(_LONG.sub(lambda m: f"&#{m[1].lstrip('0')[:8] or 0}", markup))


def _cut(markup: str, openings: re.Pattern[str]) -> str:
    """HTML without the elements whose beginnings a pattern finds; one that is not closed stays."""
    ahead = Ahead(markup)
    kept: list[str] = []
    at = 0
    for opening in openings.finditer(markup):
        end = ahead.search(_ENDS[opening[0]], opening.end())
        if opening.start() >= at and end:
            kept.append(markup[at : opening.start()])
            at = end.end()
    return "".join([*kept, markup[at:]])
