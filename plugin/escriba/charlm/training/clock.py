"""How fast a training goes, and when it ends: by a limit that is known at once, or by the clock."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from escriba.charlm.training.run import Run
from escriba.charlm.training.settings import Limit, Schedule

REPORT_EVERY = 0.25  # seconds
RECENT = 40  # reports: the speed shown is that of the last ten seconds
MEASURING = 1 / 3  # of the time of a step's symbol: there is no gradient
LATELY = 4.0  # seconds, at least, over which the pace is taken by which a training may be cut
# What a training may take beyond its minutes: a share of them, or so many seconds.
SLACK, LEAST_SLACK = 0.05, 2.0
# Seconds before the first step and after the last that the minutes do not count; more are taken off
# them, but half of them at most.
GRACE = 4.0


@dataclass(frozen=True)
class Moment:
    """A moment of training, as shown to a person. Losses in nats per symbol."""

    step: int
    share: float | None  # of the training, 0 to 1; None: it has no end yet
    loss: float  # mean over the last steps
    validation: float | None  # best so far
    characters: int
    seconds: float
    speed: float  # characters per second, of late

    @property
    def remaining(self) -> float:
        """Seconds left, at the pace so far."""
        return self.seconds * (1 - self.share) / self.share if self.share else math.inf


@dataclass(frozen=True)
class Watch:
    """Who is told of a training: `report` of a moment about four times a second, `wrote` of what
    the network writes and after which step, `follow` of each line of the log."""

    report: Callable[[Moment], None]
    wrote: Callable[[int, str], None]
    follow: Callable[[Mapping[str, Any]], None]


@dataclass
class Beside:
    """The seconds that a training takes beside its steps: before the first, and after the last,
    where `symbols` are measured, and something is written. What they take is known from on the way;
    until the first validation, from the steps.
    """

    before: float
    symbols: int
    per_symbol: float = 0.0
    writing: float = 0.0

    def seconds(self, per_symbol: float) -> float:
        """What it all takes, where a step takes so many seconds for each of its symbols."""
        each = self.per_symbol or MEASURING * per_symbol
        return self.before + self.symbols * each + self.writing

    @contextmanager
    def measured(self, symbols: int) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.per_symbol = (time.perf_counter() - begun) / max(1, symbols)

    @contextmanager
    def wrote(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.writing = time.perf_counter() - begun


class Pace:
    """The clock of a run that may be an older one's continuation."""

    def __init__(self, run: Run, limit: Limit, report: Callable[[Moment], None]):
        self._run, self._limit, self._report = run, limit, report
        self._begun = time.monotonic() - run.seconds
        self._reported = run.seconds
        self._recent = deque([(run.step, run.characters, run.seconds)], maxlen=RECENT)
        self.loss = math.nan

    def tick(self) -> None:
        """Take the time, and report if it is time to."""
        run = self._run
        run.seconds = time.monotonic() - self._begun
        if run.seconds - self._reported < REPORT_EVERY or not run.processes.leads:
            return
        self._reported = run.seconds
        last = run.engine.last_loss()
        if not math.isnan(last):
            self.loss = last if math.isnan(self.loss) else self.loss
            self.loss += 0.1 * (last - self.loss)
        _, characters, seconds = self._recent[0]
        speed = (run.characters - characters) / max(run.seconds - seconds, 1e-9)
        self._recent.append((run.step, run.characters, run.seconds))
        best = run.best if math.isfinite(run.best) else None
        self._report(
            Moment(
                run.step, self.share, self.loss, best, run.characters, run.seconds, speed
            )
        )  # fmt: skip

    @property
    def per_step(self) -> float | None:
        """Seconds for a step of late, with all that happens between steps; None if it is too early
        to say."""
        for step, _, seconds in reversed(self._recent):
            spent = self._run.seconds - seconds
            if spent >= LATELY:
                return spent / (self._run.step - step)
        return None

    @property
    def share(self) -> float | None:
        """How much of the training is done."""
        if self._run.schedule.end is not None:
            return min(1.0, self._run.step / max(1, self._run.schedule.end))
        if self._limit.minutes is not None:
            return min(0.5, self._run.seconds / max(1e-9, 60 * self._limit.minutes))
        return None


def set_schedule(run: Run, limit: Limit, steps_per_epoch: int) -> None:
    """Decide the end of a run whose rate does not yet fall, if the limit is one of steps."""
    if falls(run):
        return
    run.asked = limit.to_tuple()
    end = count_steps(limit, steps_per_epoch)
    if end is None:
        run.schedule = Schedule(run.settings.warmup)
    elif run.step <= end // 2:
        run.schedule = run.schedule.over(end)
    else:
        run.schedule = run.schedule.falling(run.step, max(end - run.step, run.step // 4))
        run.path = "own"


def count_steps(limit: Limit, steps_per_epoch: int) -> int | None:
    """The steps of a limit, without its minutes."""
    counts = [] if limit.steps is None else [limit.steps]
    if limit.epochs is not None:
        counts.append(math.ceil(limit.epochs * steps_per_epoch))
    return min(counts) if counts else None


def falls(run: Run) -> bool:
    """Whether the rate of a run falls already."""
    return run.schedule.cool is not None and run.step >= run.schedule.cool


def count_seconds(limit: Limit, beside: float) -> float:
    """The seconds of a limit's minutes that there are for steps, where what stands beside the steps
    takes so many; without minutes there is no end of them."""
    if limit.minutes is None:
        return math.inf
    whole = 60 * limit.minutes
    return whole - min(max(0.0, beside - GRACE), whole / 2)


def is_half_time(run: Run, limit: Limit, beside: float) -> bool:
    """Whether the rate must begin to fall now, so that the training ends in its minutes: the second
    half, of as many steps as the first, will take as long. `beside`: as in `count_seconds`."""
    return not falls(run) and run.step > 0 and run.seconds >= count_seconds(limit, beside) / 2


def find_end(run: Run, limit: Limit, per_step: float | None, beside: float) -> int | None:
    """The step at which a run whose rate falls must end instead, at so many seconds a step of late,
    to keep to its minutes; None if it will."""
    end = run.schedule.end
    if limit.minutes is None or per_step is None or end is None or not falls(run):
        return None
    left, steps = count_seconds(limit, beside) - run.seconds, end - run.step
    slack = max(SLACK * 60 * limit.minutes, LEAST_SLACK)
    if steps < 2 or steps * per_step <= left + slack:
        return None
    return run.step + max(1, int(left / per_step))


def goes_further(run: Run, limit: Limit, own: Limit, steps_per_epoch: int) -> bool:
    """Whether a limit leaves room beyond the end that a run has decided on. `own` is the recipe's
    limit, which runs of earlier versions are taken to have had."""
    asked = own if run.asked is None else Limit(*run.asked)
    if run.schedule.end is None or not falls(run):
        return False
    steps = count_steps(limit, steps_per_epoch)
    if run.stale is not None:  # it ends before its limit: the same one asks for nothing new
        return limit != asked and (
            (steps is None or steps > run.step)
            and (limit.minutes is None or 60 * limit.minutes > run.seconds)
        )
    if limit == asked and run.asked is not None:
        return False
    if steps is not None and steps <= run.schedule.end:
        return False
    # The clock is not exact: the same minutes again ask for nothing new.
    half = run.cooled_after or run.seconds / 2
    return limit.minutes is None or limit.minutes * 60 > 2.05 * half
