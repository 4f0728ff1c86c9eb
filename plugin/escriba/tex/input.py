"""What of a formula is still to be read, and how a macro reads it: arguments, options, names."""

from __future__ import annotations

from collections.abc import Sequence

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.tokens import TexError, Token

WORK = 200_000  # tokens that the macros of a formula read


class Input:
    """The tokens of a formula, in their order; `end` is its length. What a macro brings is put in
    front. Whatever is not there that must be there raises TexError."""

    def __init__(self, tokens: Sequence[Token], end: int):
        self.rest = list(reversed(tokens))
        self.end = end
        self.work = 0

    def pop(self) -> Token:
        self.work += 1
        if self.work > WORK:
            raise TexError(tr("the macros of the formula are too much work"), self.rest[-1].at)
        return self.rest.pop()

    def skip_space(self) -> None:
        while self.rest and self.rest[-1].text.isspace():
            self.pop()

    def next_is(self, text: str) -> bool:
        self.skip_space()
        return bool(self.rest) and self.rest[-1].text == text

    def argument(self, of: Token) -> list[Token]:
        """A group without its braces, or one token. Raises TexError if there is none."""
        self.skip_space()
        if not self.rest or self.rest[-1].text == "}":
            raise TexError(
                tr("'{command}' wants an argument in braces here", command=shorten(of.text)),
                self.rest[-1].at if self.rest else self.end,
            )
        first = self.pop()
        if first.text != "{":
            return [first]
        return self.until("}", first)

    def until(self, closing: str, opening: Token) -> list[Token]:
        """What comes before a mark that stands in no braces; the mark is passed."""
        found: list[Token] = []
        depth = 0
        while self.rest:
            token = self.pop()
            if token.text == closing and not depth:
                return found
            depth += (token.text == "{") - (token.text == "}")
            found.append(token)
        raise TexError(tr("'{mark}' is never closed", mark=shorten(opening.text)), opening.at)

    def option(self) -> list[Token] | None:
        """What stands in brackets, if anything does."""
        return self.until("]", self.pop()) if self.next_is("[") else None

    def star(self) -> bool:
        return self.next_is("*") and bool(self.pop())

    def name(self, of: Token) -> str:
        """The command that a definition is for, in braces or not."""
        tokens = [token for token in self.argument(of) if not token.text.isspace()]
        if len(tokens) != 1 or tokens[0].text[0] != "\\":
            raise TexError(
                tr("'{command}' wants the name of a command, as in \\name",
                   command=of.text), of.at,
            )  # fmt: skip
        return tokens[0].text

    def command(self, token: Token) -> str:
        """The command that is to be defined. Raises TexError."""
        self.skip_space()
        if not self.rest or self.rest[-1].text[0] != "\\":
            raise TexError(
                tr("'{command}' wants the name of a command, as in \\name",
                   command=token.text), token.at,
            )  # fmt: skip
        return self.pop().text

    def expect(self, mark: str, of: Token) -> None:
        if mark.isspace():
            self.skip_space()
        elif self.next_is(mark):
            self.pop()
        else:
            raise TexError(
                tr("'{command}' is to be followed by '{mark}', as it was defined",
                   command=of.text, mark=mark), of.at,
            )  # fmt: skip

    def delimited(self, marks: Sequence[str], of: Token) -> list[Token]:
        """What comes before the first of some marks, which stays."""
        found: list[Token] = []
        depth = 0
        while self.rest:
            if self.rest[-1].text == marks[0] and not depth:
                return _unwrap(found)
            token = self.pop()
            depth += (token.text == "{") - (token.text == "}")
            found.append(token)
        raise TexError(
            tr("'{command}' is to be followed by '{mark}', as it was defined",
               command=of.text, mark=marks[0]), of.at,
        )  # fmt: skip

    def put(self, tokens: Sequence[Token]) -> None:
        """Let some tokens be read next."""
        self.work += len(tokens)
        self.rest += reversed(tokens)


def _unwrap(tokens: list[Token]) -> list[Token]:
    """Without the braces that are around all of it."""
    if len(tokens) < 2 or tokens[0].text != "{" or tokens[-1].text != "}":
        return tokens
    depth = 0
    for token in tokens[:-1]:
        depth += (token.text == "{") - (token.text == "}")
        if not depth:
            return tokens
    return tokens[1:-1]
