"""The block `escriba sample`: what a model writes after a prompt, with its provenance."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from escriba.article.blocks.block import Block, Page, View
from escriba.article.source.body import Body
from escriba.evidence.question import Use
from escriba.ground.errors import Place, SourceError, suggest
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal
from escriba.ground.schema import Mistake
from escriba.records.library import Library
from escriba.records.model import Model
from escriba.sampling.request import Options, Request
from escriba.sampling.stream import find_strange_end
from escriba.templating.lexing import find_lexer
from escriba.templating.passage import Paragraph, cut, formulas, paragraphs, tokens

Show = Literal["prose", "code", "math", "verbatim"]


@dataclass(frozen=True, kw_only=True)
class SampleOptions(Options):
    """What an author writes in the block: how to sample, which model, and how to show it."""

    model: str
    show: Show = "prose"
    language: str = ""  # of code: a name that Pygments knows
    caption: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.language and self.show != "code":
            raise Mistake(tr("'language' is for 'show: code', not 'show: {show}'", show=self.show))

    def request(self, model: Model) -> Request:
        """The request, which how it is shown does not enter."""
        names = [field.name for field in dataclasses.fields(Options)]
        return Request(model, Options(**{name: getattr(self, name) for name in names}))


@dataclass(frozen=True)
class Sample:
    """A sample as `blocks/sample.html` sees it, under the name `sample`.

    `paragraphs` are runs of text: many for prose and math, one for code and verbatim. Numbers
    that were not recorded or not given are None.
    """

    show: Show
    caption: str
    paragraphs: tuple[Paragraph, ...]
    lang: str  # of the text; empty if it is not known
    language: str  # of code
    model: str
    cell: str
    layers: int
    hidden: int
    parameters: int
    unit: str  # characters or bytes
    validation: Decimal | None  # nats per unit
    temperature: Decimal
    top_k: int | None
    top_p: Decimal | None
    min_p: Decimal | None
    seed: int
    digest: str
    command: str


@dataclass(frozen=True)
class Asked:
    """What a block asks for."""

    options: SampleOptions
    request: Request
    places: Mapping[str, Place]
    place: Place

    @property
    def uses(self) -> tuple[Use, ...]:
        # Of the options, only these two can be wrong for a model.
        request, until = self.request, self.request.options.until
        vocabulary = request.model.vocabulary
        endless = until == "document" and vocabulary.mark is None
        strange = find_strange_end(vocabulary, request.options)
        key = "until" if endless or strange is not None else "prompt"
        return (Use(request, self.place, self.places.get(key)),)

    @property
    def lang(self) -> str:
        """The language of the text; empty if it is not known."""
        return _recorded(self.request.model, "corpus", "language")


def ask(body: Body, library: Library) -> Asked:
    """The request of a block."""
    options, models = body.read(SampleOptions, library.get, "model")
    if options.language:
        _check_language(options.language, body.places["language"])
    return Asked(options, options.request(models[options.model]), body.places, body.place)


def show(asked: Asked, page: Page) -> Iterator[View]:
    """The sample, with its provenance."""
    options, model = asked.options, asked.request.model
    sample = Sample(
        show=options.show,
        caption=options.caption,
        paragraphs=_arrange(options, page.answers[asked.request]),
        lang=asked.lang,
        language=options.language,
        model=model.name,
        cell=model.network.cell.upper(),
        layers=model.network.layers,
        hidden=model.network.hidden,
        parameters=model.parameters,
        unit=model.vocabulary.unit,
        validation=_validation(model),
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        min_p=options.min_p,
        seed=options.seed,
        digest=asked.request.digest,
        command=write_command(model.name, asked.request.options),
    )
    yield View("sample", {"sample": sample})


BLOCK = Block(ask, show)


def write_command(model: str, options: Options) -> str:
    """The `escriba sample` command line that gives the same text, quoted for a POSIX shell."""
    words = ["escriba", "sample", model]
    flags = {"prompt": "-p", "length": "-n", "temperature": "-t", "seed": "-s"}
    for name, value in options.to_dict().items():
        if name == "prompt" and (value == "-" or value.startswith("@")):
            value = "@@" + value  # else it would name a file
        if name != "prompt" or value:
            words += [flags.get(name, "--" + name.replace("_", "-")), str(value)]
    return shlex.join(words)


def _arrange(options: SampleOptions, text: str) -> tuple[Paragraph, ...]:
    if options.show == "prose":
        return paragraphs(options.prompt, text)
    if options.show == "math":
        return formulas(options.prompt, text)
    if not options.language:
        return (cut(options.prompt, text),)
    return (tokens(options.prompt, text, options.language),)


def _check_language(language: str, place: Place) -> None:
    """Raise SourceError for a language that Pygments does not know."""
    if find_lexer(language, "") is not None:
        return
    from pygments.lexers import get_all_lexers

    known = [alias for _, aliases, _, _ in get_all_lexers() for alias in aliases]
    near = suggest(language, known, shown=())
    hint = near or " " + tr("(a name that Pygments knows)")
    raise SourceError(
        tr("unknown language '{language}'{hint}", language=language, hint=hint), place
    )


def _recorded(model: Model, part: str, name: str) -> str:
    values = model.record.get(part)
    return str(values.get(name) or "") if isinstance(values, dict) else ""


def _validation(model: Model) -> Decimal | None:
    text = _recorded(model, "training", "validation")
    try:
        return read_decimal(text) if text else None
    except ValueError:
        return None
