"""The trainings that a figure compares: which models an author names, and their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from escriba.article.source.body import Body
from escriba.ground.errors import Place
from escriba.ground.language import tr
from escriba.ground.schema import Mistake
from escriba.records.library import Library
from escriba.records.training import Moment, Record
from escriba.records.vocabulary import Unit

MOST = 4  # series that colours, dashes and markers tell apart

Progress = Literal["characters", "steps", "minutes"]
Spacing = Literal["linear", "log"]

PROGRESS: Mapping[Progress, Callable[[Moment], Decimal]] = {
    "characters": lambda moment: Decimal(moment.characters),
    "steps": lambda moment: Decimal(moment.step),
    "minutes": lambda moment: moment.seconds / 60,
}


@dataclass(frozen=True, kw_only=True)
class SeriesOptions:
    """What every figure of curves takes: the models, their names in the legend, and the axes."""

    model: str = ""
    models: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    x: Progress = "characters"
    x_scale: Spacing = "linear"
    y: tuple[Decimal, ...] = ()
    caption: str = ""

    def __post_init__(self) -> None:
        if bool(self.model) == bool(self.models):
            raise Mistake(tr("a figure needs 'model', or a list of 'models', and not both"))
        if len(set(self.names)) != len(self.names) or len(self.names) > MOST:
            raise Mistake(tr("'models' must be up to {most} different ones", most=MOST))
        if self.labels and len(self.labels) != len(self.names):
            raise Mistake(
                tr(
                    "'labels' must have one for each model: {models}, not {labels}",
                    models=len(self.names),
                    labels=len(self.labels),
                )
            )
        if self.y and (len(self.y) != 2 or self.y[0] >= self.y[1]):
            raise Mistake(tr("'y' must be a list of two numbers, the lower one first"))

    @property
    def names(self) -> tuple[str, ...]:
        return self.models or (self.model,)

    @property
    def limits(self) -> tuple[Decimal, Decimal] | None:
        return (self.y[0], self.y[1]) if self.y else None


Kind = TypeVar("Kind", bound=SeriesOptions)


@dataclass(frozen=True)
class Series:
    """A training as a figure shows it: its number (from 1), its name in the legend, its record."""

    number: int
    label: str
    record: Record
    unit: Unit


def read_series(body: Body, library: Library, kind: type[Kind]) -> tuple[Kind, tuple[Series, ...]]:
    """The options of a block and the series that they name.

    Raises EscribaError with all mistakes: of options, unknown models, models without a record.
    """

    def find(name: str, place: Place) -> tuple[Record, Unit]:
        return library.record(name, place), _unit(name, library, place)

    options, found = body.read(kind, find, "model", "models")
    labels = options.labels or options.names
    return options, tuple(
        Series(number, label, *found[name])
        for number, (name, label) in enumerate(zip(options.names, labels, strict=True), start=1)
    )


def _unit(name: str, library: Library, place: Place) -> Unit:
    """What a model reads: bytes, if its weights say so. A record may be there without weights."""
    if not library.has_weights(name):
        return "characters"
    return library.get(name, place).vocabulary.unit


def shared_unit(series: Sequence[Series]) -> Unit:
    """The unit of a common axis."""
    return "bytes" if all(one.unit == "bytes" for one in series) else "characters"


def x_title(x: Progress, unit: Unit) -> str:
    """The key of the words that stand under the horizontal axis."""
    return f"x-{unit if x == 'characters' else x}"
