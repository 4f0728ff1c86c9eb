"""Spaces, sizes, and what is shown higher, lower or without a size of its own."""

from __future__ import annotations

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.formula import Formula
from escriba.tex.lengths import to_em, written
from escriba.tex.text import show_text
from escriba.tex.tokens import TexError, Token

SIZES = {
    "tiny": 50, "Tiny": 60, "scriptsize": 70, "small": 85, "normalsize": 100, "large": 120,
    "Large": 144, "LARGE": 173, "huge": 207, "Huge": 249,
}  # fmt: skip


def smash(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\smash[b]{x}`: shown, but without a height or a depth."""
    option = formula.structure.option(at + 1, end)
    part = formula.structure.text(option[0], option[1]).strip() if option else ""
    start, stop, after = formula.argument(option[2] if option else at + 1, end, at)
    sizes = {"t": ' height="0"', "b": ' depth="0"'}.get(part, ' height="0" depth="0"')
    html = f"<mpadded{sizes}>{formula.part(start, stop)}</mpadded>"
    out.append(formula.place(html, formula.at(at)))
    return after


def lap(name: str, formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\mathrlap{x}`: shown, but without a width."""
    start, stop, after = formula.argument(at + 1, end, at)
    inner = formula.row(start, stop)
    html = f'<mpadded width="0" class="tex-{name}">{inner}</mpadded>'
    out.append(formula.place(html, formula.at(at)))
    return after


def resize(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\large`, for the rest of its group."""
    size = SIZES[formula.tokens[at].text[1:]]
    stop = formula.scope(at + 1, end)
    inner = formula.part(at + 1, stop)
    html = f'<mstyle mathsize="{size}%">{inner}</mstyle>'
    out.append(formula.place(html, formula.at(at)))
    return stop


def write_space(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\hspace*{1em}`, `\\mspace{3mu}`; a vertical one has no place within a line."""
    start = formula.star(at + 1, end)[1]
    word, after = formula.word(start, end, at)
    if formula.tokens[at].text in (r"\vspace", r"\vskip"):
        return after
    length = to_em(word)
    if length is None:
        raise TexError(
            tr("'{length}' is no length; write one such as 1em, 3mu or 6pt", length=shorten(word)),
            formula.at(start),
        )
    out.append(formula.place(f'<mspace width="{written(length)}"/>', formula.at(at)))
    return after


def skip(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\hskip 1em plus 2em`, `\\kern3pt`."""
    length, after = read_length(formula, at + 1, end, at)
    for word in ("plus", "minus"):
        inside = formula.structure.skip(after, end)
        if formula.structure.text(inside, min(end, inside + len(word))) == word:
            _, after = read_length(formula, inside + len(word), end, at)
    out.append(formula.place(f'<mspace width="{written(length)}"/>', formula.at(at)))
    return after


def read_length(formula: Formula, at: int, end: int, of: int) -> tuple[float, int]:
    """A length without braces: the longest that can be read."""
    at = formula.structure.skip(at, end)
    if at in formula.structure.groups:
        close = formula.structure.groups[at]
        found = to_em(formula.structure.text(at + 1, close))
        if found is not None:
            return found, close + 1
    for stop in range(min(end, at + 16), at, -1):
        found = to_em(formula.structure.text(at, stop))
        if found is not None:
            return found, stop
    raise TexError(
        tr("'{command}' wants a length such as 1em, 3mu or 6pt",
           command=formula.tokens[of].text), formula.at(at),
    )  # fmt: skip


def write_rule(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\rule[depth]{width}{height}`."""
    option = formula.structure.option(at + 1, end)
    width, after = formula.word(option[2] if option else at + 1, end, at)
    height, after = formula.word(after, end, at)
    raised = to_em(formula.structure.text(option[0], option[1])) if option else 0.0
    sizes = to_em(width), to_em(height)
    if raised is None or sizes[0] is None or sizes[1] is None:
        raise TexError(
            tr("'{command}' wants lengths such as 1em, 3mu or 6pt", command=r"\rule"),
            formula.at(at),
        )
    top, depth = written(sizes[1] + raised), written(max(0.0, -raised))
    html = (
        f'<mspace width="{written(sizes[0])}" height="{top}" depth="{depth}" '
        'mathbackground="currentcolor"/>'
    )
    out.append(formula.place(html, formula.at(at)))
    return after


def raise_box(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\raise 2pt x`, `\\lower`, `\\raisebox{2pt}{x}`."""
    name = formula.tokens[at].text
    length, after = read_length(formula, at + 1, end, at)
    after = formula.structure.skip(after, end)
    made: list[Token] = []
    if after >= end:
        raise TexError(
            tr("'{command}' wants an argument in braces here", command=name), formula.end
        )
    if name == r"\raisebox":
        start, stop, after = formula.argument(after, end, at)
        inner = show_text(formula, start, stop)
    else:
        after = formula.write_next(after, end, made)
        inner = formula.translate(made)
    sign = -1 if name in (r"\lower",) else 1
    html = f'<mpadded voffset="{written(sign * length)}">{inner}</mpadded>'
    out.append(formula.place(html, formula.at(at)))
    return after
