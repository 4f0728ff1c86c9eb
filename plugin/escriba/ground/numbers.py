"""Numbers in text: read within bounds, and rounded whatever their size.

A number that somebody wrote may have a billion digits or an exponent of a billion, and arithmetic
with it would take all the memory there is. So each is read here: of at most DIGITS digits, with an
exponent of at most DIGITS, and never NaN or infinite.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Any

from escriba.ground.language import tr

DIGITS = 400  # more than any float has (1.8e308, and 324 places after the point)
DEEPEST = 50  # lists and objects within each other, in JSON

_WHOLE = re.compile(r"[+-]?[0-9][0-9_]*")
_DECIMAL = re.compile(
    r"[+-]?(?P<digits>[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE](?P<power>[+-]?[0-9]{1,9}))?"
)
# Wide enough for every number that is read here, before and after the point.
_WIDE = Context(prec=4 * DIGITS, rounding=ROUND_HALF_EVEN)


def read_whole(text: str) -> int:
    """A whole number, in ASCII digits, which `_` may group. Raises ValueError."""
    if len(text) > DIGITS or not _WHOLE.fullmatch(text):
        raise ValueError(tr("not a whole number of at most {digits} digits", digits=DIGITS))
    return int(text.replace("_", ""))


def read_decimal(text: str) -> Decimal:
    """A decimal number, as written: 0.7 is exactly 0.7. Raises ValueError."""
    match = _DECIMAL.fullmatch(text) if len(text) <= DIGITS else None
    if match is None or abs(int(match["power"] or 0)) > DIGITS:
        raise ValueError(tr("not a number of at most {digits} digits", digits=DIGITS))
    return Decimal(text.replace("_", ""))


def read_float(text: str) -> float:
    """A number as the nearest float. Raises ValueError, also for one that no float reaches."""
    number = float(read_decimal(text))
    if not math.isfinite(number):
        raise ValueError(tr("a number larger than any that is computed with"))
    return number


def round_to(value: Decimal, places: int) -> Decimal:
    """A decimal with so many places after the point, half to even. Any size that is read here."""
    return value.quantize(Decimal(1).scaleb(-places), context=_WIDE)


def read_json(data: bytes | str, number: Callable[[str], Any] = read_float) -> Any:
    """The value of some JSON; what is not whole in it is read by `number`.

    Raises ValueError for all that is not JSON (json.JSONDecodeError, with its place), and for
    what is nested too deeply or has a number out of bounds.
    """
    try:
        if isinstance(data, bytes):
            data = data.decode(json.detect_encoding(data), "surrogatepass")
        value = _open_decoder(number).decode(data)
    except RecursionError:
        raise ValueError(_too_deep()) from None
    _refuse_depth(value)
    return value


@cache
def _open_decoder(number: Callable[[str], Any]) -> json.JSONDecoder:
    # `json.loads` makes one for each text: as much work as to read a line of a log.
    return json.JSONDecoder(
        parse_int=read_whole, parse_float=number, parse_constant=_refuse_constant
    )


def _refuse_constant(name: str) -> Any:
    raise ValueError(tr("{name} is not a number", name=name))


def _refuse_depth(value: Any) -> None:
    # Level by level, and not by recursion, which is what is to be spared those who read the value.
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError(_too_deep())


def _too_deep() -> str:
    return tr("lists and mappings are nested more than {deepest} deep", deepest=DEEPEST)
