"""The block `escriba sample`: what a model writes after a prompt, with its provenance."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from escriba.article.context import Context
from escriba.article.fences import Fence
from escriba.article.options import Body
from escriba.ground.errors import EscribaError, Mistakes, Place, Problem, SourceError, suggest
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal
from escriba.ground.schema import Mistake
from escriba.records.model import Model
from escriba.sampling.request import Options, Request
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
    """What a block asks for, and the text that answers it."""

    options: SampleOptions
    request: Request
    text: str
    places: Mapping[str, Place]

    @property
    def lang(self) -> str:
        """The language of the text; empty if it is not known."""
        return _recorded(self.request.model, "corpus", "language")


def render(fence: Fence, context: Context) -> str:
    """The HTML of a sample block. Raises EscribaError with all of the block's mistakes."""
    return show(read(fence, context), context)


def read(fence: Fence, context: Context) -> Asked:
    """The options of a block and their text. Raises EscribaError with all mistakes."""
    body = Body(fence)
    places = body.places
    mistakes = Mistakes()
    with mistakes.collect():
        options = body.build(SampleOptions)
    for name, place in body.texts("model"):
        with mistakes.collect():
            model = context.models.get(name, place)
    mistakes.check()
    request = options.request(model)
    try:
        text = context.store.obtain(request, fence.place)
    except SourceError as error:  # of the options, only the prompt can be wrong for a model
        raise _at(error, fence.place, places.get("prompt", fence.place)) from None
    return Asked(options, request, text, places)


def show(asked: Asked, context: Context) -> str:
    """The HTML of a sample. Raises SourceError for a language that Pygments does not know."""
    options, model = asked.options, asked.request.model
    sample = Sample(
        show=options.show,
        caption=options.caption,
        paragraphs=_arrange(options, asked.text, asked.places),
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
    strings = context.theme.strings("blocks/strings.yml", context.lang)
    return context.theme.render("blocks/sample.html", sample=sample, lang=context.lang, t=strings)


def write_command(model: str, options: Options) -> str:
    """The `escriba sample` command line that gives the same text, quoted for a POSIX shell."""
    words = ["escriba", "sample", model]
    flags = {"prompt": "-p", "length": "-n", "temperature": "-t", "seed": "-s"}
    for name, value in options.to_dict().items():
        if name != "prompt" or value:
            words += [flags.get(name, "--" + name.replace("_", "-")), str(value)]
    return shlex.join(words)


def _arrange(
    options: SampleOptions, text: str, places: Mapping[str, Place]
) -> tuple[Paragraph, ...]:
    if options.show == "prose":
        return paragraphs(options.prompt, text)
    if options.show == "math":
        return formulas(options.prompt, text)
    if not options.language:
        return (cut(options.prompt, text),)
    try:
        return (tokens(options.prompt, text, options.language),)
    except ValueError:
        from pygments.lexers import get_all_lexers

        known = [alias for _, aliases, _, _ in get_all_lexers() for alias in aliases]
        near = suggest(options.language, known, shown=())
        hint = near or " " + tr("(a name that Pygments knows)")
        raise SourceError(
            tr("unknown language '{language}'{hint}", language=options.language, hint=hint),
            places["language"],
        ) from None


def _at(error: EscribaError, old: Place, new: Place) -> EscribaError:
    return type(error)(
        [Problem(p.message, new if p.place in (old, None) else p.place) for p in error.problems]
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
