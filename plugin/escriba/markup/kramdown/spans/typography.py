"""Curly quotes, dashes, ellipses and guillemets, by kramdown's rules (RubyPants before it)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PUNCTUATION = r"""[!"\#$%'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
_OPEN = {'"': "“", "'": "‘"}
_CLOSED = {'"': "”", "'": "’"}
# In order of precedence; what each makes of the quote after the text that it passes over. Letters
# and spaces are those of ASCII, but words begin and end as in Unicode.
_RULES: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = tuple(
    (re.compile(pattern, re.X | re.S), quotes)
    for pattern, quotes in (
        (r"""()(["'])(?=[_*]{1,2}[^ \t\r\n\f\v])""", _OPEN),
        (rf"""()(["'])(?={_PUNCTUATION}(?!\.\.)\B)""", _CLOSED),
        (r"""([ \t\r\n\f\v]?)("'|'")(?=[A-Za-z0-9_])""", {"\"'": "“‘", "'\"": "‘“"}),
        (r"""([ \t\r\n\f\v]?)(')(?=[0-9][0-9]s)""", _CLOSED),
        (r"""([ \t\r\n\f\v])(["'])(?=[A-Za-z0-9_])""", _OPEN),
        (r"""([^ \\\t\r\n\[{(\-])(["'])""", _CLOSED),
        (r"""()(["'])(?=[ \t\r\n\f\v]|s\b|\Z)""", _CLOSED),
        (r"""(.?)(["'])""", _OPEN),
    )
)
_SYMBOL = re.compile(r"---|--|\.\.\.|\\<<|\\>>|<<\ |\ >>|<<|>>")
_SYMBOLS = {
    "---": "—", "--": "–", "...": "…", "<< ": "«\xa0", " >>": "\xa0»", "<<": "«", ">>": "»",
    r"\<<": "<<", r"\>>": ">>",
}  # fmt: skip


def read_quote(source: str, at: int) -> tuple[int, str, int]:
    """One straight quote, or two that meet, at a place or one character after it.

    Returns where it begins, what it becomes, and where it ends.
    """
    for pattern, quotes in _RULES:
        if match := pattern.match(source, at):
            return match.end(1), quotes[match[2]], match.end()
    raise AssertionError(source)  # the last rule takes any quote


def read_symbol(source: str, at: int) -> tuple[str, int] | None:
    """The dash, ellipsis or guillemet that begins at a place, and where it ends."""
    match = _SYMBOL.match(source, at)
    return (_SYMBOLS[match[0]], match.end()) if match else None
