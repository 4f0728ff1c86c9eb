"""The commands that define macros: each reads its arguments, and notes a macro of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.input import Input
from escriba.tex.macros import Macro, Macros, is_parameter, number_parameters
from escriba.tex.tokens import Primitive, TexError, Token, cut

Definition = Callable[[Macros, Input, Token], None]


def _define(macros: Macros, source: Input, token: Token) -> None:
    """`\\newcommand{\\name}[2][default]{body}`, and its relatives."""
    source.star()
    name = source.name(token)
    macro = _read_declared(source, token)
    if token.text != r"\providecommand" or name not in macros.commands:
        macros.commands[name] = macro


def _read_declared(source: Input, token: Token) -> Macro:
    """How many arguments, what the first is if it is left out, and the body."""
    count, default = source.option(), None
    if count is not None:
        default = source.option()
    number = "".join(part.text for part in count or ()).strip() or "0"
    if number not in tuple("0123456789"):
        raise TexError(
            tr("'{command}' takes at most 9 arguments, and not '{number}'",
               command=token.text, number=shorten(number)), token.at,
        )  # fmt: skip
    body = tuple(source.argument(token))
    return Macro(number_parameters(int(number)), body, None if default is None else tuple(default))


def _define_environment(macros: Macros, source: Input, token: Token) -> None:
    source.star()
    name = "".join(part.text for part in source.argument(token)).strip()
    begin = _read_declared(source, token)
    macros.environments[name] = begin, tuple(source.argument(token))


def _define_plain(macros: Macros, source: Input, token: Token) -> None:
    """`\\def\\name#1,#2{body}`."""
    name = source.command(token)
    pattern: list[str] = []
    while source.rest and source.rest[-1].text != "{":
        part = source.pop().text
        if part not in pattern or not is_parameter(part):
            pattern.append(part)
    if pattern and pattern[0].isspace():
        del pattern[0]
    macros.commands[name] = Macro(tuple(pattern), tuple(source.argument(token)))


def _let(macros: Macros, source: Input, token: Token) -> None:
    """`\\let\\name=\\other`."""
    name = source.command(token)
    if source.next_is("="):
        source.pop()
        source.skip_space()
    if not source.rest:
        raise TexError(tr("'\\let' wants what the name is to mean"), token.at)
    other = source.pop()
    same = macros.commands.get(other.text)
    if other.text != name:
        macros.commands[name] = same or Macro((), (Primitive(*other),))


def _define_operator(macros: Macros, source: Input, token: Token) -> None:
    star = "*" if source.star() else ""
    name = source.name(token)
    body = source.argument(token)
    before = cut(rf"\operatorname{star}{{")
    macros.commands[name] = Macro((), (*before, *body, *cut("}")))


def _define_paired(macros: Macros, source: Input, token: Token) -> None:
    """`\\DeclarePairedDelimiter{\\abs}{\\lvert}{\\rvert}`; with an asterisk they grow."""
    name = source.name(token)
    left, right = source.argument(token), source.argument(token)
    inside = Token("#1", token.at)
    macros.commands[name] = Macro(
        ("#1",),
        (*left, inside, *right),
        starred=(*cut(r"\left"), *left, inside, *cut(r"\right"), *right),
    )


def _require(macros: Macros, source: Input, token: Token) -> None:
    source.argument(token)  # all that can be read is known already


DEFINITIONS: Mapping[str, Definition] = {
    r"\newcommand": _define,
    r"\renewcommand": _define,
    r"\providecommand": _define,
    r"\DeclareRobustCommand": _define,
    r"\def": _define_plain,
    r"\gdef": _define_plain,
    r"\edef": _define_plain,
    r"\xdef": _define_plain,
    r"\let": _let,
    r"\newenvironment": _define_environment,
    r"\renewenvironment": _define_environment,
    r"\DeclareMathOperator": _define_operator,
    r"\DeclarePairedDelimiter": _define_paired,
    r"\require": _require,
    r"\usepackage": _require,
}
