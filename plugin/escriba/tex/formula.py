"""One formula: from its author's TeX to MathML.

    TeX → tokens → macros → written as math-core reads it, with parts of our own → MathML

Whatever math-core has no word for is a *part*: it is translated by itself, its MathML is put
aside, and a mark stands for it in what math-core reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex import mathml
from escriba.tex.expansion import expand
from escriba.tex.mathml import LONGEST
from escriba.tex.messages import explain
from escriba.tex.page import Page
from escriba.tex.structure import DEEPEST, Structure
from escriba.tex.tokens import FIRST, LAST, TexError, Token, cut, tokens_of

Handler = Callable[["Formula", int, int, list[Token]], int]
# A handler writes what a command means to the tokens, given the position of the command and the end
# of what it is in, and gives the position behind it and its arguments.


class Formula:
    """A formula being written. `display` is the style of what is written at the moment."""

    def __init__(self, tex: str, display: bool, page: Page, commands: Mapping[str, Handler]):
        self.page = page
        self.commands = commands
        self.display = display
        self.end = len(tex)
        self.parts: dict[str, str] = {}
        self.depth = 0
        tokens = expand(page.macros, cut(tex), self.end)
        if sum(len(token.text) for token in tokens) > LONGEST:
            raise TexError(
                tr("the formula is longer than {longest} characters", longest=LONGEST), self.end
            )
        self.tokens = tokens
        self.structure = Structure(tokens)

    # -- writing

    def write(self, start: int, end: int) -> list[Token]:
        """The tokens of a stretch as math-core reads them. Raises TexError."""
        self.depth += 1
        if self.depth > DEEPEST + 20:
            raise TexError(
                tr("the formula is nested more than {deepest} deep", deepest=DEEPEST),
                self.tokens[start].at if start < len(self.tokens) else self.end,
            )
        out: list[Token] = []
        while start < end:
            start = self.write_next(start, end, out)
        self.depth -= 1
        return out

    def write_next(self, at: int, end: int, out: list[Token]) -> int:
        """Write what begins at a position; the position behind it."""
        token = self.tokens[at]
        if at in self.structure.groups:
            close = self.structure.groups[at]
            out += (token, *self.write(at + 1, close), self.tokens[close])
            return close + 1
        if at in self.structure.environments:
            return self.commands[r"\begin"](self, at, end, out)
        if token.text in self.commands and token.text != r"\begin":
            return self.commands[token.text](self, at, end, out)
        if token.text.startswith(r"\verb") and not token.text[1:].isalpha():
            return self.commands[r"\verb"](self, at, end, out)
        if len(token.text) == 1 and not token.text.isascii() and not mathml.knows(token.text):
            out.append(self.place(_symbol(token.text), token.at))
        else:
            out.append(token)
        return at + 1

    def translate(self, tokens: list[Token]) -> str:
        """The MathML of written tokens. Raises TexError."""
        try:
            return mathml.translate(tokens, self.display, self.parts, self.end)
        except TexError as error:
            macros = self.page.macros
            message = explain(error.message, macros.commands, macros.environments)
            raise TexError(message, error.offset) from None

    def part(self, start: int, end: int, before: str = "") -> str:
        """The MathML of a stretch, with some TeX of ours before it."""
        at = self.at(start)
        return self.translate([*tokens_of(before, at), *self.write(start, end)])

    def place(self, html: str, at: int) -> Token:
        """A mark that stands for MathML."""
        number = FIRST + len(self.parts)
        if number > LAST:
            raise TexError(tr("the formula has too many parts"), at)
        self.parts[chr(number)] = html
        return Token(chr(number), at)

    def row(self, start: int, end: int) -> str:
        """A stretch as one element."""
        return f"<mrow>{self.part(start, end)}</mrow>"

    # -- reading

    def at(self, number: int) -> int:
        """The author's offset of a token."""
        return self.tokens[number].at if number < len(self.tokens) else self.end

    def argument(self, at: int, end: int, of: int) -> tuple[int, int, int]:
        """The argument from a position on. Raises TexError if there is none."""
        found = self.structure.argument(at, end)
        if found is None:
            raise TexError(
                tr("'{command}' wants an argument in braces here",
                   command=shorten(self.tokens[of].text)), self.at(at),
            )  # fmt: skip
        return found

    def word(self, at: int, end: int, of: int) -> tuple[str, int]:
        """An argument that is a word, and the position behind it."""
        start, stop, after = self.argument(at, end, of)
        return self.structure.text(start, stop).strip(), after

    def star(self, at: int, end: int) -> tuple[bool, int]:
        """Whether an asterisk follows, and the position behind it."""
        found = at < end and self.tokens[at].text == "*"
        return found, at + found

    def scope(self, at: int, end: int) -> int:
        """Where what a switch such as `\\large` sets ends: with its group, or its cell."""
        while at < end and self.tokens[at].text not in ("&", r"\\", r"\cr", r"\right", r"\middle"):
            at = self.structure.step(at)
        return min(at, end)


def _symbol(character: str) -> str:
    """A character that math-core has no name for, as an operator or as a letter."""
    from unicodedata import category

    operator = category(character) in ("Sm", "Po", "Pd") or "\u2190" <= character <= "\u21ff"
    tag = "mo" if operator else "mi"
    return f"<{tag}>{escape(character, quote=False)}</{tag}>"
