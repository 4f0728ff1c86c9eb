"""Inline values, such as `` `escriba tolstoi.parameters` ``: a model's numbers in the prose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from escriba import schema
from escriba.article.models import Models
from escriba.article.numbers import format_compact, format_number
from escriba.errors import Place, SourceError, suggest
from escriba.model import Model
from escriba.sampling.request import decimal_text

EVALUATION = "evaluation.yml"

# Two backticks or more are left alone, so that a page can show how a value is written.
SPAN = r"(?<![\\`])`escriba +(?P<value>[\w-]+(?:\.[\w-]+)+(?::[^\s`]*)?) *`(?!`)"
_FORMAT = re.compile(r"\.(?P<decimals>\d)f|(?P<whole>d)|(?P<compact>k)")


@dataclass(frozen=True)
class Value:
    """A number or a text. `decimals` is how many a number is shown with, if not all."""

    content: int | Decimal | str
    decimals: int | None = None
    short: str = ""  # what a page shows of a long text


@dataclass(frozen=True)
class Shown:
    """A value as the page shows it, and as a machine reads it."""

    text: str
    machine: str


def show_value(span: str, models: Models, lang: str, place: Place) -> Shown:
    """The value of `name.key` or `name.key:format`, written as the page's language does.

    Raises SourceError at `place` for an unknown model, key or format, or a value that the model
    does not have; ModelError if its file is damaged.
    """
    path, colon, format = span.partition(":")
    names = [name for name in models.names() if path.startswith(f"{name}.")]
    name = max(names, key=len) if names else path.partition(".")[0]
    model = models.get(name, place)
    value = find(model, path[len(name) + 1 :], models.shown / name, place)
    if isinstance(value.content, str):
        if colon:
            raise SourceError(f"'{path}' is text, and takes no format ':{format}'", place)
        return Shown(value.short or value.content, value.content)
    return Shown(
        _format(value.content, value.decimals, format if colon else None, lang, place),
        decimal_text(Decimal(value.content)),
    )


def find(model: Model, key: str, shown: Path, place: Place) -> Value:
    """The value of a model's key; `shown` is how errors name the model's folder."""
    evaluation = read_evaluation(model.path.parent, shown)
    if key in evaluation:
        return evaluation[key]
    if key in MEASURED:
        remedy = f"measure it with: escriba evaluate {model.name}"
        raise SourceError(f"the model '{model.name}' has no '{key}'; {remedy}", place)
    if key not in KEYS:
        known = {*KEYS, *MEASURED, *evaluation}
        raise SourceError(f"unknown value '{key}'{suggest(key, known)}", place)
    try:
        value = KEYS[key](model)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        value = None
    if value is None or value.content == "":
        raise SourceError(f"the record of the model '{model.name}' has no '{key}'", place)
    return value


def read_evaluation(folder: Path, shown: Path) -> Mapping[str, Value]:
    """What `escriba evaluate` wrote beside a model: `test.nats` and the like, if it did.

    Raises SourceError for a file that is not such a mapping.
    """
    path = folder / EVALUATION
    if not path.is_file():
        return {}
    place = Place(shown / EVALUATION, 1)
    node = schema.compose(schema.read_text(path, place.path), place)
    parts = schema.plain(node) if node is not None else {}
    if not isinstance(parts, dict) or not all(isinstance(part, dict) for part in parts.values()):
        raise SourceError("expected a mapping of parts, each with its measures", place)
    try:
        return {
            f"{part}.{name}": _read_measure(content)
            for part, measures in parts.items()
            for name, content in measures.items()
        }
    except InvalidOperation:
        raise SourceError("a measure is not a number", place) from None


def _read_measure(content: Any) -> Value:
    return Value(content) if isinstance(content, int) else Value(Decimal(str(content)), 3)


def _format(
    number: int | Decimal, decimals: int | None, format: str | None, lang: str, place: Place
) -> str:
    if format is None:
        return format_number(number, lang, decimals)
    match = _FORMAT.fullmatch(format)
    if match is None:
        raise SourceError(f"unknown format ':{format}' (allowed: :d, :k, :.2f)", place)
    if match["compact"]:
        return format_compact(round(number), lang)
    return format_number(number, lang, int(match["decimals"] or 0))


def _recorded(part: str, name: str) -> Callable[[Model], Value]:
    return lambda model: Value(model.record[part][name])


def _nats(model: Model) -> Decimal:
    return Decimal(model.record["training"]["validation"])


def _seconds(model: Model) -> int:
    return int(model.record["training"]["seconds"])


KEYS: Mapping[str, Callable[[Model], Value]] = {
    "parameters": lambda model: Value(model.parameters),
    "layers": lambda model: Value(model.network.layers),
    "hidden": lambda model: Value(model.network.hidden),
    "cell": lambda model: Value(model.network.cell.upper()),
    "vocabulary": lambda model: Value(len(model.vocabulary)),
    "validation": lambda model: Value(_nats(model), 3),
    "bits": lambda model: Value(round(_nats(model) / Decimal(2).ln(), 6), 3),
    "characters": _recorded("training", "characters"),
    "epochs": lambda model: Value(Decimal(model.record["training"]["epochs"])),
    "seconds": lambda model: Value(_seconds(model)),
    "minutes": lambda model: Value(round(Decimal(_seconds(model)) / 60, 6), 0),
    "corpus.characters": _recorded("corpus", "characters"),
    "corpus.bytes": _recorded("corpus", "bytes"),
    "corpus.name": _recorded("corpus", "name"),
    "corpus.licence": _recorded("corpus", "licence"),
    "digest": lambda model: Value(model.digest, short=model.digest[:12]),
}
MEASURED = ("test.nats", "test.bits", "test.nats-per-byte", "test.bits-per-byte")
