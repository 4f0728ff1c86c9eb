"""The learning rate over a training: warm-up, a constant rate, and a straight line to zero.

A schedule of warm-up, plateau and decay (Hu et al. 2024, MiniCPM) does not need to know how long a
training will be until its rate begins to fall. So the end may be found on the way, by the clock or
by the validation loss, and a longer training begins exactly as a shorter one did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Schedule:
    """`cool` is the step at which the rate begins to fall, `end` the one at which it is zero.

    Both are None until they are decided. Where the clock has moved the end, `bend` is the step at
    which it did, and what was left of the rate then: from there the line goes to the new end.
    """

    warmup: int
    cool: int | None = None
    end: int | None = None
    bend: tuple[int, float] | None = None

    def over(self, steps: int) -> Schedule:
        """The same schedule, that many steps long: the rate falls during its second half."""
        return Schedule(self.warmup, steps // 2, steps)

    def falling(self, begin: int, steps: int) -> Schedule:
        """The same schedule, falling from step `begin` on, over that many steps."""
        return Schedule(self.warmup, begin, begin + steps)

    def bent(self, step: int, end: int) -> Schedule:
        """The same schedule, whose rate falls from that step on so that it is zero at `end`."""
        return replace(self, end=end, bend=(step, self._left(step)))

    def finished(self, step: int) -> bool:
        return self.end is not None and step >= self.end

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0, as a share of the highest."""
        share = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        return share * self._left(step)

    def _left(self, step: int) -> float:
        """What the fall leaves of the rate."""
        if self.cool is None or self.end is None or step < self.cool:
            return 1.0
        begun, height = self.bend or (self.cool, 1.0)
        return height * max(0.0, (self.end - step) / (self.end - begun))
