"""The block `escriba gradients`: the norm of the gradient before clipping, from the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from escriba.article.blocks.block import Block, Page, View
from escriba.article.blocks.series import (
    PROGRESS,
    Series,
    SeriesOptions,
    read_series,
    shared_unit,
    x_title,
)
from escriba.article.figures.chart import (
    AXIS,
    TITLE,
    Chart,
    Line,
    Panel,
    Rule,
    across,
    draw_axis,
    draw_panel,
    stack,
    upward,
)
from escriba.article.figures.curve import plain
from escriba.article.figures.scale import Scale
from escriba.article.source.body import Body
from escriba.evidence.question import Use
from escriba.ground.errors import SourceError
from escriba.ground.language import tr
from escriba.ground.schema import Mistake
from escriba.records.library import Library
from escriba.records.vocabulary import Unit
from escriba.templating.formats import format_number

HEIGHT, SHARE_HEIGHT = 220, 64  # pixels of the panels: norms, and share of steps clipped
GAP = 14


@dataclass(frozen=True, kw_only=True)
class GradientsOptions(SeriesOptions):
    """What an author writes in the block."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.y and self.y[0] <= 0:
            raise Mistake(tr("'y' must begin above 0: the axis is logarithmic"))


@dataclass(frozen=True)
class Norms:
    """What the figure tells of a series in words.

    `clip` is None if nothing was clipped, or if the record does not tell (`planned` is false);
    `largest` is None in an old record, and infinite if a norm was.
    """

    series: Series
    planned: bool
    clip: Decimal | None
    clipped: Decimal
    mean: Decimal
    largest: Decimal | None
    first: Decimal
    last: Decimal


@dataclass(frozen=True)
class GradientsFigure:
    """The figure as `blocks/gradients.html` sees it, under the name `figure`."""

    chart: Chart
    norms: tuple[Norms, ...]
    unit: Unit
    caption: str


@dataclass(frozen=True)
class Asked:
    """What a figure shows, none of which must be computed."""

    options: GradientsOptions
    series: tuple[Series, ...]
    uses: tuple[Use, ...] = ()


def ask(body: Body, library: Library) -> Asked:
    """The records of the models of a block."""
    options, series = read_series(body, library, GradientsOptions)
    for one in series:
        if not one.record.stretches:
            raise SourceError(
                tr("the record of the model '{name}' has no gradients", name=one.record.name),
                body.place,
            )
    return Asked(options, series)


def show(asked: Asked, page: Page) -> Iterator[View]:
    """The figure."""
    options, series, words = asked.options, asked.series, page.words
    progress, unit = PROGRESS[options.x], shared_unit(series)
    moments = [progress(s) for one in series for s in one.record.stretches]
    x = across(moments, log=options.x_scale == "log")
    panels = [_draw_norms(options, series, x, page)]
    if any(s.clipped for one in series for s in one.record.stretches):
        panels.append(_draw_shares(options, series, x, page, panels[0].bottom + GAP + TITLE))
    figure = GradientsFigure(
        chart=Chart(
            panels[-1].bottom + AXIS,
            words[x_title(options.x, unit)],
            draw_axis(x, page.lang),
            tuple(panels),
        ),
        norms=tuple(_tell(one) for one in series),
        unit=unit,
        caption=options.caption,
    )
    yield View("gradients", {"figure": figure})


BLOCK = Block(ask, show)


def _draw_shares(
    options: GradientsOptions, series: Sequence[Series], x: Scale, page: Page, top: int
) -> Panel:
    progress = PROGRESS[options.x]
    y = Scale(Decimal(0), Decimal(1), Decimal(top + SHARE_HEIGHT), Decimal(top))
    lines = [
        Line(one.number, "strong", [(progress(s), s.clipped) for s in one.record.stretches])
        for one in series
        if one.record.clipped
    ]
    title = page.words["gradients-share"]
    return draw_panel(title, x, y, lines, page.lang, count=2, notation="percent")


def _draw_norms(options: GradientsOptions, series: Sequence[Series], x: Scale, page: Page) -> Panel:
    progress = PROGRESS[options.x]
    lines: list[Line] = []
    for one in series:
        stretches = one.record.stretches
        largest = [(progress(s), s.largest) for s in stretches if s.largest is not None]
        lines.append(Line(one.number, "faint", largest, max))
        lines.append(Line(one.number, "strong", [(progress(s), s.gradient) for s in stretches]))
    clips = sorted({one.record.clip for one in series if one.record.clip})
    values = [value for line in lines for _, value in line.values]
    y = upward([*values, *clips], TITLE, HEIGHT, limits=options.limits, log=True)
    title = page.words["gradients-norm"]
    panel = draw_panel(title, x, y, lines, page.lang, count=7, notation="powers")
    return replace(
        panel,
        rules=stack(
            [
                Rule(
                    plain(y(clip)),
                    page.words["clip"].format(clip=format_number(clip, page.lang)),
                )
                for clip in clips
                if y.holds(clip)
            ],
            panel.bottom,
        ),
    )


def _tell(series: Series) -> Norms:
    record = series.record
    return Norms(
        series=series,
        planned=record.planned,
        clip=record.clip,
        clipped=record.clipped or Decimal(0),
        mean=record.gradient or Decimal(0),
        largest=record.largest,
        first=record.stretches[0].gradient,
        last=record.stretches[-1].gradient,
    )
