"""When a training ends: the schedule of a limit, known at once or found by the clock."""

from __future__ import annotations

import math

from escriba.charlm.training.run import Run
from escriba.charlm.training.schedule import Schedule
from escriba.charlm.training.settings import Limit

# What a training may take beyond its minutes: a share of them, or so many seconds.
SLACK, LEAST_SLACK = 0.05, 2.0
# Seconds before the first step and after the last that the minutes do not count; more are taken off
# them, but half of them at most.
GRACE = 4.0


def set_schedule(run: Run, limit: Limit, steps_per_epoch: int) -> None:
    """Decide the end of a run whose rate does not yet fall, if the limit is one of steps."""
    if falls(run):
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
