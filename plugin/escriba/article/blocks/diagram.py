"""The block `escriba diagram`: a model's network, unrolled over the characters of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from escriba.article.blocks.block import Block, Page, View
from escriba.article.figures.unrolled import Unrolled, unroll
from escriba.article.source.body import Body
from escriba.evidence.question import Use
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.schema import Mistake
from escriba.ground.unicode import normalize
from escriba.records.library import Library
from escriba.records.model import Model
from escriba.records.vocabulary import Unit

LONGEST = 8  # symbols that a phone has room for

_PICTURES = {" ": "␣", "\n": "↵", "\t": "⇥"}


@dataclass(frozen=True, kw_only=True)
class DiagramOptions:
    """What an author writes in the block. All of `text` but its end is read, and all of it but
    its beginning is what should be predicted."""

    model: str
    text: str
    caption: str = ""

    def __post_init__(self) -> None:
        if len(self.text) < 2:
            raise Mistake(tr("'text' must have at least 2 characters"))


@dataclass(frozen=True)
class Diagram:
    """The block as `blocks/diagram.html` sees it, under the name `diagram`.

    `inputs` are the symbols that are read, and `targets` those that should be predicted. `counts`
    are the parameters of the parts: embedding, layer (each of them) and head.
    """

    model: str
    cell: str
    layers: int
    hidden: int
    residual: bool
    symbols: int
    unit: Unit
    parameters: int
    counts: dict[str, int]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    drawing: Unrolled
    caption: str


@dataclass(frozen=True)
class Asked:
    """What a block shows, none of which must be computed; `shown` are the symbols of its text."""

    options: DiagramOptions
    model: Model
    shown: tuple[str, ...]
    uses: tuple[Use, ...] = ()


def ask(body: Body, library: Library) -> Asked:
    """The model of a block, and its text as that reads it."""
    options, models = body.read(DiagramOptions, library.get, "model")
    model = models[options.model]
    return Asked(options, model, tuple(_pictures(options.text, model, body.places["text"])))


def show(asked: Asked, page: Page) -> Iterator[View]:
    """The network, unrolled."""
    model, shown, network = asked.model, asked.shown, asked.model.network
    diagram = Diagram(
        model=model.name,
        cell=network.cell.upper(),
        layers=network.layers,
        hidden=network.hidden,
        residual=network.residual,
        symbols=len(model.vocabulary),
        unit=model.vocabulary.unit,
        parameters=model.parameters,
        counts={
            "embedding": _count(model, "embedding."),
            "layer": _count(model, "layers.0."),
            "head": _count(model, "head."),
        },
        inputs=shown[:-1],
        targets=shown[1:],
        drawing=unroll(len(shown) - 1, network.layers, residual=network.residual),
        caption=asked.options.caption,
    )
    yield View("diagram", {"diagram": diagram})


BLOCK = Block(ask, show)


def _pictures(text: str, model: Model, place: Place) -> list[str]:
    """The symbols of a text as the diagram shows them. Raises SourceError for one that the model
    does not know, and for too many."""
    vocabulary = model.vocabulary
    text = normalize(text)
    units = text if vocabulary.unit == "characters" else text.encode().decode("latin-1")
    unknown = [unit for unit in units if unit not in vocabulary.indices]
    if unknown:
        raise SourceError(
            tr(
                "the model '{name}' does not know {unknown!r}, only: {listed}",
                name=model.name,
                unknown=unknown[0],
                listed=vocabulary.listed(),
            ),
            place,
        )
    if len(units) > LONGEST:
        count = len(units)
        if vocabulary.unit == "bytes":
            problem = tr(
                "'text' must have at most {most} bytes, and it has {number}",
                most=LONGEST,
                number=count,
            )
        else:
            problem = tr(
                "'text' must have at most {most} characters, and it has {number}",
                most=LONGEST,
                number=count,
            )
        raise SourceError(problem, place)
    return [_picture(unit, vocabulary.unit) for unit in units]


def _picture(symbol: str, unit: Unit) -> str:
    if symbol in _PICTURES:
        return _PICTURES[symbol]
    if symbol.isprintable() and (symbol.isascii() or unit == "characters"):
        return symbol
    return f"{ord(symbol):02X}"


def _count(model: Model, part: str) -> int:
    return sum(prod(t.shape) for name, t in model.tensors.items() if name.startswith(part))
