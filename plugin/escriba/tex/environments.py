"""Environments: tables, equations that are numbered, and formulas of several lines.

What math-core has an environment for, and nothing in it that it does not know, is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from escriba.ground.errors import shorten, suggest
from escriba.ground.language import tr
from escriba.tex import mathml
from escriba.tex.columns import Column, is_plain, read_columns
from escriba.tex.formula import Formula
from escriba.tex.kinds import ENVIRONMENTS, KINDS, NUMBERED, Kind
from escriba.tex.rows import ENDS, Row, Tag, read_rows, read_tag
from escriba.tex.tables import repeat, write_table
from escriba.tex.tokens import TexError, Token

_COUNTED = frozenset(("alignedat", "alignat", "xalignat", "xxalignat"))  # {2}: how many pairs
_WRAPPERS = frozenset(("displaymath", "math", "subequations", "spreadlines", "center"))
_PLACED = frozenset((
    "array", "aligned", "alignedat", "gathered", "split", "multlined", "darray", "tabular", "cases",
    "matrix", "equation",
))  # fmt: skip
_OWN = frozenset((
    r"\cline", r"\cdashline", r"\multicolumn", r"\intertext", r"\shortintertext", r"\cmidrule",
    r"\toprule", r"\midrule", r"\bottomrule", r"\shoveleft", r"\shoveright", r"\noalign",
    r"\firsthline", r"\lasthline", r"\rowcolor",
))  # fmt: skip


def write_lines(formula: Formula) -> str:
    """A whole formula: one line, or several between `\\\\`; with its number, if it has one."""
    end = len(formula.tokens)
    rows = read_rows(formula, 0, end) if _has_lines(formula, end) else [Row([(0, end)])]
    labelled = formula.display  # a label that is referred to gives it a number
    tags = [
        read_tag(formula, *row.span, numbered=False, labelled=labelled) for row in rows if row.cells
    ]
    if len(rows) == 1 and not tags[0]:
        return formula.part(0, end)
    kind = Kind("c", style="display" if formula.display else "text")
    if not formula.display:
        return write_table(formula, rows, kind, [Column()], tags)
    return write_table(formula, rows, replace(kind, wide=any(tags)), [Column()], tags)


def _has_lines(formula: Formula, end: int) -> bool:
    """Whether a line ends outside of all environments; a table needs one around it."""
    at, found = 0, False
    while at < end:
        if formula.tokens[at].text == "&":
            return False
        found = found or formula.tokens[at].text in ENDS
        at = formula.structure.step(at)
    return found


def write_environment(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\begin{…}…\\end{…}`."""
    structure = formula.structure
    close = structure.environments[at]
    name, start, after = structure.name(at), structure.after(at), structure.after(close)
    plain = name.removesuffix("*")
    kind = KINDS.get(name) or (KINDS.get(plain) if plain in NUMBERED or plain == name else None)
    if name in _WRAPPERS:
        out += formula.write(start, close)
        return after
    if kind is None and not mathml.knows(rf"\begin{{{name}}}x\end{{{name}}}"):
        near = suggest(name, {*ENVIRONMENTS, *formula.page.macros.environments}, ())
        message = tr('unknown environment "{name}"', name=shorten(name)) + near
        raise TexError(message, formula.at(at))
    if kind is None:
        out += formula.tokens[at:start]
        out += formula.write(start, close)
        out += formula.tokens[close:after]
        return after
    start, columns, plain_columns = _read_heads(formula, name, kind, start, close)
    rows = read_rows(formula, start, close)
    numbered = name in NUMBERED
    tags = _read_tags(formula, rows, name, numbered) if plain in NUMBERED else []
    native = kind.native and plain_columns and not numbered and not any(tags)
    if native and not _needs_own(formula, rows):
        first = structure.after(at)
        out += formula.tokens[at:first]
        if kind.given == "columns":
            head = structure.argument(start_of_columns(formula, first, close), close)
            assert head is not None
            out += formula.tokens[head[0] - 1 : head[2]]
        out += formula.write(start, close)
        out += formula.tokens[close:after]
        return after
    before, formula.display = formula.display, kind.style == "display"
    html = write_table(formula, rows, kind, columns, tags)
    formula.display = before
    out.append(formula.place(html, formula.at(at)))
    return after


def write_plain(name: str, formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """Plain TeX's `\\pmatrix{a & b \\cr c & d}`; without braces it is no table."""
    inside = formula.structure.skip(at + 1, end)
    if inside not in formula.structure.groups:
        out.append(formula.tokens[at])
        return at + 1
    close = formula.structure.groups[inside]
    kind = KINDS[name]
    rows = read_rows(formula, inside + 1, close)
    before, formula.display = formula.display, kind.style == "display"
    html = write_table(formula, rows, kind, repeat(kind.columns, rows), [])
    formula.display = before
    out.append(formula.place(html, formula.at(at)))
    return close + 1


def start_of_columns(formula: Formula, at: int, end: int) -> int:
    """The position behind the `[t]` that may come before a description of columns."""
    option = formula.structure.option(at, end)
    return option[2] if option else at


def _read_heads(
    formula: Formula, name: str, kind: Kind, at: int, end: int
) -> tuple[int, list[Column], bool]:
    """What follows `\\begin{…}`: the position behind it, the columns that it tells, and whether
    math-core understands it."""
    structure = formula.structure
    columns: list[Column] = []
    plain = True
    if kind.given == "side":
        if option := structure.option(at, end):
            side = structure.text(option[0], option[1]).strip()
            columns = [Column(side if side in "lcr" and side else "c")]
            at = option[2]
    elif name in _PLACED and (option := structure.option(at, end)):
        place = structure.text(option[0], option[1]).strip()
        if place in ("t", "b", "c", "T", "B", "C"):
            at = option[2]
    if kind.given == "columns":
        start, stop, at = formula.argument(at, end, at)
        plain = at > stop and is_plain(formula, start, stop)
        columns = read_columns(formula, start, stop)
    elif name.removesuffix("*") in _COUNTED or name == "numcases":
        at = formula.argument(at, end, at)[2]
    return at, columns, plain


def _read_tags(
    formula: Formula, rows: Sequence[Row], name: str, numbered: bool
) -> list[Tag | None]:
    """The numbers of the rows; an equation has one, and so has a multline, in its last."""
    full = [row for row in rows if row.cells]
    if name.rstrip("*") in ("equation", "multline") and full:
        whole = read_tag(formula, full[0].span[0], full[-1].span[1], numbered=numbered)
        tags: list[Tag | None] = [*[None] * (len(full) - 1), whole]
    else:
        tags = [read_tag(formula, *row.span, numbered=numbered) for row in full]
    return tags


def _needs_own(formula: Formula, rows: Sequence[Row]) -> bool:
    """Whether something in a table is not known to math-core."""
    if not rows[-1].cells:  # lines below the last row
        return True
    for row in rows:
        if row.gap > 0 or row.words or len(row.lines) > 1:
            return True
        if any(last < 999 for _, _, last in row.lines):
            return True
        for start, end in row.cells:
            at = start
            while at < end:
                if formula.tokens[at].text in _OWN:
                    return True
                at = formula.structure.step(at)
    return False
