"""The addresses in style sheets, in proportion to their size whatever is in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_STRING = r""""(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'"""
# What a style sheet is cut into, as far as addresses go: comments, escapes, strings (3) with what
# may stand before them (2), functions that take addresses (4, 5), and brackets.
_TOKEN = re.compile(
    rf"/\*.*?(?:\*/|\Z)|\\.|((@import\s*+)?({_STRING}))"
    rf"|(?<![\w-])url\(\s*+({_STRING}|(?:[^\"'()\\\s]|\\.)*+)\s*+\)"
    r"|((?<![\w-])(?:-webkit-)?image-set\()|[()]",
    re.DOTALL | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(\n)|(.))", re.DOTALL)


def find(css: str) -> Iterator[tuple[int, int, str]]:
    """Where each address begins and ends, with its quotes, and what it is.

    Addresses are what `url()`, `@import` and `image-set()` name.
    """
    depth, sets = 0, set[int]()
    for match in _TOKEN.finditer(css):
        if match[3] is not None:
            if match[2] or depth in sets:
                yield match.start(3), match.end(3), _read(match[3])
        elif match[4] is not None:
            yield match.start(4), match.end(4), _read(match[4])
        elif match[5] or match[0] == "(":
            depth += 1
            if match[5]:
                sets.add(depth)
        elif match[0] == ")":
            sets.discard(depth)
            depth = max(0, depth - 1)


def rewrite(css: str, change: Callable[[str], str]) -> str:
    """A style sheet with each address changed; one that stays the same is left as it was written.

    >>> rewrite("p { background: url(a.png) }", str.upper)
    'p { background: url("A.PNG") }'
    """
    kept: list[str] = []
    at = 0
    for start, end, old in find(css):
        new = change(old)
        if new != old:
            kept += [css[at:start], quote(new)]
            at = end
    return "".join([*kept, css[at:]])


def _read(text: str) -> str:
    if text[:1] in ('"', "'"):
        text = text[1:-1]
    return _ESCAPE.sub(_resolve, text) if "\\" in text else text


def _resolve(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return match[3] or ""


def quote(address: str) -> str:
    """An address as a style sheet has it in quotes."""
    quoted = re.sub(r'["\\\n\r\f]', lambda match: f"\\{ord(match[0]):x} ", address)
    return f'"{quoted}"'
