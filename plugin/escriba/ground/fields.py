"""What the fields of a dataclass say besides their types, and what it finds wrong in them."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from escriba.ground.language import tr


def field_of(key: str) -> str:
    """The name of the field of a key: one that is a word of Python has a `_` behind it."""
    name = key.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def key_of(field: str) -> str:
    """The key of a field."""
    return field.removesuffix("_").replace("_", "-")


@dataclass(frozen=True)
class Range:
    """Bounds of a number, `low` and `high` inclusive, `above` not; `None` is no bound."""

    low: float | None = None
    high: float | None = None
    above: float | None = field(default=None, kw_only=True)

    def __contains__(self, value: float | Decimal) -> bool:
        number = Decimal(str(value))  # a float as it was written: 0.9 is within "to 0.9"
        return (
            (self.low is None or number >= Decimal(str(self.low)))
            and (self.above is None or number > Decimal(str(self.above)))
            and (self.high is None or number <= Decimal(str(self.high)))
        )

    def __str__(self) -> str:
        if self.above is not None:
            most = tr(", at most {high}", high=self.high) if self.high is not None else ""
            return tr("more than {above}{most}", above=self.above, most=most)
        if self.high is None:
            return tr("at least {low}", low=self.low)
        if self.low is None:
            return tr("at most {high}", high=self.high)
        return tr("from {low} to {high}", low=self.low, high=self.high)


@dataclass(frozen=True)
class Words:
    """Marks a tuple of strings that may also be written as one string of words."""


@dataclass(frozen=True)
class Unlike:
    """Marks a field `extra` that takes no key which is probably meant to be another."""


class Mistake(Exception):  # noqa: N818 - internal: becomes a Problem with a place
    """A value that is not what its field wants, in words; caught by the walk.

    Of several, `raise_all` makes one; `key` is the field that a message is about.
    """

    def __init__(self, message: str, key: str = "", others: Sequence[Mistake] = ()):
        super().__init__(message)
        self.key = key
        self.others = tuple(others)


def raise_all(mistakes: Sequence[Mistake]) -> None:
    """Raise some mistakes as one, if there are any: what a dataclass finds in its fields."""
    if mistakes:
        raise Mistake(str(mistakes[0]), mistakes[0].key, mistakes[1:])
