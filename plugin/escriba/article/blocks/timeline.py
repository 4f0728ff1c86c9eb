"""The block `escriba timeline`: what a model wrote while it learned, from its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from escriba.article.blocks.block import Block, Page, View
from escriba.article.source.body import Body
from escriba.evidence.question import Use
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.schema import Mistake, Range
from escriba.records.library import Library
from escriba.records.training import Record, Writing
from escriba.records.vocabulary import Unit
from escriba.templating.passage import Paragraph, cut, paragraphs

MOST = 6  # writings shown if the author does not choose
NEAR = 10  # recorded steps that are told of one that is not

Show = Literal["prose", "verbatim"]


@dataclass(frozen=True, kw_only=True)
class TimelineOptions:
    """What an author writes in the block. `length` is in characters."""

    model: str
    steps: tuple[int, ...] = ()
    length: Annotated[int, Range(1)] | None = None
    show: Show = "prose"
    caption: str = ""

    def __post_init__(self) -> None:
        if list(self.steps) != sorted(set(self.steps)):
            raise Mistake(tr("'steps' must go up"))


@dataclass(frozen=True)
class Stage:
    """What the model wrote at a step. `cut` says that it wrote more than is shown."""

    step: int
    characters: int
    loss: Decimal | None
    paragraphs: tuple[Paragraph, ...]
    cut: bool


@dataclass(frozen=True)
class Timeline:
    """The block as `blocks/timeline.html` sees it, under the name `timeline`."""

    show: Show
    caption: str
    record: Record
    stages: tuple[Stage, ...]
    lang: str  # of the text; empty if it is not known
    unit: Unit


@dataclass(frozen=True)
class Asked:
    """What a block shows, none of which must be computed."""

    options: TimelineOptions
    record: Record
    writings: tuple[Writing, ...]
    lang: str
    unit: Unit
    uses: tuple[Use, ...] = ()


def ask(body: Body, library: Library) -> Asked:
    """The record of a model, and the writings of it that a block shows."""

    def find(name: str, place: Place) -> tuple[Record, str, Unit]:
        return (library.record(name, place), *_read_header(library, name, place))

    options, models = body.read(TimelineOptions, find, "model")
    record, lang, unit = models[options.model]
    return Asked(options, record, _choose(record, options.steps, body), lang, unit)


def show(asked: Asked, page: Page) -> Iterator[View]:
    """What the model wrote, step by step."""
    options = asked.options
    timeline = Timeline(
        show=options.show,
        caption=options.caption,
        record=asked.record,
        stages=tuple(_stage(options, writing) for writing in asked.writings),
        lang=asked.lang,
        unit=asked.unit,
    )
    yield View("timeline", {"timeline": timeline})


BLOCK = Block(ask, show)


def _read_header(library: Library, name: str, place: Place) -> tuple[str, Unit]:
    """The language of a model's corpus, and what it reads, as far as its weights tell."""
    if not library.has_weights(name):
        return "", "characters"
    model = library.get(name, place)
    corpus = model.record.get("corpus")
    lang = corpus.get("language") if isinstance(corpus, dict) else None
    return str(lang or ""), model.vocabulary.unit


def _choose(record: Record, steps: Sequence[int], body: Body) -> tuple[Writing, ...]:
    """The writings of the steps that the author names, or some from the first to the last."""
    place = body.places.get("model", body.start)
    if not record.writings:
        raise SourceError(
            tr("the record of the model '{name}' has no samples", name=record.name), place
        )
    by_step = {writing.step: writing for writing in record.writings}
    if not steps:
        found = list(by_step.values())
        if len(found) <= MOST:
            return tuple(found)
        last = len(found) - 1
        # Rounded half up in whole numbers; the steps of a log grow by ratios already.
        return tuple(found[(2 * i * last + MOST - 1) // (2 * (MOST - 1))] for i in range(MOST))
    mistakes = Mistakes()
    for text, at in body.texts("steps"):
        wanted = int(text.replace("_", ""))
        if wanted not in by_step:
            near = sorted(sorted(by_step, key=lambda step: abs(step - wanted))[:NEAR])
            more = ", …" if len(by_step) > NEAR else ""
            recorded = ", ".join(map(str, near)) + more
            mistakes.add(
                SourceError(
                    tr(
                        "the record of the model '{name}' has no sample at step {text} (it has: "
                        "{recorded})",
                        name=record.name,
                        text=text,
                        recorded=recorded,
                    ),
                    at,
                )
            )
    mistakes.check()
    return tuple(by_step[step] for step in steps)


def _stage(options: TimelineOptions, writing: Writing) -> Stage:
    text = writing.text[: options.length]
    arrange = paragraphs if options.show == "prose" else _whole
    return Stage(
        step=writing.step,
        characters=writing.characters,
        loss=writing.loss,
        paragraphs=arrange(writing.prompt, text),
        cut=len(text) < len(writing.text),
    )


def _whole(prompt: str, text: str) -> tuple[Paragraph, ...]:
    return (cut(prompt, text),)
