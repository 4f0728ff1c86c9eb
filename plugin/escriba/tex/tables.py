"""Environments: tables, equations that are numbered, and formulas of several lines.

What math-core has an environment for, and nothing in it that it does not know, is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from escriba.ground.errors import shorten, suggest
from escriba.ground.language import tr
from escriba.tex import mathml
from escriba.tex.columns import Column, is_plain, read_columns
from escriba.tex.formula import Formula
from escriba.tex.kinds import ENVIRONMENTS, KINDS, NUMBERED, Kind
from escriba.tex.lengths import written
from escriba.tex.rows import ENDS, Row, Tag, read_rows, read_tag
from escriba.tex.text import show_text
from escriba.tex.tokens import TexError, Token

_MOST = 1_000  # cells that lines and gaps add to a table


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
_STYLES = {
    "display": 'displaystyle="true" scriptlevel="0"',
    "text": 'displaystyle="false" scriptlevel="0"',
    "script": 'displaystyle="false" scriptlevel="1"',
}
# What makes a sign that follows one between two things; no other relation needs it.
_EMPTY = re.compile(r"\A<mrow></mrow>(?!<mo[^>]*>[+−±∓∔])")
_SIDES = {"l": ("tex-left",), "r": ("tex-right",), "c": ()}


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
        return _write_table(formula, rows, kind, [Column()], tags)
    return _write_table(formula, rows, replace(kind, wide=any(tags)), [Column()], tags)


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
    html = _write_table(formula, rows, kind, columns, tags)
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
    html = _write_table(formula, rows, kind, _repeat(kind.columns, rows), [])
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


def _repeat(columns: str, rows: Sequence[Row]) -> list[Column]:
    """The columns of a kind, as many as the rows have."""
    count = max((len(row.cells) for row in rows), default=1)
    made = []
    for number in range(count):
        align = columns[number % len(columns)]
        pair = columns == "rl"
        made.append(
            Column(align, flush_right=pair and align == "r", flush_left=pair and align == "l")
        )
    return made


def _write_table(
    formula: Formula,
    rows: Sequence[Row],
    kind: Kind,
    columns: Sequence[Column],
    tags: Sequence[Tag | None],
) -> str:
    """The MathML of a table; `tags` has one for each row with cells, or is empty."""
    full = [row for row in rows if row.cells]
    known = [*columns, *_repeat(kind.columns, full)[len(columns) :]]
    if kind.given == "side" and columns:
        known = [columns[0]] * max(len(row.cells) for row in full)
    margin = ("tex-margin" if kind.columns == "m" else "tex-half") if kind.wide else ""
    left = _MOST
    pieces = []
    for number, row in enumerate(full):
        if row.words:
            pieces.append(
                f'<mtr><mtd class="tex-left" columnspan="{len(known) + 2}">{row.words}</mtd></mtr>'
            )
        below = rows[-1].lines if row is full[-1] and not rows[-1].cells else ()
        cells = "".join(_write_cells(formula, row, known, kind, (number, len(full)), below))
        tag = tags[number] if tags else None
        pieces.append(f"<mtr>{_frame(cells, tag, margin, bool(any(tags)))}</mtr>")
        if row.gap > 0 and number + 1 < len(full) and left > len(known):
            left -= len(known)
            pieces.append(_write_gap(row.gap, known, bool(margin)))
    side = ' class="tex-wide"' if kind.wide else ""
    html = f"<mtable {_STYLES[kind.style]}{side}>{''.join(pieces)}</mtable>"
    if kind.left or kind.right:
        opening, closing = (escape(mark) or "\u2063" for mark in (kind.left, kind.right))
        return f"<mrow><mo>{opening}</mo>{html}<mo>{closing}</mo></mrow>"
    return html


def _frame(cells: str, tag: Tag | None, margin: str, tagged: bool) -> str:
    """A row's cells with what is at both sides of them."""
    if not margin:
        if not tagged:
            return cells
        return cells + (f'<mtd class="tex-apart">{tag.html}</mtd>' if tag else "<mtd></mtd>")
    name = f' id="{escape(tag.id)}"' if tag and tag.id else ""
    end = (
        f'<mtd class="{margin} tex-right"{name}>{tag.html}</mtd>'
        if tag
        else f'<mtd class="{margin}"></mtd>'
    )
    return f'<mtd class="{margin}"></mtd>{cells}{end}'


