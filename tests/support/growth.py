"""How the time of some work grows with its size, whatever else the machine does meanwhile."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

STEEPEST = 1.6  # the largest exponent that passes: 1 is in proportion, 2 the square
NOISE = 0.02  # seconds; what takes less says nothing
ROUNDS = 5
REPEATS = 3  # times at each size in a round, of which the least counts


def check_growth(
    prepare: Callable[[int], Callable[[], object]],
    small: int,
    large: int,
    clock: Callable[[], float] = time.process_time,
) -> None:
    """That the processor time of the work that `prepare` gives for a size grows with the size.

    One round in proportion is enough: on a busy machine some are not, for caches are shared too.
    What grows with the square of the size is in none.
    """
    works = prepare(small), prepare(large)
    steepest = (large / small) ** STEEPEST
    rounds = []
    for _ in range(ROUNDS):
        pairs = [[measure(work, clock) for work in works] for _ in range(REPEATS)]
        less, more = map(min, zip(*pairs, strict=True))
        if more <= steepest * less + NOISE:
            return
        rounds.append(f"{less:.3f} s, then {more:.3f} s")
    raise AssertionError(f"{large / small:g} times the size takes: {'; '.join(rounds)}")


def measure(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds, without those of the collector: it walks over all that other tests have left."""
    gc.disable()
    try:
        begun = clock()
        work()
        return clock() - begun
    finally:
        gc.enable()
