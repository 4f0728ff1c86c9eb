"""Where the groups and environments of a formula begin and end."""

from __future__ import annotations

from collections.abc import Sequence

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.tokens import TexError, Token

LONGEST = 40  # characters of an environment's name
DEEPEST = 100  # groups and environments within each other


class Structure:
    """Pairs of positions in a formula's tokens.

    Raises TexError for what has no partner, and for what is nested too deep.
    """

    def __init__(self, tokens: Sequence[Token]):
        self.tokens = tokens
        self.groups: dict[int, int] = {}  # { → }
        self.environments: dict[int, int] = {}  # \begin → \end
        opened: list[int] = []
        for number, token in enumerate(tokens):
            if token.text == "{" or token.text == r"\begin":
                opened.append(number)
                if len(opened) > DEEPEST:
                    braces = all(tokens[n].text == "{" for n in opened)
                    raise TexError(
                        tr("braces are nested more than {deepest} deep", deepest=DEEPEST)
                        if braces
                        else tr("the formula is nested more than {deepest} deep", deepest=DEEPEST),
                        token.at,
                    )
            elif token.text == "}":
                self.groups[self._close(opened, number)] = number
            elif token.text == r"\end":
                self.environments[self._close(opened, number)] = number
        if opened:
            raise self._find_open(opened[-1])

    def _close(self, opened: list[int], number: int) -> int:
        """What ends at a token, the last that was opened. Raises TexError if it is another."""
        token = self.tokens[number]
        brace = token.text == "}"
        if not opened and brace:
            raise TexError(tr("'}}' closes nothing; a '{{' before it is missing"), token.at)
        name = "" if brace else self.name(number)
        if not opened:
            raise TexError(tr("'\\end{{{name}}}' ends nothing", name=shorten(name)), token.at)
        first = opened.pop()
        if (self.tokens[first].text == "{") != brace:
            raise self._find_open(first)
        if not brace and self.name(first) != name:
            raise TexError(
                tr("'\\end{{{found}}}' stands where '\\end{{{wanted}}}' is to stand",
                   found=shorten(name), wanted=shorten(self.name(first))), token.at,
            )  # fmt: skip
        return first

    def _find_open(self, number: int) -> TexError:
        """What is said of something that is never closed."""
        token = self.tokens[number]
        if token.text == "{":
            return TexError(tr("'{{' is never closed"), token.at)
        name = shorten(self.name(number))
        return TexError(tr("'\\begin{{{name}}}' has no '\\end{{{name}}}'", name=name), token.at)

    def name(self, number: int) -> str:
        """The name of the environment that begins or ends at a token."""
        at = self.skip(number + 1, len(self.tokens))
        if at == len(self.tokens) or self.tokens[at].text != "{":
            return ""
        name = ""
        for token in self.tokens[at + 1 : at + 1 + LONGEST]:
            if token.text == "}":
                return name.strip()
            name += token.text
        return ""

    def skip(self, at: int, end: int) -> int:
        """The next position that has no white space."""
        while at < end and self.tokens[at].text.isspace():
            at += 1
        return at

    def after(self, number: int) -> int:
        """The position behind the `{name}` of an environment's `\\begin` or `\\end`."""
        return self.groups[self.skip(number + 1, len(self.tokens))] + 1

    def argument(self, at: int, end: int) -> tuple[int, int, int] | None:
        """The inside of the argument from a position on, and the position behind it."""
        at = self.skip(at, end)
        if at >= end or self.tokens[at].text in ("}", "&", r"\\"):
            return None
        if at in self.groups:
            return at + 1, self.groups[at], self.groups[at] + 1
        return at, at + 1, at + 1

    def option(self, at: int, end: int) -> tuple[int, int, int] | None:
        """The same of what stands in brackets, if anything does."""
        at = self.skip(at, end)
        if at >= end or self.tokens[at].text != "[":
            return None
        inside = at + 1
        while inside < end:
            text = self.tokens[inside].text
            if text == "]":
                return at + 1, inside, inside + 1
            inside = self.groups.get(inside, inside) + 1
        return None

    def step(self, at: int) -> int:
        """The position behind what begins at one: a token, a group or an environment."""
        if at in self.groups:
            return self.groups[at] + 1
        if at in self.environments:
            return self.after(self.environments[at])
        return at + 1

    def text(self, start: int, end: int) -> str:
        return "".join(token.text for token in self.tokens[start:end])
