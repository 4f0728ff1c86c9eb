"""Charts as `figures/chart.svg` draws them: panels over one horizontal axis.

Positions across are in percent of the width, and down in pixels: a chart is as wide as its
column, and its words are as large on a phone as on a desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from escriba.article.figures.curve import (
    WIDTH,
    Combine,
    Point,
    clip,
    mean,
    path,
    plain,
    spread,
    stretch,
    thin,
)
from escriba.article.figures.labels import Notation, label
from escriba.article.figures.scale import Scale, fit

LEFT, RIGHT = Decimal(9), Decimal("98.5")  # of the curves; lines of the grid run further
TITLE, AXIS = 34, 46  # pixels: the words over a panel, and those under the last one
MARKS_APART = Decimal(5)
WORDS = 14  # pixels from one line of words to the next
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Tick:
    """A line of the grid: where it is, what it says, and on which side (start, middle, end)."""

    at: str
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Curve:
    """A line. `series` counts from 1, and gives it colour, dashes and markers; `kind` its weight.

    `path` is in a width of `curve.WIDTH`; `marks` are the places of its markers, in percent.
    """

    series: int
    kind: str  # strong or faint
    path: str
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rule:
    """A level to compare with, at which end of its line the words stand (start or end), and how far
    below the line their own line is, in pixels."""

    at: str
    text: str
    anchor: str = "end"
    dy: str = "-4"


@dataclass(frozen=True)
class Peak:
    """A place on a curve that is pointed out, with the words beside it, if any."""

    series: int
    x: str
    y: str
    text: str
    text_y: str
    anchor: str


@dataclass(frozen=True)
class Panel:
    """One pair of axes: `top` and `bottom` in pixels from the top of the chart."""

    title: str
    top: int
    bottom: int
    ticks: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    rules: tuple[Rule, ...] = ()
    peaks: tuple[Peak, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Panels, one under the other, and the axis below them all. `width` is that of its paths."""

    height: int
    title: str  # of the axis
    ticks: tuple[Tick, ...]
    panels: tuple[Panel, ...]
    width: int = WIDTH


@dataclass(frozen=True)
class Line:
    """A series before it is drawn: (across, up) in its own units.

    `combine` makes one value of those that fall together.
    """

    series: int
    kind: str
    values: Sequence[tuple[Decimal, Decimal]]
    combine: Combine = mean
    marked: bool = False


def across(values: Sequence[Decimal], *, log: bool) -> Scale:
    """The horizontal scale of a chart: from zero, or the first value above it, to the last."""
    high = max(values)
    if log:
        low = min((v for v in values if v > 0), default=Decimal(1))
        low, high = (low, high) if high > low else (low / 2, low * 2)
    else:
        low = min(*values, Decimal(0))
        high = high if high > low else low + 1
    return Scale(low, high, LEFT, RIGHT, log=log, grain=HUNDREDTH)


def draw_axis(scale: Scale, lang: str) -> tuple[Tick, ...]:
    """The ticks of the horizontal axis; words at an end stay inside the chart."""
    values = scale.ticks(6 if scale.log else 5)
    return tuple(
        Tick(plain(at), text, side(at))
        for value, text in zip(values, label(values, lang, scale.log), strict=True)
        for at in (scale(value),)
    )


def side(at: Decimal) -> str:
    """On which side of a place its words stand (start, middle, end), so as to stay in the chart."""
    return "end" if at > 92 else "start" if at < 12 else "middle"


def upward(
    values: Sequence[Decimal],
    top: int,
    height: int,
    *,
    limits: tuple[Decimal, Decimal] | None = None,
    levels: Sequence[Decimal] = (),
    log: bool = False,
) -> Scale:
    """The vertical scale of a panel: as wide as the values and levels need, or within the limits,
    which give way on the side where there is a level beyond."""
    wide = fit([*(limits or values), *levels], log=log)
    low, high = limits or wide
    if limits and levels:
        low = wide[0] if min(levels) < low else low
        high = wide[1] if max(levels) > high else high
    return Scale(low, high, Decimal(top + height), Decimal(top), log=log)


def draw_panel(
    title: str,
    x: Scale,
    y: Scale,
    lines: Sequence[Line],
    lang: str,
    *,
    count: int = 5,
    notation: Notation = "prefixes",
) -> Panel:
    """A panel with its grid and curves; rules and peaks are added by whoever knows them."""
    values = y.ticks(count)
    ticks = tuple(
        Tick(plain(y(value)), text)
        for value, text in zip(values, label(values, lang, y.log, notation), strict=True)
    )
    curves = tuple(_draw(line, x, y) for line in lines if line.values)
    return Panel(title, int(y.end), int(y.start), ticks, curves)


def stack(rules: Sequence[Rule], bottom: int) -> tuple[Rule, ...]:
    """Rules whose words do not stand on those of another: above their own lines where there is
    room, else under the words above; and none below the bottom of the panel."""
    order = sorted(range(len(rules)), key=lambda number: Decimal(rules[number].at))
    words = {n: Decimal(rules[n].at) + Decimal(rules[n].dy) for n in order}
    for above, below in pairwise(order):
        words[below] = max(words[below], words[above] + WORDS)
    room = Decimal(bottom) + Decimal(Rule.dy)
    for number in reversed(order):
        words[number] = min(words[number], room)
        room = words[number] - WORDS
    return tuple(
        replace(rule, dy=plain(words[number] - Decimal(rule.at)))
        for number, rule in enumerate(rules)
    )


def _draw(line: Line, x: Scale, y: Scale) -> Curve:
    values = [value for value in line.values if x.holds(value[0])]
    points: list[Point] = [(x(a), y(up)) for a, up in thin(values, x, line.combine)]
    parts = clip(points, y.end, y.start)
    inside = [point for point in points if y.end <= point[1] <= y.start]
    marks = spread(inside, MARKS_APART) if line.marked else ()
    return Curve(
        line.series,
        line.kind,
        "".join(path([(stretch(a), down) for a, down in part]) for part in parts),
        tuple((plain(across), plain(down)) for across, down in marks),
    )
