"""Where links lead: addresses in parentheses, and names that are defined elsewhere."""

from __future__ import annotations

import re
from collections.abc import Container

from escriba.markup.kramdown.spans.nodes import Target
from escriba.markup.kramdown.spans.text import Text, first, first_span

_NAME = re.compile(r"\s*+\[", re.A)
_TITLE = re.compile(r"""\s*+(["'])""", re.A)
_ESCAPED = re.compile(r"""\\([\\.*_+`<>()\[\]{}#!:|"'$=-])""")
_SPACE = " \t\r\n\f\v\0"
Found = tuple[Target, int]


def unescape(text: str) -> str:
    """Text as a name, or a description: without the backslashes before its marks."""
    return _ESCAPED.sub(r"\1", text)


class Targets:
    """The targets of the links of one text; what follows a `]` is read once."""

    def __init__(self, text: Text, references: Container[str]):
        self.text = text
        self.references = references
        self._inline: dict[int, Found | None] = {}

    def at(self, start: int, end: int) -> Found | None:
        """The target of a link whose text goes from `start` to `end`, and where it ends itself."""
        source = self.text.source
        after = end + 1
        if match := _NAME.match(source, after):
            close = self.text.after("]", match.end())
            if close == match.end():
                return self._named(self._shown(start, end), close + 1)
            if close >= 0:
                return self._named(source[match.end() : close], close + 1)
        if not source.startswith("(", after):
            return self._named(self._shown(start, end), after)
        if after not in self._inline:
            self._inline[after] = self._read_inline(after)
        return self._inline[after]

    def _shown(self, start: int, end: int) -> str:
        """The text of a link as its name; nothing if it has a bracket, which no name has."""
        close = self.text.after("]", start)
        return unescape(self.text.source[start:end]) if close == end else ""

    def _named(self, text: str, after: int) -> Found | None:
        name = re.sub(r"\s+", " ", text).lower()
        return (Target(name=name), after) if name in self.references else None

    def _read_inline(self, at: int) -> Found | None:
        """An address in parentheses that open at a place, perhaps with a title."""
        text, source = self.text, self.text.source
        if source.startswith("(<", at):
            end = text.after(">", at + 2)
            if end >= 0 and text.after("\n", at) not in range(at, end):
                url = (at + 2, end)
                if source.startswith(")", end + 1):
                    return Target(url), end + 2
                return self._read_title(url, end + 1)
        close = text.parens.get(at, -1)
        quote = first(text.before_quotes, at)
        if close >= 0 and not 0 <= quote < close:
            return Target(self._strip(at + 1, close)), close + 1
        return self._read_title(self._strip(at + 1, quote), quote + 1) if quote >= 0 else None

    def _strip(self, start: int, end: int) -> tuple[int, int]:
        url = self.text.source[start:end]
        return start + len(url) - len(url.lstrip(_SPACE)), start + len(url.rstrip(_SPACE))

    def _read_title(self, url: tuple[int, int], at: int) -> Found | None:
        match = _TITLE.match(self.text.source, at)
        found = first_span(self.text.title_ends[match[1]], match.end() + 1) if match else None
        if not match or not found:
            return None
        return Target(url, (match.end(), found[0])), found[1]
