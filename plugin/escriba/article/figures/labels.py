"""What stands beside the lines of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from escriba.templating.formats import THIN, format_number, format_percent, write_power

_PREFIXES = ((Decimal(10) ** 9, "G"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


Notation = Literal["prefixes", "powers", "percent"]


def label(
    values: Sequence[Decimal], lang: str, log: bool = False, notation: Notation = "prefixes"
) -> tuple[str, ...]:
    """The words of an axis's round numbers, alike in decimals and prefix unless it is logarithmic.

    10,000 and more have an SI prefix; as `powers`, 1000 and more and 0.001 and less are powers.
    """
    if notation == "percent":
        return tuple(format_percent(v, lang) for v in values)
    if log:
        powers = notation == "powers"
        return tuple(_power(v, lang) if powers else _prefixed(v, v, lang) for v in values)
    largest = max((abs(v) for v in values), default=Decimal(0))
    return tuple(_prefixed(v, largest, lang, _decimals(values, largest)) for v in values)


def _prefixed(value: Decimal, largest: Decimal, lang: str, decimals: int | None = None) -> str:
    scale, prefix = _prefix(largest)
    number = format_number(value / scale, lang, decimals if value else 0 if scale > 1 else decimals)
    return f"{number}{THIN}{prefix}" if prefix and value else number


def _prefix(largest: Decimal) -> tuple[Decimal, str]:
    if largest < 10_000:
        return Decimal(1), ""
    return next((scale, prefix) for scale, prefix in _PREFIXES if largest >= scale)


def _decimals(values: Sequence[Decimal], largest: Decimal) -> int:
    scale = _prefix(largest)[0]
    exponents = [int((v / scale).normalize().as_tuple().exponent) for v in values if v]
    return max(0, -min(exponents, default=0))


def _power(value: Decimal, lang: str) -> str:
    if Decimal("0.001") < value < 1000 or value.normalize().as_tuple().digits != (1,):
        return format_number(value, lang)
    return write_power(value.adjusted())
