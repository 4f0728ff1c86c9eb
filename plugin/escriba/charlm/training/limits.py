"""When a training ends: the schedule of a limit, known at once or found by the clock."""

from __future__ import annotations

import math

from escriba.charlm.training.run import Run
from escriba.charlm.training.schedule import Schedule
from escriba.charlm.training.settings import Limit


def set_schedule(run: Run, limit: Limit, steps_per_epoch: int) -> None:
    """Decide the end of a run whose rate does not yet fall, if the limit is one of steps."""
    if run.schedule.cool is not None and run.step >= run.schedule.cool:
        return
    end = count_steps(limit, steps_per_epoch)
    if end is None:
        run.schedule = Schedule(run.settings.warmup)
    elif run.step <= end // 2:
        run.schedule = run.schedule.over(end)
    else:
        run.schedule = run.schedule.falling(run.step, max(end - run.step, run.step // 4))


def count_steps(limit: Limit, steps_per_epoch: int) -> int | None:
    """The steps of a limit, without its minutes."""
    counts = [] if limit.steps is None else [limit.steps]
    if limit.epochs is not None:
        counts.append(math.ceil(limit.epochs * steps_per_epoch))
    return min(counts) if counts else None


def is_half_time(run: Run, limit: Limit) -> bool:
    """Whether the rate must begin to fall now, so that the training ends in its minutes: the second
    half, of as many steps as the first, will take as long."""
    falls = run.schedule.cool is not None and run.step >= run.schedule.cool
    return limit.minutes is not None and not falls and run.seconds >= 30 * limit.minutes


def goes_further(run: Run, limit: Limit, steps_per_epoch: int) -> bool:
    """Whether a limit leaves room beyond the end that a run has decided on."""
    if run.schedule.end is None or run.exhausted or run.step < (run.schedule.cool or 0):
        return False
    steps = count_steps(limit, steps_per_epoch)
    if steps is not None and steps <= run.schedule.end:
        return False
    # The clock is not exact: the same minutes again ask for nothing new.
    return limit.minutes is None or limit.minutes * 60 > 2.05 * run.cooled_after
