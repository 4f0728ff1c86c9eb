"""A formula without its macros: each name gives way to what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.definitions import DEFINITIONS
from escriba.tex.input import Input
from escriba.tex.macros import Macro, Macros, is_parameter
from escriba.tex.tokens import Primitive, TexError, Token

CALLS = 1_000  # macros that one formula writes out
CALLS_IN_ALL = 200_000  # that all formulas of a page do

_PREFIXES = frozenset((r"\global", r"\long", r"\outer", r"\protected", r"\relax", r"\protect"))


def expand(macros: Macros, tokens: Sequence[Token], end: int) -> list[Token]:
    """Tokens without macros; those that they define are known from here on. `end` is the length of
    the formula. Raises TexError."""
    return _Expansion(macros, Input(tokens, end)).run()


class _Expansion:
    """One formula, read from left to right; what a macro brings is read next."""

    def __init__(self, macros: Macros, source: Input):
        self.macros = macros
        self.input = source
        self.done: list[Token] = []
        self.calls = 0

    def run(self) -> list[Token]:
        while self.input.rest:
            token = self.input.pop()
            name = token.text
            if name[0] != "\\" or isinstance(token, Primitive):
                self.done.append(token)
            elif name in self.macros.commands:
                self.call(self.macros.commands[name], token)
            elif name in DEFINITIONS:
                DEFINITIONS[name](self.macros, self.input, token)
            elif name in (r"\begin", r"\end") and self.macros.environments:
                self.environment(token)
            elif name not in _PREFIXES:
                self.done.append(token)
        return self.done

    def call(self, macro: Macro, token: Token) -> None:
        body = macro.body
        if macro.starred is not None and self.input.star():
            body = macro.starred
        self.push(body, self.arguments(macro, token), token)

    def push(self, body: Sequence[Token], arguments: Mapping[str, list[Token]], of: Token) -> None:
        self.calls += 1
        self.macros.calls += 1
        if self.macros.calls > CALLS_IN_ALL:
            raise TexError(
                tr("the formulas of this page write out more than {most} macros",
                   most=CALLS_IN_ALL), of.at,
            )  # fmt: skip
        if self.calls > CALLS:
            raise TexError(
                tr("'{command}' leads to more than {most} macros; one may name itself",
                   command=shorten(of.text), most=CALLS), of.at,
            )  # fmt: skip
        made: list[Token] = []
        doubled = False
        for token in body:
            if doubled or token.text not in arguments:
                made.append(type(token)(token.text, of.at))
            else:
                made += arguments[token.text]
            doubled = token.text == "#"  # ##1: of a macro that this one defines
            if doubled:
                made.pop()
        self.input.put(made)

    def arguments(self, macro: Macro, token: Token) -> dict[str, list[Token]]:
        found: dict[str, list[Token]] = {}
        for number, part in enumerate(macro.pattern):
            if not is_parameter(part):
                self.input.expect(part, token)
            elif not number and macro.default is not None:
                option = self.input.option()
                found[part] = list(macro.default) if option is None else option
            elif marks := _marks(macro.pattern, number):
                found[part] = self.input.delimited(marks, token)
            else:
                found[part] = self.input.argument(token)
        return found

    def environment(self, token: Token) -> None:
        named = self.input.argument(token)
        name = "".join(part.text for part in named).strip()
        if name not in self.macros.environments:
            self.done += [token, Token("{", token.at), *named, Token("}", token.at)]
            return
        begin, end = self.macros.environments[name]
        if token.text == r"\begin":
            self.push(begin.body, self.arguments(begin, token), token)
        else:
            self.push(end, {}, token)


def _marks(pattern: Sequence[str], number: int) -> tuple[str, ...]:
    """The marks after a parameter."""
    after = pattern[number + 1 : number + 2]
    return tuple(part for part in after if not is_parameter(part))