def _write_gap(gap: float, columns: Sequence[Column], margin: bool) -> str:
    cells = []
    for number, column in enumerate(columns):
        rules = [f"tex-right-{column.right}"] if column.right else []
        rules += [f"tex-left-{column.left}"] if column.left else []
        space = f'<mspace height="{written(gap)}"/>' if not number else ""
        cells.append(f'<mtd class="{" ".join(["tex-gap", *rules])}">{space}</mtd>')
    around = "<mtd></mtd>" if margin else ""
    return f"<mtr>{around}{''.join(cells)}{around}</mtr>"


def _write_cells(
    formula: Formula,
    row: Row,
    columns: Sequence[Column],
    kind: Kind,
    place: tuple[int, int],
    below: Sequence[tuple[str, int, int]],
) -> Iterator[str]:
    number = 0
    for start, end in row.cells:
        column = columns[number] if number < len(columns) else Column()
        span, column, start, end = _read_multicolumn(formula, start, end, column)
        classes = list(_classes(formula, kind, column, number, place))
        for side, lines in (("top", row.lines), ("bottom", below)):
            styles = [style for style, first, last in lines if first <= number + 1 <= last]
            if styles:
                classes.append(f"tex-{side}-{'double' if styles[1:] else styles[0]}")
        made = f' class="{" ".join(classes)}"' if classes else ""
        made += f' columnspan="{span}"' if span > 1 else ""
        yield f"<mtd{made}>{_write_cell(formula, column, start, end, number, kind)}</mtd>"
        number += span


def _write_cell(
    formula: Formula, column: Column, start: int, end: int, number: int, kind: Kind
) -> str:
    empty = formula.structure.skip(start, end) == end
    relation = kind.columns in ("rl", "rcl") and number % len(kind.columns) and not empty
    if kind.words and number and not empty:
        return show_text(formula, formula.structure.skip(start, end), end)
    before = [token for part in column.before for token in formula.write(*part)]
    after = [token for part in column.after for token in formula.write(*part)]
    lead = [Token("{}", formula.at(start))] if relation else []
    html = formula.translate([*before, *lead, *formula.write(start, end), *after])
    return _EMPTY.sub("", html) if relation else html


def _classes(
    formula: Formula, kind: Kind, column: Column, number: int, place: tuple[int, int]
) -> Iterator[str]:
    if kind.columns == "m":
        first, last = place[0] == 0, place[0] == place[1] - 1
        if place[1] > 1 and (first or last):
            yield "tex-left" if first else "tex-right"
        return
    yield from _SIDES[column.align]
    if column.flush_right:
        yield "tex-flush-right"
    if column.flush_left:
        yield "tex-flush-left"
    if kind.columns == "l" and not kind.given:  # cases
        yield "tex-flush-right"
        if number:
            yield "tex-apart"
    if column.left:
        yield f"tex-left-{column.left}"
    if column.right:
        yield f"tex-right-{column.right}"


def _read_multicolumn(
    formula: Formula, start: int, end: int, column: Column
) -> tuple[int, Column, int, int]:
    """How many columns a cell goes over, what it is aligned by, and what stands in it."""
    at = formula.structure.skip(start, end)
    if at >= end or formula.tokens[at].text != r"\multicolumn":
        return 1, column, start, end
    number, after = formula.word(at + 1, end, at)
    first, last, after = formula.argument(after, end, at)
    named = read_columns(formula, first, last) or [column]
    inside = formula.argument(after, end, at)
    span = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
    return max(1, min(span, 200)), named[0], inside[0], inside[1]
