"""From numbers to positions, and the round numbers that an axis shows.

All in decimal arithmetic, whose logarithm is correctly rounded by its specification (General
Decimal Arithmetic, IEEE 754-2008): the same digits on every machine, unlike `math.log`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import cached_property, lru_cache

_EXACT = Context(prec=16)  # far finer than any grain, and faster than the default 28 digits
_LEAST = Decimal("1e-12")  # what a logarithmic scale takes for zero
_ENDLESS = Decimal(10**9)  # stands for infinity, on either kind of scale
_FAR = Decimal(10**9)  # as far out as a position is told, in widths of the scale


@dataclass(frozen=True)
class Scale:
    """Takes `low` to `start` and `high` to `end`; `log` spaces by ratios instead of differences."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal
    log: bool = False
    grain: Decimal = Decimal("0.1")  # positions are multiples of it

    def __call__(self, value: Decimal) -> Decimal:
        """The position of a value; what lies beyond the ends has one beyond them, too."""
        low, width = self._spread_ends
        share = (self._spread(value) - low) / width if width > 0 else Decimal(0)
        share = min(max(share, -_FAR), _FAR)  # of a value of any size there is a place
        return (self.start + (self.end - self.start) * share).quantize(self.grain)

    def holds(self, value: Decimal) -> bool:
        """Whether a value lies between the ends."""
        return self.low <= value <= self.high

    def ticks(self, count: int) -> tuple[Decimal, ...]:
        """About so many round numbers between the ends, in order."""
        found = _decades(self.low, self.high, count) if self.log else ()
        return found or _steps(self.low, self.high, count)

    @cached_property
    def _spread_ends(self) -> tuple[Decimal, Decimal]:
        low = self._spread(self.low)
        return low, self._spread(self.high) - low

    def _spread(self, value: Decimal) -> Decimal:
        if not value.is_finite():
            return _ENDLESS
        if not self.log:
            return value
        return _log10(max(value, _LEAST))


@lru_cache(maxsize=1 << 14)  # the figures of a site draw the same records again and again
def _log10(value: Decimal) -> Decimal:
    return value.log10(_EXACT)


def fit(values: Iterable[Decimal], *, log: bool = False) -> tuple[Decimal, Decimal]:
    """Ends for an axis that holds the values with a little room: round numbers on both sides.

    On a logarithmic axis they are powers of ten, or 1, 2 and 5 times those where that wastes less.
    Infinite values count for nothing. Of no values at all the ends are 0 (or 1) and 10.
    """
    found = sorted(v for v in values if v.is_finite() and (v > 0 or not log))
    if not found:
        return Decimal(1 if log else 0), Decimal(10)
    low, high = _EXACT.plus(found[0]), _EXACT.plus(found[-1])
    if log:
        return _round_down(low), _round_up(high)
    step = _step(high - low or abs(high) or Decimal(1), 5)
    return (
        (low / step).to_integral_value(ROUND_FLOOR) * step,
        ((high / step).to_integral_value(ROUND_FLOOR) + 1) * step,
    )


def _step(width: Decimal, count: int) -> Decimal:
    """The number of the form 1, 2 or 5 × 10ⁿ that divides a width into at most `count` parts."""
    rough = width / count
    power = Decimal(1).scaleb(rough.adjusted())
    return next(m * power for m in map(Decimal, (1, 2, 5, 10)) if m * power >= rough)


def _steps(low: Decimal, high: Decimal, count: int) -> tuple[Decimal, ...]:
    # Ends of many digits that differ in the last of them alone have nothing between them to show.
    low, high = _EXACT.plus(low), _EXACT.plus(high)
    if high <= low:
        return (low,)
    step = _step(high - low, count)
    first = int((low / step).to_integral_value(ROUND_CEILING))
    last = int((high / step).to_integral_value(ROUND_FLOOR))
    return tuple(number * step for number in range(first, last + 1))


def _decades(low: Decimal, high: Decimal, count: int) -> tuple[Decimal, ...]:
    """Powers of ten, or with 2 and 5 between them if there is room; none if they are too few."""
    powers = range(low.adjusted(), high.adjusted() + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [Decimal(f).scaleb(p) for p in powers for f in factors]
        inside = [value for value in found if low <= value <= high]
        if len(inside) <= count:
            return tuple(inside) if len(inside) > 2 else ()
    inside = [Decimal(1).scaleb(p) for p in powers if low <= Decimal(1).scaleb(p) <= high]
    return tuple(inside[:: max(1, -(-len(inside) // count))])


def _round_down(value: Decimal) -> Decimal:
    power = Decimal(1).scaleb(value.adjusted())
    return max(m * power for m in map(Decimal, (1, 2, 5)) if m * power <= value)


def _round_up(value: Decimal) -> Decimal:
    power = Decimal(1).scaleb(value.adjusted())
    return min(m * power for m in map(Decimal, (1, 2, 5, 10)) if m * power >= value)
