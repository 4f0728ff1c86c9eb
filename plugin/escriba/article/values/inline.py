"""Inline values, such as `` `escriba tolstoi.parameters` ``: a model's numbers in the prose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from escriba.article.values.logged import PREFIX, find_logged
from escriba.ground.errors import Place, SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal, round_to
from escriba.records.evaluation import BASELINES, MEASURES, PARTS, TOTALS
from escriba.records.library import Library
from escriba.records.model import Model
from escriba.sampling.request import decimal_text
from escriba.templating.formats import format_compact, format_figures, format_number, format_percent

# Two backticks or more are left alone, so that a page can show how a value is written.
CODE = r"escriba +(?P<value>[\w-]+(?:\.[\w-]+)+(?::[^\s`]*)?) *"
SPAN = rf"(?<![\\`])`{CODE}`(?!`)"
_FORMAT = re.compile(
    r"\.(?P<decimals>\d)f|(?P<whole>d)|(?P<compact>k)|(?P<figures>[1-9])g"
    r"|(?:\.(?P<places>\d))?(?P<percent>%)"
)


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

    @property
    def html(self) -> str:
        text, machine = escape(self.text, quote=False), escape(self.machine)
        return f'<data class="escriba-value" value="{machine}">{text}</data>'


def show_value(span: str, library: Library, lang: str, place: Place) -> Shown:
    """The value of `name.key` or `name.key:format`, written as the page's language does.

    Raises SourceError at `place` for an unknown model, key or format, or a value that the model
    does not have; ModelError if its file is damaged.
    """
    path, colon, format = span.partition(":")
    names = [name for name in library.names() if path.startswith(f"{name}.")]
    name = max(names, key=len) if names else path.partition(".")[0]
    key = path[len(name) + 1 :]
    if key.startswith(PREFIX):
        number = find_logged(library.record(name, place), key.removeprefix(PREFIX), place)
        value = Value(number, None if isinstance(number, int) else 3)
    else:
        value = find(library, name, key, place)
    if isinstance(value.content, str):
        if colon:
            raise SourceError(
                tr("'{path}' is text, and takes no format ':{format}'", path=path, format=format),
                place,
            )
        return Shown(value.short or value.content, value.content)
    return Shown(
        _format(value.content, value.decimals, format if colon else None, lang, place),
        decimal_text(Decimal(value.content)),
    )


def find(library: Library, name: str, key: str, place: Place) -> Value:
    """The value of a model's key; errors are raised at `place`, as `show_value` says."""
    model = library.get(name, place)
    part, _, measure = key.partition(".")
    if key in library.evaluation(name).values or (part in PARTS and measure in MEASURES):
        measured = find_measured(library, name, place, part)
        if key in measured:
            return measured[key]
        remedy = tr("measure it with: escriba evaluate {name}", name=name)
        raise SourceError(
            tr("the model '{name}' has no '{key}'; {remedy}", name=name, key=key, remedy=remedy),
            place,
        )
    if key not in KEYS:
        measured_keys = {*MEASURED, *library.evaluation(name).values}
        groups = {f"{each.partition('.')[0]}.…" for each in measured_keys}
        hint = suggest(key, {*KEYS, *measured_keys}, shown={*KEYS, *groups})
        raise SourceError(tr("unknown value '{key}'{hint}", key=shorten(key), hint=hint), place)
    try:
        value = KEYS[key](model)
    except (KeyError, TypeError, ValueError):
        value = None
    if value is None or value.content == "":
        raise SourceError(
            tr("the record of the model '{name}' has no '{key}'", name=name, key=key), place
        )
    return value


def find_measured(
    library: Library, name: str, place: Place, part: str = "test"
) -> Mapping[str, Value]:
    """What `escriba evaluate` wrote beside a model: `test.nats` and the like, if it did.

    Raises SourceError at `place` if other weights than the model's were measured; `part` is what
    the message says to measure again.
    """
    evaluation = library.evaluation(name)
    if evaluation.model and evaluation.model != library.get(name, place).digest:
        options = "" if part in PARTS else f" --text FILE --record {part}"
        raise SourceError(
            tr(
                "the evaluation of '{name}' is of other weights than the model has now; "
                "measure it again with: escriba evaluate {name}{options}",
                name=name,
                options=options,
            ),
            place,
        )
    return {key: _shown_value(content) for key, content in evaluation.values.items()}


def _shown_value(content: int | Decimal | str) -> Value:
    if isinstance(content, str):
        return Value(content, short=content[:12])
    return Value(content, None if isinstance(content, int) else 3)


def _format(
    number: int | Decimal, decimals: int | None, format: str | None, lang: str, place: Place
) -> str:
    if format is None:
        return format_number(number, lang, decimals)
    match = _FORMAT.fullmatch(format)
    if match is None:
        raise SourceError(
            tr("unknown format ':{format}' (allowed: :d, :k, :.2f, :%, :.1%, :3g)", format=format),
            place,
        )
    if match["figures"]:
        return format_figures(Decimal(number), lang, int(match["figures"]))
    if match["percent"]:
        return format_percent(number, lang, int(match["places"] or 0))
    if match["compact"]:
        return format_compact(round(number), lang)
    return format_number(number, lang, int(match["decimals"] or 0))


def _recorded(part: str, name: str) -> Callable[[Model], Value]:
    return lambda model: Value(_read_recorded(model, part, name))


def _read_recorded(model: Model, part: str, name: str) -> int | str:
    """A whole number or a text of the record. Raises ValueError for anything else in its place."""
    value = model.record[part][name]
    if isinstance(value, str) or type(value) is int:
        return value
    raise ValueError(name)


def _number(model: Model, name: str) -> Decimal:
    return read_decimal(str(model.record["training"][name]))


def _seconds(model: Model) -> int:
    return int(_number(model, "seconds"))


KEYS: Mapping[str, Callable[[Model], Value]] = {
    "parameters": lambda model: Value(model.parameters),
    "layers": lambda model: Value(model.network.layers),
    "hidden": lambda model: Value(model.network.hidden),
    "cell": lambda model: Value(model.network.cell.upper()),
    "vocabulary": lambda model: Value(len(model.vocabulary)),
    "validation": lambda model: Value(_number(model, "validation"), 3),
    "bits": lambda model: Value(round_to(_number(model, "validation") / Decimal(2).ln(), 6), 3),
    "characters": _recorded("training", "characters"),
    "epochs": lambda model: Value(_number(model, "epochs")),
    "seconds": lambda model: Value(_seconds(model)),
    "minutes": lambda model: Value(round_to(Decimal(_seconds(model)) / 60, 6), 0),
    "corpus.characters": _recorded("corpus", "characters"),
    "corpus.bytes": _recorded("corpus", "bytes"),
    "corpus.name": _recorded("corpus", "name"),
    "corpus.licence": _recorded("corpus", "licence"),
    "digest": lambda model: Value(model.digest, short=model.digest[:12]),
}
MEASURED = tuple(f"test.{name}" for name in (*TOTALS, *BASELINES, "best-ngram"))
