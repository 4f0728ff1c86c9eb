"""The MathML of a table: its rows, their cells, and what is at both sides of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from escriba.tex.columns import Column, read_columns
from escriba.tex.formula import Formula
from escriba.tex.kinds import Kind
from escriba.tex.lengths import written
from escriba.tex.rows import Row, Tag
from escriba.tex.text import show_text
from escriba.tex.tokens import Token

_MOST = 1_000  # cells that lines and gaps add to a table
_STYLES = {
    "display": 'displaystyle="true" scriptlevel="0"',
    "text": 'displaystyle="false" scriptlevel="0"',
    "script": 'displaystyle="false" scriptlevel="1"',
}
# What makes a sign that follows one between two things; no other relation needs it.
_EMPTY = re.compile(r"\A<mrow></mrow>(?!<mo[^>]*>[+−±∓∔])")
_SIDES = {"l": ("tex-left",), "r": ("tex-right",), "c": ()}


def write_table(
    formula: Formula,
    rows: Sequence[Row],
    kind: Kind,
    columns: Sequence[Column],
    tags: Sequence[Tag | None],
) -> str:
    """The MathML of a table; `tags` has one for each row with cells, or is empty."""
    full = [row for row in rows if row.cells]
    known = [*columns, *repeat(kind.columns, full)[len(columns) :]]
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


def repeat(columns: str, rows: Sequence[Row]) -> list[Column]:
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
