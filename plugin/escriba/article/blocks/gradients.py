"""The block `escriba gradients`: the norm of the gradient before clipping, from the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from escriba.article.blocks.series import (
    PROGRESS,
    Series,
    SeriesOptions,
    read_series,
    shared_unit,
    x_title,
)
from escriba.article.context import Context
from escriba.article.fences import Fence
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
from escriba.article.options import Body
from escriba.ground.errors import SourceError
from escriba.ground.language import tr
from escriba.ground.schema import Mistake
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


def render(fence: Fence, context: Context) -> str:
    """The HTML of a gradients block. Raises EscribaError with all of the block's mistakes."""
    body = Body(fence)
    options, series = read_series(body, context, GradientsOptions)
    for one in series:
        if not one.record.stretches:
            raise SourceError(
                tr("the record of the model '{name}' has no gradients", name=one.record.name),
                fence.place,
            )
    strings = context.theme.strings("blocks/strings.yml", context.lang)
    progress, unit = PROGRESS[options.x], shared_unit(series)
    moments = [progress(s) for one in series for s in one.record.stretches]
    x = across(moments, log=options.x_scale == "log")
    panels = [_draw_norms(options, series, x, strings, context.lang)]
    if any(s.clipped for one in series for s in one.record.stretches):
        top = panels[0].bottom + GAP + TITLE
        y = Scale(Decimal(0), Decimal(1), Decimal(top + SHARE_HEIGHT), Decimal(top))
        lines = [
            Line(one.number, "strong", [(progress(s), s.clipped) for s in one.record.stretches])
            for one in series
            if one.record.clipped
        ]
        title = strings["gradients-share"]
        panels.append(draw_panel(title, x, y, lines, context.lang, count=2, notation="percent"))
    figure = GradientsFigure(
        chart=Chart(
            panels[-1].bottom + AXIS,
            strings[x_title(options.x, unit)],
            draw_axis(x, context.lang),
            tuple(panels),
        ),
        norms=tuple(_tell(one) for one in series),
        unit=unit,
        caption=options.caption,
    )
    return context.theme.render(
        "blocks/gradients.html", figure=figure, lang=context.lang, t=strings
    )


def _draw_norms(
    options: GradientsOptions,
    series: Sequence[Series],
    x: Scale,
    strings: Mapping[str, str],
    lang: str,
) -> Panel:
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
    panel = draw_panel(strings["gradients-norm"], x, y, lines, lang, count=7, notation="powers")
    return replace(
        panel,
        rules=stack(
            [
                Rule(plain(y(clip)), strings["clip"].format(clip=format_number(clip, lang)))
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
