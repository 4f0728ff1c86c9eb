"""The block `escriba loss`: how the loss fell while models learned, from their records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from escriba.article.blocks.block import Block, Page, View
from escriba.article.blocks.series import (
    PROGRESS,
    Series,
    SeriesOptions,
    Spacing,
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
    Peak,
    Rule,
    across,
    draw_axis,
    draw_panel,
    side,
    stack,
    upward,
)
from escriba.article.figures.curve import plain
from escriba.article.figures.scale import Scale
from escriba.article.source.body import Body
from escriba.article.values.inline import find_measured
from escriba.evidence.question import Use
from escriba.ground.errors import SourceError, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.schema import Mistake
from escriba.records.evaluation import BASELINES
from escriba.records.library import Library
from escriba.records.training import Validation
from escriba.records.vocabulary import Unit
from escriba.templating.formats import format_number

HEIGHT = 230  # pixels of the panel
FEW = 2  # validations that are points, and not yet a curve


@dataclass(frozen=True, kw_only=True)
class LossOptions(SeriesOptions):
    """What an author writes in the block."""

    y_scale: Spacing = "linear"
    baselines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.y_scale == "log" and self.y and self.y[0] <= 0:
            raise Mistake(tr("'y' must begin above 0 with 'y-scale: log'"))


@dataclass(frozen=True)
class Level:
    """A loss to compare with, on the test part: its name in words, and its value."""

    name: str
    loss: Decimal


@dataclass(frozen=True)
class Course:
    """What the figure tells of a series in words. Losses in nats per symbol, None if unknown."""

    series: Series
    first: Decimal | None
    last: Decimal | None
    best: Validation | None
    faint: bool  # the training loss stands behind the validation loss


@dataclass(frozen=True)
class LossFigure:
    """The figure as `blocks/loss.html` sees it, under the name `figure`."""

    chart: Chart
    courses: tuple[Course, ...]
    levels: tuple[Level, ...]
    unit: Unit
    caption: str


@dataclass(frozen=True)
class Asked:
    """What a figure shows, none of which must be computed; `levels` are baselines and their
    losses."""

    options: LossOptions
    series: tuple[Series, ...]
    levels: tuple[tuple[str, Decimal], ...]
    uses: tuple[Use, ...] = ()


def ask(body: Body, library: Library) -> Asked:
    """The records of the models of a block, and what was measured of the first."""
    options, series = read_series(body, library, LossOptions)
    return Asked(options, series, _read_levels(body, options, library))


def show(asked: Asked, page: Page) -> Iterator[View]:
    """The figure."""
    options, series, words = asked.options, asked.series, page.words
    levels = tuple(Level(_name(key, words), loss) for key, loss in asked.levels)
    unit = shared_unit(series)
    x, y = _scales(options, series, levels)
    panel = draw_panel(words[f"loss-{unit}"], x, y, _lines(options, series), page.lang)
    panel = replace(
        panel,
        rules=stack([_rule(level, x, y, page.lang) for level in levels], panel.bottom),
        peaks=_peaks(options, series, x, y, panel, page.lang),
    )
    figure = LossFigure(
        chart=Chart(
            panel.bottom + AXIS,
            words[x_title(options.x, unit)],
            draw_axis(x, page.lang),
            (panel,),
        ),
        courses=tuple(_course(one) for one in series),
        levels=levels,
        unit=unit,
        caption=options.caption,
    )
    yield View("loss", {"figure": figure})


BLOCK = Block(ask, show)


def _read_levels(
    body: Body, options: LossOptions, library: Library
) -> tuple[tuple[str, Decimal], ...]:
    """The baselines, as `escriba evaluate` measured them for the first model."""
    name = options.names[0]
    keys = list(body.texts("baselines"))
    measures = find_measured(library, name, keys[0][1]) if keys else {}
    mistakes = Mistakes()
    levels: list[tuple[str, Decimal]] = []
    for key, place in keys:
        value = measures.get(f"test.{key}")
        if value is not None and not isinstance(value.content, str):
            if value.content > 0 or options.y_scale != "log":
                levels.append((key, Decimal(value.content)))
                continue
            problem = tr(
                "the baseline '{key}' is {value}, which a logarithmic axis cannot show",
                key=key, value=value.content,
            )  # fmt: skip
        elif key in BASELINES:
            remedy = tr("measure it with: escriba evaluate {name}", name=name)
            problem = tr(
                "the model '{name}' has no baseline '{key}'; {remedy}",
                name=name, key=key, remedy=remedy,
            )  # fmt: skip
        else:
            problem = tr("unknown baseline '{key}'{hint}", key=key, hint=suggest(key, BASELINES))
        mistakes.add(SourceError(problem, place))
    mistakes.check()
    return tuple(levels)


def _name(key: str, strings: Mapping[str, str]) -> str:
    kind, _, order = key.partition("-")
    return strings.get(f"baseline-{kind}", key).format(order=order)


def _lines(options: LossOptions, series: Sequence[Series]) -> list[Line]:
    progress = PROGRESS[options.x]
    lines = []
    for one in series:
        record = one.record
        training = [(progress(s), s.loss) for s in record.stretches]
        held_out = [(progress(v), v.loss) for v in record.validations]
        lines.append(Line(one.number, "faint" if len(held_out) > FEW else "strong", training))
        lines.append(Line(one.number, "strong", held_out, marked=True))
    return lines


def _scales(
    options: LossOptions, series: Sequence[Series], levels: Sequence[Level]
) -> tuple[Scale, Scale]:
    points = [point for line in _lines(options, series) for point in line.values]
    x = across([point[0] for point in points] or [Decimal(1)], log=options.x_scale == "log")
    y = upward(
        [point[1] for point in points],
        TITLE,
        HEIGHT,
        limits=options.limits,
        levels=[level.loss for level in levels],
        log=options.y_scale == "log",
    )
    return x, y


def _rule(level: Level, x: Scale, y: Scale, lang: str) -> Rule:
    # Over a logarithmic axis a loss that falls leaves room on the left, else on the right.
    words = f"{level.name} {format_number(level.loss, lang, 2)}"
    return Rule(plain(y(level.loss)), words, "start" if x.log else "end")


def _peaks(
    options: LossOptions, series: Sequence[Series], x: Scale, y: Scale, panel: Panel, lang: str
) -> tuple[Peak, ...]:
    peaks = []
    for one in series:
        best = one.record.best
        if best is None or not y.holds(best.loss) or not x.holds(PROGRESS[options.x](best)):
            continue
        at, down = x(PROGRESS[options.x](best)), y(best.loss)
        # The curve comes from above, so the words stand below, where there is room for them.
        below = down + 20 < panel.bottom
        peaks.append(
            Peak(
                one.number,
                plain(at),
                plain(down),
                format_number(best.loss, lang, 3) if len(series) == 1 else "",
                plain(down + 19 if below else down - 11),
                side(at),
            )
        )
    return tuple(peaks)


def _course(series: Series) -> Course:
    stretches = series.record.stretches
    first, last = (stretches[0].loss, stretches[-1].loss) if stretches else (None, None)
    record = series.record
    return Course(series, first, last, record.best, len(record.validations) > FEW)
