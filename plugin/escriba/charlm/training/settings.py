"""What a training runs with: the recipe's words, a budget's where the recipe is silent, and the
learning rate over the training: warm-up, a constant rate, and a straight line to zero.

A schedule of warm-up, plateau and decay (Hu et al. 2024, MiniCPM) does not need to know how long a
training will be until its rate begins to fall. So the end may be found on the way, by the clock or
by the validation loss, and a longer training begins exactly as a shorter one did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from escriba.ground.digest import text_digest
from escriba.ground.errors import SourceError, shorten
from escriba.ground.language import tr
from escriba.records.recipe import LONGEST, MINUTES, SHORT_LAYERS, Budget, Engine, Optimiser, Recipe

# Minutes of each budget; the best there is has no limit but the validation loss.
BUDGETS: Mapping[Budget, float | None] = {
    "1 minute": 1.0,
    "10 minutes": 10.0,
    "1 hour": 60.0,
    "best": None,
}
USUAL: Budget = "10 minutes"
# Measured, with the rest of the defaults, in docs/experiments.md.
BATCH = 32
CHOSEN = ("batch", "learning_rate", "dropout")  # by machine, batch, and length of the training
RATES: Mapping[Optimiser, float] = {"adamw": 0.012, "muon": 0.02}
SHORT_RATES: Mapping[Optimiser, float] = {"adamw": 0.016, "muon": 0.02}  # of a minute's recipe
# For texts of fewer symbols than so many, the dropout of a training of at least so many passes.
DROPOUTS = (
    (100_000, ((0, 0.0), (10, 0.4))),
    (150_000, ((0, 0.0), (10, 0.2))),
    (math.inf, ((0, 0.0), (10, 0.1), (100, 0.2))),
)
SPEED = 40_000  # symbols a second: what an hour is taken for when the dropout is chosen


@dataclass(frozen=True)
class Limit:
    """When a training ends at the latest: None is no limit. Raises SourceError for what is none."""

    minutes: float | None = None
    epochs: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        for name, most in ("minutes", MINUTES), ("epochs", LONGEST), ("steps", LONGEST):
            value = getattr(self, name)
            if value is not None and not 0 < value <= most:  # NaN is not, either
                raise SourceError(
                    tr("'{name}' must be more than 0, at most {most:,}, not {value}",
                       name=name, most=most, value=shorten(str(value)))
                )  # fmt: skip

    def to_tuple(self) -> tuple[float | None, float | None, int | None]:
        return self.minutes, self.epochs, self.steps

    def passes(self, symbols: int, per_step: int) -> float:
        """About how often a text of so many symbols is read."""
        found = [math.inf] if self.epochs is None else [self.epochs]
        if self.steps is not None:
            found.append(self.steps * per_step / symbols)
        if self.minutes is not None:
            found.append(self.minutes * 60 * SPEED / symbols)
        return min(found)

    def __bool__(self) -> bool:
        return any(value is not None for value in asdict(self).values())


@dataclass(frozen=True)
class Settings:
    """A training's settings, all decided but for what depends on the machine."""

    limit: Limit
    engine: Engine
    batch: int
    window: int
    optimiser: Optimiser
    learning_rate: float
    warmup: int
    weight_decay: float
    clip: float | None
    dropout: float
    precision: str
    patience: bool
    log_every: int
    seed: int

    def digest(self, *more: object) -> str:
        """Of what determines the steps of a training, but not how many there are. What was chosen
        for it is not in it: where the recipe leaves it open, a checkpoint says it."""
        free = {"limit", "log_every", *CHOSEN}
        kept = sorted((key, value) for key, value in asdict(self).items() if key not in free)
        return text_digest(repr((kept, more)))

    def to_dict(self) -> dict[str, Any]:
        values = asdict(self)
        return {**values.pop("limit"), **values}


def settle(
    recipe: Recipe, asked: Limit, budget: Budget | None = None, *, symbols: int = 1,
    engine: Engine = "torch",
) -> Settings:  # fmt: skip
    """The settings of a recipe for a training text of so many symbols.

    A limit or a budget that is asked for takes the place of the recipe's.
    """
    training = recipe.training
    if not asked and budget is None:
        asked = Limit(training.minutes, training.epochs, training.steps)
        budget = training.budget
    if not asked:
        asked = Limit(minutes=BUDGETS[budget or USUAL])
    rate, dropout = training.learning_rate, recipe.network.dropout
    rates = SHORT_RATES if training.budget in SHORT_LAYERS else RATES
    batch = training.batch or BATCH
    if dropout is None:
        passes = asked.passes(symbols, batch * training.window)
        choice = next(shares for size, shares in DROPOUTS if symbols < size)
        dropout = max(share for least, share in choice if passes >= least)
    return Settings(
        limit=asked,
        engine=engine,
        batch=batch,
        window=training.window,
        optimiser=training.optimiser,
        learning_rate=rates[training.optimiser] if rate is None else rate,
        warmup=training.warmup,
        weight_decay=training.weight_decay,
        clip=training.clip,
        dropout=dropout,
        precision=training.precision,
        patience=training.patience,
        log_every=training.log_every,
        seed=training.seed,
    )


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
