"""Macros: what an author defines, for the rest of the page.

A definition takes the place of earlier ones and of TeX's own commands, as in MathJax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from escriba.tex.tokens import Token, cut


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


def read_macro(tex: str) -> Macro:
    """A macro from its TeX alone, with as many arguments as it mentions."""
    body = tuple(cut(tex))
    count = max((int(t.text[1]) for t in body if is_parameter(t.text)), default=0)
    return Macro(number_parameters(count), body)


def number_parameters(count: int) -> tuple[str, ...]:
    """`#1`, `#2` and so on."""
    return tuple(f"#{number}" for number in range(1, count + 1))


def is_parameter(text: str) -> bool:
    """Whether a token is `#1` to `#9`."""
    return len(text) == 2 and text[0] == "#" and text[1] in "123456789"
