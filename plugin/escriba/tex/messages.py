"""What math-core finds wrong with a formula, as the second half of a sentence of ours, with what is
to be done. What it says in other words than are known here stays as it is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from functools import lru_cache

from escriba.ground.errors import shorten, suggest
from escriba.ground.language import tr

_COMMON = frozenset(
    word
    for line in (
        "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi",
        "rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi",
        "Psi Omega frac dfrac sqrt sum prod int lim left right mathbb mathbf mathrm mathcal",
        "mathfrak operatorname hat bar tilde vec dot overline underline overbrace underbrace infty",
        "partial",
        "nabla forall exists leq geq neq approx equiv times cdot cdots ldots rightarrow leftarrow",
        "Rightarrow leftrightarrow in notin subset cup cap log exp sin cos tan tanh max min quad",
        "qquad text begin end binom langle rangle lVert rVert lvert rvert",
    )
    for word in line.split(" ")
)
_UNKNOWN = re.compile(r'unknown command "\\(.*)"', re.S)
_ENVIRONMENT = re.compile(r'unknown environment "(.*)"', re.S)
_BRACKET = re.compile(r'there must be a parenthesis after "([^"]*)"')


def explain(message: str, names: Collection[str], environments: Collection[str]) -> str:
    """A message of math-core's; `names` are commands, and `environments` those, that an author
    has defined."""
    message = message[:1].lower() + message[1:].removesuffix(".")
    if match := _UNKNOWN.fullmatch(message):
        own = frozenset(name[1:] for name in names)
        near = (_find_near(match[1], own) if own else "") or _find_near(match[1], _COMMON)
        remedy = near or "; " + tr("correct it, or define it in 'macros' of escriba.yml")
        return tr('unknown command "\\{name}"', name=shorten(match[1])) + remedy
    if match := _ENVIRONMENT.fullmatch(message):
        near = suggest(match[1], environments, ())
        return tr('unknown environment "{name}"', name=shorten(match[1])) + near
    if (match := _BRACKET.match(message)) and match[1] != r"\genfrac":
        command = "\\big" if "Big" in match[1] else match[1]
        return tr(
            "'{command}' wants a bracket after it, such as ( [ \\{{ | or, for none, a dot",
            command=command,
        )
    for start, words in _WORDS.items():
        if message.startswith(start):
            return words()
    return message


@lru_cache(256)
def _find_near(word: str, names: frozenset[str]) -> str:
    near = difflib.get_close_matches(word[:100], sorted(names), n=1, cutoff=0.75)
    return " " + tr("(did you mean '{name}'?)", name=near[0]) if near else ""


_WORDS: dict[str, Callable[[], str]] = {
    'there must be a parenthesis after "\\genfrac"': lambda: tr(
        "'\\genfrac' wants two brackets, a thickness, a style, and what is above and below"
    ),
    "expected argument but": lambda: tr("a command wants an argument in braces here"),
    "expected non-special ASCII": lambda: tr("only letters, digits and plain signs can stand here"),
    "duplicate subscript": lambda: tr(
        "two subscripts or two superscripts of one thing; put what they belong to in braces, as in "
        "{{a_b}}_c"
    ),
    'found "&"': lambda: tr("'&' divides cells, and this is no table; write '\\&' for the sign"),
    'found "\\limits"': lambda: tr(
        "'\\limits' stands after an operator; write \\mathop{{…}}\\limits after anything else"
    ),
    'expected closing token "\\right"': lambda: tr(
        "a '\\left' has no '\\right'; write '\\right.' for none that is seen"
    ),
    'unmatched closing token: "\\right"': lambda: tr(
        "a '\\right' has no '\\left'; write '\\left.' for none that is seen"
    ),
    'expected closing token "]"': lambda: tr("a '[' is never closed"),
    "found more than one infix": lambda: tr(
        "two fractions of \\over or its like in one group; put one of them in braces"
    ),
    "macro parameter found": lambda: tr("'#' belongs to macros; write '\\#' for the sign"),
    'unexpected "$"': lambda: tr("'$' ends and begins formulas; write '\\$' for the sign"),
    "switch-like commands": lambda: tr("a command that holds for all after it wants braces here"),
    "could not extract text": lambda: tr("only words can stand here"),
    "not valid in text mode": lambda: tr("this cannot stand within words; end the text before it"),
    "not valid in math mode": lambda: tr("this can stand within words only; put it in \\text{{…}}"),
}
