"""A recurrent network unrolled in time, as lines, boxes and arrows for `figures/unrolled.svg`.

Time runs from left to right and the layers from bottom to top. As in a chart, positions across
are in percent of the width, and down in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from escriba.article.figures.curve import WIDTH, plain, stretch

LABELS = Decimal(20)  # percent on the left, for the names of the rows
WIDEST = Decimal("6.5")  # percent: half of a box
ROOMY = Decimal(5)  # the half box from which a word fits in it, on a phone too
MARGIN, SYMBOL, BOX, GAP, SUM, SKIPPED = 18, 26, 28, 26, 20, 16  # heights in pixels
ALL_SHOWN = 6  # layers; of more, those in the middle are left out

Flow = Literal["up", "state", "shortcut", "faded"]


@dataclass(frozen=True)
class Row:
    """A row: `kind` is target, head, layer, skipped, embedding or input; `y` is its middle."""

    kind: str
    y: int
    layer: int = 0  # of layers, from 1


@dataclass(frozen=True)
class Box:
    """A cell at one moment: its upper left corner and its size."""

    x: str
    y: int
    width: str
    height: int
    middle: str
    kind: str


@dataclass(frozen=True)
class Stroke:
    """A line, as the `d` of an SVG path in a width of `curve.WIDTH`, and what flows along it."""

    flow: Flow
    path: str


@dataclass(frozen=True)
class Mark:
    """Something at a point: the head of an arrow (up, right), a sum, a symbol, or a zero."""

    kind: str
    x: str
    y: int
    column: int = 0


@dataclass(frozen=True)
class Unrolled:
    """The whole drawing. `worded` says that a word fits in each box."""

    height: int
    rows: tuple[Row, ...]
    boxes: tuple[Box, ...]
    strokes: tuple[Stroke, ...]
    marks: tuple[Mark, ...]
    worded: bool
    width: int = WIDTH


def unroll(moments: int, layers: int, *, residual: bool) -> Unrolled:
    """The drawing of so many moments of a network of so many layers."""
    rows, height = _stack(layers, residual)
    grid = _Grid(moments, residual)
    strokes: list[Stroke] = []
    marks: list[Mark] = []
    for column in range(moments):
        for below, above in pairwise(reversed(rows)):
            grid.climb(column, below, above, strokes, marks)
    for row in rows:
        if row.kind == "layer":
            grid.remember(row, strokes, marks)
    boxes = [
        grid.box(column, row)
        for row in rows
        if row.kind in ("head", "layer", "embedding")
        for column in range(moments)
    ]
    symbols = [
        Mark(row.kind, plain(grid.middle(column)), row.y, column)
        for row in (rows[0], rows[-1])
        for column in range(moments)
    ]
    return Unrolled(
        height, rows, tuple(boxes), tuple(strokes), (*marks, *symbols), grid.half >= ROOMY
    )


def _stack(layers: int, residual: bool) -> tuple[tuple[Row, ...], int]:
    """The rows from top to bottom, and the height of them all."""
    y = MARGIN
    rows = [Row("target", y)]
    y += SYMBOL // 2 + GAP + BOX // 2
    rows.append(Row("head", y))
    for number in _shown(layers):
        y += BOX + GAP + (SUM if residual and number else 0)
        rows.append(Row("layer" if number else "skipped", y, number))
    y += BOX + GAP
    rows.append(Row("embedding", y))
    y += BOX // 2 + GAP + SYMBOL // 2
    rows.append(Row("input", y))
    return tuple(rows), y + MARGIN


def _shown(layers: int) -> Iterator[int]:
    """The layers to draw, from the last to the first; 0 stands for those left out."""
    if layers <= ALL_SHOWN:
        yield from range(layers, 0, -1)
    else:
        yield from (layers, 0, 2, 1)


class _Grid:
    """Where the columns are."""

    def __init__(self, moments: int, residual: bool):
        self.moments = moments
        self.residual = residual
        self.pitch = (100 - LABELS) / moments
        self.half = min(WIDEST, self.pitch * Decimal("0.27"))
        self.room = self.pitch - 2 * self.half  # between two boxes

    def middle(self, column: int) -> Decimal:
        return (LABELS + self.pitch * (column + Decimal("0.5"))).quantize(Decimal("0.01"))

    def box(self, column: int, row: Row) -> Box:
        x = self.middle(column) - self.half
        return Box(
            _cut(x), row.y - BOX // 2, _cut(2 * self.half), BOX, _cut(self.middle(column)), row.kind
        )

    def climb(
        self, column: int, below: Row, above: Row, strokes: list[Stroke], marks: list[Mark]
    ) -> None:
        """What goes up from one row to the next and, around a layer, its shortcut."""
        x = self.middle(column)
        start, end = below.y - _half(below), above.y + _half(above)
        strokes.append(Stroke("up", f"M{_wide(x)} {start}V{end}"))
        if above.kind != "skipped":
            marks.append(Mark("up", _cut(x), end))
        if self.residual and below.kind == "layer":
            self._shortcut(column, below, strokes, marks)

    def _shortcut(self, column: int, row: Row, strokes: list[Stroke], marks: list[Mark]) -> None:
        """Around a layer, to the sum above it."""
        middle = self.middle(column)
        x, aside = _wide(middle), _wide(middle - self.half - self.room * Decimal("0.22"))
        fork, total = row.y + BOX // 2 + GAP // 2, row.y - BOX // 2 - SUM // 2 - 3
        strokes.append(
            Stroke(
                "shortcut",
                f"M{x} {fork}C{aside} {fork} {aside} {fork} {aside} {fork - 14}"
                f"V{total + 14}C{aside} {total} {aside} {total} {x} {total}",
            )
        )
        marks.append(Mark("sum", _cut(middle), total))

    def remember(self, row: Row, strokes: list[Stroke], marks: list[Mark]) -> None:
        """The state of a layer, from each moment to the next."""
        edge = self.middle(0) - self.half
        strokes.append(
            Stroke("faded", f"M{_wide(edge - self.room * Decimal('0.34'))} {row.y}H{_wide(edge)}")
        )
        marks.append(Mark("zero", _cut(edge - self.room / 2), row.y))
        for column in range(self.moments):
            start = self.middle(column) + self.half
            last = column == self.moments - 1
            end = start + (self.room / 2 if last else self.room)
            strokes.append(
                Stroke("faded" if last else "state", f"M{_wide(start)} {row.y}H{_wide(end)}")
            )
            marks.append(Mark("right", _cut(edge if last else end), row.y))


def _half(row: Row) -> int:
    """Half the height of what stands in a row."""
    return {"input": SYMBOL, "target": SYMBOL, "skipped": SKIPPED}.get(row.kind, BOX) // 2


def _wide(x: Decimal) -> str:
    return plain(stretch(x))


def _cut(x: Decimal) -> str:
    return plain(x.quantize(Decimal("0.01")))
