"""Series of numbers as lines: no more points than can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import groupby, pairwise

Point = tuple[Decimal, Decimal]  # across, from the left; then down from the top, or a value
Combine = Callable[[Sequence[Decimal]], Decimal]

# A path cannot be in percent, so it stands in an svg that is stretched from this width to the
# column's. It is near that of a column, so that little is lost where strokes are stretched, too.
WIDTH = 640
TENTH = Decimal("0.1")

COLUMNS = 160  # a curve has at most one point in each


def mean(values: Sequence[Decimal]) -> Decimal:
    """The mean of some values. Of equal stretches of steps, it is that of all their steps."""
    if not all(value.is_finite() for value in values):
        return Decimal("Infinity")
    return sum(values, Decimal(0)) / len(values)


def thin(
    values: Sequence[Point], place: Callable[[Decimal], Decimal], combine: Combine
) -> list[Point]:
    """The values of each column of a chart as one: their mean, or the largest of them.

    `values` go up in their first number, whose place in percent across is given by `place`.
    Means and maxima of neighbours are what a log with longer stretches would have recorded.
    """
    if len(values) <= COLUMNS:
        return list(values)
    groups = groupby(values, key=lambda value: int(place(value[0]) * COLUMNS / 100))
    columns = [list(group) for _, group in groups]
    return [(mean([x for x, _ in c]), combine([y for _, y in c])) for c in columns]


def clip(points: Sequence[Point], top: Decimal, bottom: Decimal) -> list[tuple[Point, ...]]:
    """The parts of a line that lie between two heights, cut where it crosses them."""
    if len(points) == 1 and top <= points[0][1] <= bottom:
        return [tuple(points)]
    parts: list[list[Point]] = []
    for one, other in pairwise(points):
        if max(one[1], other[1]) < top or min(one[1], other[1]) > bottom:
            continue
        start, end = _bring_in(one, other, top, bottom), _bring_in(other, one, top, bottom)
        if parts and parts[-1][-1] == start:
            parts[-1].append(end)
        else:
            parts.append([start, end])
    return [tuple(part) for part in parts]


def _bring_in(point: Point, other: Point, top: Decimal, bottom: Decimal) -> Point:
    """The point, or where the line from it to the other one enters what is shown."""
    x, y = point
    if top <= y <= bottom:
        return point
    level = top if y < top else bottom
    return (x + (other[0] - x) * (level - y) / (other[1] - y)).quantize(x), level


def spread(points: Sequence[Point], distance: Decimal) -> tuple[Point, ...]:
    """Points so far from each other across that markers on them do not touch; the last is kept."""
    kept: list[Point] = []
    for point in reversed(points):
        if not kept or kept[-1][0] - point[0] >= distance:
            kept.append(point)
    return tuple(reversed(kept))


def path(points: Sequence[Point]) -> str:
    """The `d` of an SVG path through the points; of one point, a line of no length.

    >>> path([(Decimal("1.50"), Decimal(2)), (Decimal(3), Decimal("4.0"))])
    'M1.5 2L3 4'
    """
    text = "".join(
        f"{'L' if index else 'M'}{plain(x)} {plain(y)}" for index, (x, y) in enumerate(points)
    )
    return text + "h0" if len(points) == 1 else text


def stretch(across: Decimal) -> Decimal:
    """Percent of the width → the units across of a path's own svg."""
    return (across * WIDTH / 100).quantize(TENTH)


def plain(number: Decimal) -> str:
    """A number as SVG reads it, as short as it can be: 12.50 → 12.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
