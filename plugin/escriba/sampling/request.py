"""A request: everything that determines a sample, and the digest that names it."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar

from escriba.ground.digest import digest
from escriba.ground.errors import SourceError
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal, read_whole
from escriba.ground.schema import Mistake, Range
from escriba.records.model import Model
from escriba.records.vocabulary import as_read

ARITHMETIC = "2"  # the version of docs/exact-sampling.md that the kernel follows


@dataclass(frozen=True)
class Decimals(Range):
    """Bounds of a decimal number that has no more than so many decimals."""

    places: int = 0

    def __contains__(self, value: float | Decimal) -> bool:
        scaled = Decimal(value).scaleb(self.places)
        return super().__contains__(value) and scaled == scaled.to_integral_value()

    def __str__(self) -> str:
        low, high = (decimal_text(Decimal(str(bound))) for bound in (self.low, self.high))
        return tr(
            "from {low} to {high} with at most {places} decimals",
            low=low, high=high, places=self.places,
        )  # fmt: skip


class OptionError(SourceError, Mistake):
    """An option is out of its range. Within a block, `schema` gives it the block's place."""


@dataclass(frozen=True)
class Options:
    """How to sample: what an author writes in a block, but for the model.

    `length` is the most symbols to generate (characters, or bytes for a model of bytes);
    `until` ends the text earlier: `paragraph`, `sentence`, `document` (of a model that was trained
    on a corpus split by files), or any literal text. Temperature 0 always takes the likeliest
    symbol. Both texts are kept in the form that corpora have: composed (NFC), with line ends as LF.
    Raises OptionError for a value out of its range.
    """

    prompt: str = ""
    length: Annotated[int, Range(1, 1_000_000)] = 500
    until: str | None = None
    temperature: Annotated[Decimal, Decimals(0, 100, 3)] = Decimal("0.8")
    top_k: Annotated[int, Range(1, 65536)] | None = None
    top_p: Annotated[Decimal, Decimals(0.000001, 1, 6)] | None = None
    min_p: Annotated[Decimal, Decimals(0, 1, 6)] | None = None
    seed: Annotated[int, Range(0, 2**64 - 1)] = 1

    def __post_init__(self) -> None:
        for name, bounds in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and value not in bounds:
                raise OptionError(
                    tr(
                        "'{name}' must be {bounds}, not '{value}'",
                        name=name.replace("_", "-"),
                        bounds=bounds,
                        value=value,
                    )
                )
        for name, text in (("prompt", self.prompt), ("until", self.until or "")):
            if _SURROGATE.search(text):
                raise OptionError(
                    tr("'{name}' must be text in Unicode, not {text!r}", name=name, text=text)
                )
        if self.until == "":
            raise OptionError(
                tr("'until' must be paragraph, sentence, document or some text, not nothing")
            )
        object.__setattr__(self, "prompt", as_read(self.prompt))
        if self.until is not None:
            object.__setattr__(self, "until", as_read(self.until))

    def to_dict(self) -> dict[str, Any]:
        """The options as plain values in a fixed order; those not given are left out.

        Decimals are text without idle zeros, so that equal requests are equal here.
        """
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: decimal_text(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
            if value is not None
        }


@dataclass(frozen=True)
class Request:
    """Some options, put to a model. The model's name is not part of it: its digest is."""

    kind: ClassVar[str] = "samples"  # of questions

    model: Model
    options: Options

    @property
    def cost(self) -> int:
        """How much work it is: the most symbols to write."""
        return self.options.length

    def to_dict(self) -> dict[str, Any]:
        """The request as plain values: what its digest covers."""
        return {"model": self.model.digest, "arithmetic": ARITHMETIC, **self.options.to_dict()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the request's canonical form."""
        return digest(self.to_dict())


def read_options(values: Mapping[str, Any]) -> Options:
    """The options of plain values, of which None is the default; a float is the decimal that it is
    written as. Raises OptionError for what is no option's value."""
    read: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        if name in ("prompt", "until"):
            if not isinstance(value, str):
                raise OptionError(
                    tr("'{name}' must be text, not {value!r}", name=name, value=value)
                )
            read[name] = value
        elif name in ("temperature", "top_p", "min_p"):
            read[name] = read_decimals(name, value)
        else:
            read[name] = read_number(name, value)
    return Options(**read)


def read_decimals(name: str, value: Any) -> Decimal:
    """A number that is given under a name; a float is the decimal that it is written as. Raises
    OptionError for what is none."""
    try:
        return read_decimal(str(value))
    except ValueError:
        shown = name.replace("_", "-")
        raise OptionError(
            tr("'{name}' must be a number, not '{value}'", name=shown, value=value)
        ) from None


def read_number(name: str, value: Any) -> int:
    """A whole number that is given under a name. Raises OptionError for what is none."""
    try:
        return read_whole(str(value))
    except ValueError:
        shown = name.replace("_", "-")
        raise OptionError(
            tr("'{name}' must be a whole number, not '{value}'", name=shown, value=value)
        ) from None


def decimal_text(number: Decimal) -> str:
    """A decimal without exponent and idle zeros: 0.80 → "0.8", 1E+2 → "100", -0 → "0"."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _find_bounds() -> dict[str, Range]:
    """The Range of each field of Options that has one, also inside a union with None."""
    bounds = {}
    for name, hint in typing.get_type_hints(Options, include_extras=True).items():
        for part in (hint, *typing.get_args(hint)):
            for mark in getattr(part, "__metadata__", ()):
                if isinstance(mark, Range):
                    bounds[name] = mark
    return bounds


_BOUNDS = _find_bounds()
_SURROGATE = re.compile("[\ud800-\udfff]")  # what undecodable bytes of a command line become
