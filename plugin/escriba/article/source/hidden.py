"""What in a Markdown text nobody reads: comments, and what HTML and kramdown keep as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from escriba.ground.ahead import Ahead, find_code

_BEGINS = re.compile(
    r"<!--|<(?P<element>script|style|pre|code|textarea)\b|\{::(?P<extension>comment|nomarkdown)\b",
    re.I,
)
_COMMENT_END = re.compile("-->")
_EXTENSION_END = re.compile(r"\{:/(?:comment|nomarkdown)?\}")
_ELEMENT_ENDS = {
    name: re.compile(rf"</{name}\s*>", re.I)
    for name in ("script", "style", "pre", "code", "textarea")
}


def blank_hidden(lines: Sequence[str]) -> list[str]:
    """The lines of a text with blanks in the place of what is hidden, and of code between two
    backticks or more; all else is where it was."""
    text = "\n".join(lines)
    text = blank(text, _find_hidden(text))
    shown = (code for code in find_code(text) if text.startswith("``", code[0]))
    return blank(text, shown).split("\n")


def blank(text: str, stretches: Iterable[tuple[int, int]]) -> str:
    """A text with blanks in the place of some stretches, in order; its lines stay."""
    pieces: list[str] = []
    at = 0
    for start, end in stretches:
        pieces += (text[at:start], re.sub(r"[^\n]", " ", text[start:end]))
        at = end
    return "".join([*pieces, text[at:]])


def _find_hidden(text: str) -> Iterator[tuple[int, int]]:
    ahead, at = Ahead(text), 0
    while begin := _BEGINS.search(text, at):
        end = _COMMENT_END
        if begin["element"]:
            end = _ELEMENT_ENDS[begin["element"].lower()]
        elif begin["extension"]:
            end = _EXTENSION_END
        found = ahead.search(end, begin.end())
        at = found.end() if found else begin.end()
        if found:
            yield begin.start(), at
