"""Curly quotes, dashes, ellipses and guillemets, by kramdown's rules (RubyPants before it)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markdown.inlinepatterns import InlineProcessor
from markdown.util import ETX, STX

_PUNCTUATION = r"""[!"\#$%'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
# A character that kramdown's parser has already stopped at is no longer before the quote.
_CONSUMED = r"\\*_\[`\x03"
_OPEN = {'"': "“", "'": "‘"}
_CLOSED = {'"': "”", "'": "’"}
# In order of precedence; what each makes of the quote after the text that it passes over.
_RULES: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = tuple(
    (re.compile(pattern, re.X | re.S), quotes)
    for pattern, quotes in (
        (r"""()(["'])(?=[_*]{1,2}\S)""", _OPEN),
        (rf"""()(["'])(?={_PUNCTUATION}(?!\.\.)\B)""", _CLOSED),
        (r"""(\s?)("'|'")(?=\w)""", {"\"'": "“‘", "'\"": "‘“"}),
        (r"""(\s?)(')(?=\d\ds)""", _CLOSED),
        (r"""(\s)(["'])(?=\w)""", _OPEN),
        (r"""([^ \\\t\r\n\[{(\-])(["'])""", _CLOSED),
        (r"""()(["'])(?=\s|s\b|$)""", _CLOSED),
        (r"""(.?)(["'])""", _OPEN),
    )
)
_SYMBOLS = {
    "---": "—", "--": "–", "...": "…", "<< ": "«\xa0", " >>": "\xa0»", "<<": "«", ">>": "»",
    r"\<<": "<<", r"\>>": ">>",
}  # fmt: skip


class Quotes(InlineProcessor):
    """One straight quote, or two that meet, with the character before it."""

    def __init__(self) -> None:
        super().__init__(rf"""[^{_CONSUMED}]?["']""")

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        for pattern, quotes in _RULES:
            if match := pattern.match(data, m.start()):
                return quotes[match[2]], match.end(1), match.end()
        raise AssertionError(data)  # the last rule takes any quote


class Symbols(InlineProcessor):
    """Dashes, ellipses, guillemets."""

    def __init__(self) -> None:
        super().__init__("|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len)[::-1]))

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        return "".join(f"{STX}{ord(c)}{ETX}" for c in _SYMBOLS[m[0]]), m.start(), m.end()
