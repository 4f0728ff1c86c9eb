"""TeX as tokens that know where the author wrote them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What stands for a part that is translated by itself: one character each, of Unicode's plane 15,
# which nobody else may use.
FIRST, LAST = 0xF0000, 0xFFFFD

_TOKEN = re.compile(
    r"""\\verb\*?(?P<mark>[^a-zA-Z\s*]).*?(?P=mark) | \\[a-zA-Z]+ | \\(?:.|\Z)
      | %[^\n]*(?:\n[ \t]*)? | \s+ | \#\d | .""",
    re.S | re.X,
)
_WORD = re.compile(r"\\[a-zA-Z]+\Z")
_OURS = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]")


class TexError(Exception):
    """A formula that cannot be translated; `offset` counts characters from its beginning."""

    def __init__(self, message: str, offset: int):
        super().__init__(message)
        self.message = message
        self.offset = offset


class Token(NamedTuple):
    """A command, a character, white space or a parameter, and its offset in the author's TeX.

    What a macro brings has the place of its call."""

    text: str
    at: int


class Primitive(Token):
    """A command in TeX's own meaning, whatever its name has come to mean since."""

    __slots__ = ()


def cut(tex: str) -> list[Token]:
    """The tokens of a formula, without its comments."""
    tex = _OURS.sub("\N{REPLACEMENT CHARACTER}", tex)
    return [Token(match[0], match.start()) for match in _TOKEN.finditer(tex) if match[0][0] != "%"]


def tokens_of(tex: str, at: int) -> list[Token]:
    """Tokens that we write ourselves, all in the place of what they stand for."""
    return [Token(token.text, at) for token in cut(tex)]


def is_word(text: str) -> bool:
    """Whether a token is a command that a letter after it would lengthen."""
    return len(text) > 1 and text[0] == "\\" and text[1].isalpha() and text.isascii()


def join(tokens: Iterable[Token]) -> tuple[str, Written]:
    """The tokens as TeX again, and where each character of that was written."""
    pieces: list[str] = []
    starts: list[int] = []
    places: list[Token] = []
    size, word = 0, False
    for token in tokens:
        if word and token.text[0].isalpha():
            pieces.append(" ")
            size += 1
        starts.append(size)
        places.append(token)
        pieces.append(token.text)
        size += len(token.text)
        word = is_word(token.text)
    return "".join(pieces), Written(starts, places)


class Written:
    """Where the characters of some TeX come from."""

    def __init__(self, starts: Sequence[int], tokens: Sequence[Token]):
        self._starts = starts
        self._tokens = tokens

    def find(self, offset: int, end: int) -> int:
        """The author's offset of a character; `end` for what comes after the last."""
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            return 0
        token = self._tokens[number]
        inside = offset - self._starts[number]
        if inside < len(token.text):
            return token.at + inside
        if number + 1 < len(self._tokens):
            return self._tokens[number + 1].at
        return end
