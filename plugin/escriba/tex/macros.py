"""Macros: what an author defines, and its names written out.

Definitions hold for the rest of the page, wherever they are made, and take the place of earlier
ones and of TeX's own commands, as in MathJax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.tokens import Primitive, TexError, Token, cut

CALLS = 1_000  # macros that one formula writes out
CALLS_IN_ALL = 200_000  # that all formulas of a page do
WORK = 200_000  # tokens that its macros read

_PREFIXES = frozenset((r"\global", r"\long", r"\outer", r"\protected", r"\relax", r"\protect"))


@dataclass(frozen=True, slots=True)
class Macro:
    """A name's meaning. `pattern` is what follows the name: parameters, and marks between them;
    the first parameter may be left out where there is a `default`. `starred` is what the name with
    an asterisk means, if anything else."""

    pattern: tuple[str, ...]
    body: tuple[Token, ...]
    default: tuple[Token, ...] | None = None
    starred: tuple[Token, ...] | None = None


@dataclass
class Macros:
    """The macros of a page, by name (`\\\\R`), and its environments: what begins and ends each."""

    commands: dict[str, Macro] = field(default_factory=dict)
    environments: dict[str, tuple[Macro, tuple[Token, ...]]] = field(default_factory=dict)
    calls: int = 0

    @classmethod
    def read(cls, named: Mapping[str, str]) -> Macros:
        """Of a site or a post: name → TeX, in which `#1` is the first argument."""
        return cls({f"\\{name.lstrip(chr(92))}": read_macro(tex) for name, tex in named.items()})

    def expand(self, tokens: Sequence[Token], end: int) -> list[Token]:
        """Tokens without macros; those that they define are known from here on. `end` is the length
        of the formula. Raises TexError."""
        return _Expansion(self, tokens, end).run()


def read_macro(tex: str) -> Macro:
    """A macro from its TeX alone, with as many arguments as it mentions."""
    body = tuple(cut(tex))
    count = max((int(t.text[1]) for t in body if _is_parameter(t.text)), default=0)
    return Macro(_numbered(count), body)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"#{number}" for number in range(1, count + 1))


def _is_parameter(text: str) -> bool:
    return len(text) == 2 and text[0] == "#" and text[1] in "123456789"


class _Expansion:
    """One formula, read from left to right; what a macro brings is read next."""

    def __init__(self, macros: Macros, tokens: Sequence[Token], end: int):
        self.macros = macros
        self.rest = list(reversed(tokens))
        self.end = end
        self.done: list[Token] = []
        self.calls = 0
        self.work = 0

    def run(self) -> list[Token]:
        while self.rest:
            token = self.pop()
            name = token.text
            if name[0] != "\\" or isinstance(token, Primitive):
                self.done.append(token)
            elif name in self.macros.commands:
                self.call(self.macros.commands[name], token)
            elif name in _DEFINITIONS:
                _DEFINITIONS[name](self, token)
            elif name in (r"\begin", r"\end") and self.macros.environments:
                self.environment(token)
            elif name not in _PREFIXES:
                self.done.append(token)
        return self.done

    # -- reading

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

    def name(self, of: Token) -> str:
        """The command that a definition is for, in braces or not."""
        tokens = [token for token in self.argument(of) if not token.text.isspace()]
        if len(tokens) != 1 or tokens[0].text[0] != "\\":
            raise TexError(
                tr("'{command}' wants the name of a command, as in \\name",
                   command=of.text), of.at,
            )  # fmt: skip
        return tokens[0].text

    def star(self) -> bool:
        return self.next_is("*") and bool(self.pop())

    # -- calls

    def call(self, macro: Macro, token: Token) -> None:
        body = macro.body
        if macro.starred is not None and self.star():
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
        self.work += len(made)
        self.rest += reversed(made)

    def arguments(self, macro: Macro, token: Token) -> dict[str, list[Token]]:
        found: dict[str, list[Token]] = {}
        for number, part in enumerate(macro.pattern):
            if not _is_parameter(part):
                self.expect(part, token)
            elif not number and macro.default is not None:
                option = self.option()
                found[part] = list(macro.default) if option is None else option
            elif marks := _marks(macro.pattern, number):
                found[part] = self.delimited(marks, token)
            else:
                found[part] = self.argument(token)
        return found

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

    def environment(self, token: Token) -> None:
        named = self.argument(token)
        name = "".join(part.text for part in named).strip()
        if name not in self.macros.environments:
            self.done += [token, Token("{", token.at), *named, Token("}", token.at)]
            return
        begin, end = self.macros.environments[name]
        if token.text == r"\begin":
            self.push(begin.body, self.arguments(begin, token), token)
        else:
            self.push(end, {}, token)

    # -- definitions

    def define(self, token: Token) -> None:
        """`\\newcommand{\\name}[2][default]{body}`, and its relatives."""
        self.star()
        name = self.name(token)
        macro = self.declared(token)
        if token.text != r"\providecommand" or name not in self.macros.commands:
            self.macros.commands[name] = macro

    def declared(self, token: Token) -> Macro:
        """How many arguments, what the first is if it is left out, and the body."""
        count, default = self.option(), None
        if count is not None:
            default = self.option()
        number = "".join(part.text for part in count or ()).strip() or "0"
        if number not in tuple("0123456789"):
            raise TexError(
                tr("'{command}' takes at most 9 arguments, and not '{number}'",
                   command=token.text, number=shorten(number)), token.at,
            )  # fmt: skip
        body = tuple(self.argument(token))
        return Macro(_numbered(int(number)), body, None if default is None else tuple(default))

    def define_environment(self, token: Token) -> None:
        self.star()
        name = "".join(part.text for part in self.argument(token)).strip()
        begin = self.declared(token)
        self.macros.environments[name] = begin, tuple(self.argument(token))

    def command(self, token: Token) -> str:
        """The command that is to be defined. Raises TexError."""
        self.skip_space()
        if not self.rest or self.rest[-1].text[0] != "\\":
            raise TexError(
                tr("'{command}' wants the name of a command, as in \\name",
                   command=token.text), token.at,
            )  # fmt: skip
        return self.pop().text

    def define_plain(self, token: Token) -> None:
        """`\\def\\name#1,#2{body}`."""
        name = self.command(token)
        pattern: list[str] = []
        while self.rest and self.rest[-1].text != "{":
            part = self.pop().text
            if part not in pattern or not _is_parameter(part):
                pattern.append(part)
        if pattern and pattern[0].isspace():
            del pattern[0]
        self.macros.commands[name] = Macro(tuple(pattern), tuple(self.argument(token)))

    def alias(self, token: Token) -> None:
        """`\\let\\name=\\other`."""
        name = self.command(token)
        if self.next_is("="):
            self.pop()
            self.skip_space()
        if not self.rest:
            raise TexError(tr("'\\let' wants what the name is to mean"), token.at)
        other = self.pop()
        same = self.macros.commands.get(other.text)
        if other.text != name:
            self.macros.commands[name] = same or Macro((), (Primitive(*other),))

    def operator(self, token: Token) -> None:
        star = "*" if self.star() else ""
        name = self.name(token)
        body = self.argument(token)
        before = cut(rf"\operatorname{star}{{")
        self.macros.commands[name] = Macro((), (*before, *body, *cut("}")))

    def paired(self, token: Token) -> None:
        """`\\DeclarePairedDelimiter{\\abs}{\\lvert}{\\rvert}`; with an asterisk they grow."""
        name = self.name(token)
        left, right = self.argument(token), self.argument(token)
        inside = Token("#1", token.at)
        self.macros.commands[name] = Macro(
            ("#1",),
            (*left, inside, *right),
            starred=(*cut(r"\left"), *left, inside, *cut(r"\right"), *right),
        )

    def require(self, token: Token) -> None:
        self.argument(token)  # all that can be read is known already


def _marks(pattern: Sequence[str], number: int) -> tuple[str, ...]:
    """The marks after a parameter."""
    after = pattern[number + 1 : number + 2]
    return tuple(part for part in after if not _is_parameter(part))


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


_DEFINITIONS: Mapping[str, Callable[[_Expansion, Token], None]] = {
    r"\newcommand": _Expansion.define,
    r"\renewcommand": _Expansion.define,
    r"\providecommand": _Expansion.define,
    r"\DeclareRobustCommand": _Expansion.define,
    r"\def": _Expansion.define_plain,
    r"\gdef": _Expansion.define_plain,
    r"\edef": _Expansion.define_plain,
    r"\xdef": _Expansion.define_plain,
    r"\let": _Expansion.alias,
    r"\newenvironment": _Expansion.define_environment,
    r"\renewenvironment": _Expansion.define_environment,
    r"\DeclareMathOperator": _Expansion.operator,
    r"\DeclarePairedDelimiter": _Expansion.paired,
    r"\require": _Expansion.require,
    r"\usepackage": _Expansion.require,
}
