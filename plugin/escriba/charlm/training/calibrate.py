"""What the machine is asked: how many threads take a step soonest, and how many streams are read.

Beside a busy process every operation waits for the thread that has no processor just then, and
fewer threads may be faster. So now and then each number is tried for a few steps, and the fastest
is taken until the next time. A training must end in the same bytes whenever that happens: only such
numbers are tried as give the same bits. (With some shapes the terms of a sum are dealt to the
threads, which rounds it otherwise.)
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import torch

from escriba.charlm.training.engine import Engine
from escriba.charlm.training.settings import BATCH, Settings
from escriba.corpora.windows import Reader, Window

TRIED = 4  # steps with each number
EVERY = 20  # a trial comes after so many times as long as it took
BETTER = 0.9  # of the time: what another number must take to be worth a change
REHEARSED = 2  # steps, whose bits are compared

LARGEST = 512  # streams
# A step of twice the batch must be worth it: so many times the symbols a second, since it learns
# less from each of them (docs/experiments.md).
WORTH = 1.5
STEPS_PER_EPOCH = 50  # at least, so that a short text is not read in a few large steps
TIMED = 4  # steps, of which the fastest counts

Make = Callable[[Settings], Engine]


@dataclass
class Threads:
    """Takes steps with the number of threads that is fastest, of those that `numbers` allows; the
    first is the usual one."""

    numbers: Sequence[int]
    clock: Callable[[], float] = time.perf_counter
    number: int = field(init=False)
    _trial: list[int] = field(init=False, default_factory=list)  # numbers of the steps to come
    _times: dict[int, float] = field(init=False, default_factory=dict)  # seconds with each
    _due: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.number = self.numbers[0]

    def take(self, step: Callable[[], None]) -> None:
        """Take a step, with the number of threads that it is the turn of."""
        if len(self.numbers) == 1:
            step()
            return
        number = self._trial.pop() if self._trial else self.number
        torch.set_num_threads(number)
        begun = self.clock()
        try:
            step()
        finally:  # everything else has the usual number, and therefore always the same bits
            torch.set_num_threads(self.numbers[0])
        ended = self.clock()
        if number in self._times:
            self._times[number] += ended - begun
            if not self._trial:
                self._settle(ended)
        elif ended >= self._due:
            self._trial = [*self.numbers] * TRIED
            self._times = dict.fromkeys(self.numbers, 0.0)

    def _settle(self, now: float) -> None:
        fastest = min(self._times, key=lambda number: self._times[number])
        if self._times[fastest] < BETTER * self._times[self.number]:
            self.number = fastest
        self._due = now + EVERY * sum(self._times.values())
        self._times = {}


def find_numbers(
    make: Make, symbols: int, settings: Settings, shape: tuple[int, ...]
) -> tuple[int, ...]:
    """The numbers of threads to choose from on this machine, the usual one first: fewer ones with
    which steps on windows of that shape (T, B) give the same bits."""
    usual = torch.get_num_threads()
    fewer = sorted({usual - 1, usual // 2, 1} - {0, usual}, reverse=True)
    if not fewer:
        return (usual,)
    with suppress(RuntimeError):  # what one number cannot do is no choice
        expected = _rehearse(make, symbols, settings, shape, usual)
        return usual, *(
            number
            for number in fewer
            if _rehearse(make, symbols, settings, shape, number) == expected
        )
    return (usual,)


def _rehearse(
    make: Make, symbols: int, settings: Settings, shape: tuple[int, ...], number: int
) -> str:
    """The digest of the weights after the first steps on random text, by so many threads."""
    usual = torch.get_num_threads()
    # A gradient that is clipped depends on the norm of it, as any may later.
    engine = make(replace(settings, clip=1e-3 if settings.clip else None))
    torch.set_num_threads(number)
    try:
        for window in islice(_read_random(symbols, shape), REHEARSED):
            engine.step(window, 1.0)
    finally:
        torch.set_num_threads(usual)
    found = hashlib.sha256()
    for name, weights in sorted(engine.weights().items()):
        found.update(name.encode() + weights.tobytes())
    found.update(engine.losses().tobytes() + engine.norms().tobytes())
    return found.hexdigest()


def choose_batch(
    make: Make, symbols: int, length: int, settings: Settings, fits: Callable[[Settings], bool]
) -> int:
    """The batch for a text of that length over so many symbols: BATCH, doubled while it pays, and
    while what it needs `fits` into memory."""
    batch = BATCH
    limit = min(LARGEST, length // (STEPS_PER_EPOCH * settings.window))
    if 2 * batch > limit:
        return batch
    speed = _measure_speed(make, symbols, replace(settings, batch=batch))
    while 2 * batch <= limit:
        doubled = replace(settings, batch=2 * batch)
        if not fits(doubled):
            break
        faster = _measure_speed(make, symbols, doubled)
        if faster < WORTH * speed:
            break
        batch, speed = 2 * batch, faster
    return batch


def _measure_speed(make: Make, symbols: int, settings: Settings) -> float:
    """Symbols a second of training steps on random text."""
    engine, times = make(settings), []
    for window in islice(_read_random(symbols, (settings.window, settings.batch)), TIMED + 1):
        begun = time.perf_counter()
        engine.step(window, 1.0)
        engine.last_loss()  # waits for the device
        times.append(time.perf_counter() - begun)
    return settings.batch * settings.window / min(times[1:])  # the first warms up


def _read_random(symbols: int, shape: tuple[int, ...]) -> Iterator[Window]:
    """Windows of that shape (T, B) over random text."""
    window, batch = shape
    size = window * batch * (max(TIMED, REHEARSED) + 3)
    text = np.random.default_rng(1).integers(symbols, size=size, dtype=np.uint32)
    return Reader(text, batch, window, seed=1).read()
