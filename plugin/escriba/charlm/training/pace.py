"""How fast a training goes, and what is shown of it while it runs."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from escriba.charlm.training.run import Run
from escriba.charlm.training.settings import Limit

REPORT_EVERY = 0.25  # seconds
RECENT = 40  # reports: the speed shown is that of the last ten seconds
MEASURING = 1 / 3  # of the time of a step's symbol: there is no gradient
LATELY = 4.0  # seconds, at least, over which the pace is taken by which a training may be cut


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
        if run.losses:
            self.loss = float(run.losses[-1]) if math.isnan(self.loss) else self.loss
            self.loss += 0.1 * (float(run.losses[-1]) - self.loss)
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
