"""What stands above, below or at the corners of something: limits, fractions, roots."""

from __future__ import annotations

from escriba.tex.formula import Formula
from escriba.tex.lengths import written
from escriba.tex.spaces import read_length
from escriba.tex.tokens import Token, tokens_of

_FONTS = frozenset((
    r"\mathrm", r"\mathbf", r"\mathsf", r"\mathit", r"\mathcal", r"\mathbb", r"\mathfrak",
    r"\mathscr", r"\mathtt", r"\boldsymbol", r"\text", r"\operatorname",
))  # fmt: skip
_IN_NAMES = frozenset((r"\,", r"\ ", r"\;", r"\:", r"\!", r"\-"))


def operate(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\mathop{…}`, with its limits below and above it, or beside."""
    start, stop, after = formula.argument(at + 1, end, at)
    if formula.tokens[start].text in _FONTS and stop == after:  # \mathop\mathrm{max}
        stop = after = formula.argument(after, end, start)[2]
    html = formula.row(start, stop)
    limits, after = _read_limits(formula, after, end)
    name = r"\operatorname" if limits == r"\nolimits" else r"\operatorname*"
    before, mark = formula.at(at), formula.place(html, formula.at(start))
    out += (*tokens_of(name + "{", before), mark, Token("}", before))
    if limits == r"\limits":
        out.append(Token(limits, before))
    return after


def _read_limits(formula: Formula, at: int, end: int) -> tuple[str, int]:
    """Where the limits of an operator are to be, by the last word on it."""
    found = ""
    while True:
        inside = formula.structure.skip(at, end)
        if inside >= end or formula.tokens[inside].text not in (
            r"\limits", r"\nolimits", r"\displaylimits"
        ):  # fmt: skip
            return found, at
        found = formula.tokens[inside].text
        at = inside + 1


def limit(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\limits` after a group, which has its limits where they belong already."""
    if not out or out[-1].text != "}" or _is_operator(out):
        out.append(formula.tokens[at])
    return at + 1


def _is_operator(out: list[Token]) -> bool:
    """Whether the group that has just ended is the argument of `\\operatorname`."""
    depth = 0
    for number in range(len(out) - 1, max(-1, len(out) - 200), -1):
        depth += (out[number].text == "}") - (out[number].text == "{")
        if not depth:
            before = [token.text for token in out[max(0, number - 2) : number]]
            return r"\operatorname" in before
    return False


def name_operator(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\operatorname{…}`; math-core reads one that is a word."""
    star, after = formula.star(formula.structure.skip(at + 1, end), end)
    start, stop, after = formula.argument(after, end, at)
    name = formula.tokens[start:stop]
    if all(token.text in _IN_NAMES or token.text[0] != "\\" for token in name):
        out += formula.tokens[at:after]
        return after
    before = formula.at(at)
    name = [*tokens_of(r"\mathrm{", before), *formula.write(start, stop), Token("}", before)]
    mark = formula.place(f"<mrow>{formula.translate(name)}</mrow>", before)
    command = r"\operatorname*{" if star else r"\operatorname{"
    out += (*tokens_of(command, before), mark, Token("}", before))
    return after


def stack(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\substack{a \\\\ b}`."""
    start, stop, after = formula.argument(at + 1, end, at)
    before = formula.at(at)
    out += tokens_of(r"\begin{subarray}{c}", before)
    out += formula.write(start, stop)
    out += tokens_of(r"\end{subarray}", before)
    return after


def write_fraction(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\nicefrac{1}{2}`."""
    one, before = formula.argument(at + 1, end, at), formula.at(at)
    two = formula.argument(one[2], end, at)
    out += tokens_of("{}^{", before)
    out += formula.write(one[0], one[1])
    out += tokens_of(r"}\!/_{", before)
    out += formula.write(two[0], two[1])
    out += tokens_of("}", before)
    return two[2]


def write_above(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`{a \\above 1pt b}`: a fraction of all that is before it and after it in its group."""
    length, after = read_length(formula, at + 1, end, at)
    before = formula.at(at)
    numerator = list(out)
    out.clear()
    out += (*tokens_of(rf"\genfrac{{}}{{}}{{{written(length)}}}{{}}{{", before), *numerator)
    out += (*tokens_of("}{", before), *formula.write(after, end), Token("}", before))
    return end


def strike_to(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\cancelto{0}{x}`."""
    value, before = formula.argument(at + 1, end, at), formula.at(at)
    inside = formula.argument(value[2], end, at)
    out += tokens_of(r"{\cancel{", before)
    out += formula.write(inside[0], inside[1])
    out += tokens_of("}}^{", before)
    out += formula.write(value[0], value[1])
    out += tokens_of("}", before)
    return inside[2]


def over_under(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\overunderset{a}{b}{x}`."""
    rows = []
    after = at + 1
    for _ in range(3):
        start, stop, after = formula.argument(after, end, at)
        rows.append(formula.row(start, stop))
    over, under, base = rows
    out.append(formula.place(f"<munderover>{base}{under}{over}</munderover>", formula.at(at)))
    return after


def build(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\buildrel a \\over b`."""
    return _reverse(formula, at, end, out, (r"\over", r"\overset{", "}{"))


def root(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\root 3 \\of x`."""
    return _reverse(formula, at, end, out, (r"\of", r"\sqrt[{", "}]{"))


def _reverse(
    formula: Formula, at: int, end: int, out: list[Token], words: tuple[str, str, str]
) -> int:
    """What stands up to a word, and the argument behind it, as one command has them: the word, and
    what that command writes before and between both."""
    word, opening, between = words
    inside = at + 1
    while inside < end and formula.tokens[inside].text != word:
        inside = formula.structure.step(inside)
    start, stop, after = formula.argument(inside + 1, end, at)
    before = formula.at(at)
    out += (*tokens_of(opening, before), *formula.write(at + 1, inside))
    out += (*tokens_of(between, before), *formula.write(start, stop), Token("}", before))
    return after


def underaccent(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    accent = formula.argument(at + 1, end, at)
    base = formula.argument(accent[2], end, at)
    html = f"<munder>{formula.row(base[0], base[1])}{formula.row(accent[0], accent[1])}</munder>"
    out.append(formula.place(html, formula.at(at)))
    return base[2]


def ket_bra(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    one = formula.argument(at + 1, end, at)
    two = formula.argument(one[2], end, at)
    before = formula.at(at)
    out += (*tokens_of(r"\ket{", before), *formula.write(one[0], one[1]), Token("}", before))
    out += (*tokens_of(r"\bra{", before), *formula.write(two[0], two[1]), Token("}", before))
    return two[2]
