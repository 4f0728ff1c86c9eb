"""Pieces as python-liquid's parser wants them: tokens, whose positions are those of the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from liquid.exceptions import LiquidSyntaxError
from liquid.stream import TokenStream
from liquid.token import (
    TOKEN_CONTENT,
    TOKEN_EXPRESSION,
    TOKEN_INTEGER,
    TOKEN_OUTPUT,
    TOKEN_RANGE_LITERAL,
    TOKEN_TAG,
    Token,
)

from escriba.ground.language import tr
from escriba.markup.liquid.budget import COMPARED
from escriba.markup.liquid.missing import Looped
from escriba.markup.liquid.pieces import BLOCKS, Piece

# Tags that do not look into what a variable holds; all others may compare or print it.
_GLANCING = {"assign", "echo", "for", "tablerow"}
_LOOPING = {"for", "tablerow"}


class Compared(Token):
    """A token of an expression whose value may be looked at in full."""


class Stream(TokenStream):
    """The tokens of one block."""

    @classmethod
    def of(cls, text: str, pieces: Sequence[Piece]) -> Self:
        """A stream of the pieces of a text."""
        return cls(_tokens(text, pieces))

    def into_inner(self, *, tag: Token | None = None, eat: bool = True) -> TokenStream:
        inner = super().into_inner(tag=tag, eat=eat)
        if tag is None or tag.value not in _GLANCING:
            _check_ranges(inner.tokens)
            inner.tokens = [Compared(*token) for token in inner.tokens]
        elif tag.value in _LOOPING:
            inner.tokens = [Looped(*token) for token in inner.tokens]
        return inner


def _check_ranges(tokens: Sequence[Token]) -> None:
    # To say whether a range contains something that is no number, Python looks at all of it.
    for index, token in enumerate(tokens):
        if token.kind == TOKEN_RANGE_LITERAL:
            start, _, end, *_ = [*tokens[index + 1 : index + 4], token, token, token]
            numbers = start.kind == end.kind == TOKEN_INTEGER
            if not numbers or int(end.value) - int(start.value) >= COMPARED:
                raise LiquidSyntaxError(
                    tr(
                        "a range here must be of two numbers less than {number} apart",
                        number=COMPARED,
                    ),
                    token=token,
                )


def group(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Pieces of which all blocks have an end, one block or what stands in none at a time."""
    depth = 0
    start = 0
    for index, piece in enumerate(pieces, 1):
        if piece.kind == "tag":
            depth += (piece.value in BLOCKS) - piece.value.startswith("end")
        if not depth:
            yield pieces[start:index]
            start = index


def _tokens(text: str, pieces: Sequence[Piece]) -> Iterator[Token]:
    for piece in pieces:
        if piece.kind == "text":
            yield Token(TOKEN_CONTENT, piece.value, piece.at, text)
        elif piece.kind == "output":
            yield Token(TOKEN_OUTPUT, "", piece.opening, text)
            yield Token(TOKEN_EXPRESSION, piece.value, piece.at, text)
        else:
            yield Token(TOKEN_TAG, piece.value, piece.at, text)
            if piece.expression and not piece.value.startswith("end"):
                yield Token(TOKEN_EXPRESSION, piece.expression, piece.inside, text)
