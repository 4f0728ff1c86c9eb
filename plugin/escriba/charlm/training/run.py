"""A training under way: an engine, how far it has come, and the best weights so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from escriba.charlm.training.engine import Arrays, Backend, Engine, Floats, Processes
from escriba.charlm.training.origin import Origin
from escriba.charlm.training.settings import Schedule, Settings
from escriba.corpora.windows import Window
from escriba.records.model import Network

# What a checkpoint holds of a run as it is.
PLAIN = (
    "attempt", "step", "epoch", "index", "characters", "seconds", "loss", "best_step", "validated",
    "cooled_after", "exhausted", "stale", "since", "best_seconds", "path",
)  # fmt: skip
WHOLE = ("attempt", "step", "epoch", "index", "characters", "best_step", "validated", "since")
LARGEST = 1 << 53
ATTEMPTS = 100_000  # far more than there are

# How a run came to its schedule: as one without interruption would; by going back from its end, as
# long as that has found no better weights; or by a limit that came when half of it was over.
Path = Literal["straight", "back", "own"]

# The learning rate of an attempt, as a share of that of the one before, which collapsed.
SLOWER = 0.3


@dataclass
class Run:
    """The state of a training, all of which a checkpoint holds."""

    settings: Settings
    processes: Processes
    network: Network
    engine: Engine
    schedule: Schedule
    attempt: int = 0
    step: int = 0
    epoch: int = 0
    index: int = 0
    characters: int = 0
    seconds: float = 0.0
    loss: float | None = None  # mean of the last line of the log
    best: float = math.inf
    best_step: int = 0
    validated: int = 0  # the step of the last validation
    cooled_after: float = 0.0  # seconds after which the rate began to fall
    exhausted: bool = False  # whether it ends because the validation loss falls no more
    stale: int | None = None  # the best step when it was seen that the loss falls no more
    since: int = 0  # the step from which the patience with it counts
    asked: tuple[float | None, float | None, int | None] | None = None  # the limit it runs to
    best_seconds: float | None = None  # those of the best weights; None: there are none yet
    path: Path = "straight"
    validations: list[tuple[int, float]] = field(default_factory=list)  # step and loss of each
    best_weights: dict[str, Floats] = field(default_factory=dict)

    def to_values(self) -> dict[str, Any]:
        """What a checkpoint holds of it but for arrays."""
        return {
            **{name: getattr(self, name) for name in PLAIN},
            "best": None if math.isinf(self.best) else self.best,
            "asked": self.asked,
            "schedule": (self.schedule.cool, self.schedule.end, self.schedule.bend),
            "validations": self.validations,
        }

    def to_arrays(self) -> dict[str, Any]:
        """What a checkpoint holds of arrays. Every process must call it: each has a part."""
        best = {f"best.{name}": weights for name, weights in self.best_weights.items()}
        return {f"engine.{k}": array for k, array in self.engine.to_state().items()} | best

    def load(self, values: Mapping[str, Any], arrays: Arrays, symbols: int, streams: int) -> None:
        """Go on from what a checkpoint holds of a run over so many symbols; this process has so
        many streams.

        Raises ValueError, TypeError, KeyError, AttributeError or RuntimeError for what no run has
        written: anybody can make a file.
        """
        check(values)
        best = _strip("best.", arrays)
        shapes = self.network.shapes(symbols)
        _need(best.keys() in (set(), shapes.keys()))
        _need(all(best[name].shape == shapes[name] for name in best))
        _need(all(weights.dtype.name == "float32" for weights in best.values()))
        _need(all(np.isfinite(weights).all() for weights in best.values()))
        own = _strip("engine.", arrays)
        _need(own.get("number", [values["step"]])[0] == values["step"])
        self.engine.load_state(own, streams)
        _need(all(name.startswith(("best.", "engine.")) for name in arrays))
        for name in PLAIN:
            setattr(self, name, values[name])
        self.best = math.inf if values["best"] is None else values["best"]
        self.asked = None if values["asked"] is None else tuple(values["asked"])
        cool, end, bend = values["schedule"]
        bend = bend and tuple(bend)
        self.schedule = Schedule(self.settings.warmup, cool, end, bend)
        self.validations = [(step, loss) for step, loss in values["validations"]]
        self.best_weights = best


def begin(
    backend: Backend,
    network: Network,
    symbols: int,
    settings: Settings,
    *,
    processes: Processes = Processes(),  # noqa: B008, a frozen value
    attempt: int = 0,
    origin: Origin | None = None,
) -> Run:
    """A training at its first step, with the weights of its `origin` if it has one. `attempt`
    counts those that collapsed before it."""
    for _ in range(attempt):
        settings = replace(settings, learning_rate=settings.learning_rate * SLOWER)
    seeded = replace(settings, seed=settings.seed + 1_000_003 * attempt)
    engine = backend.begin(network, symbols, seeded)
    if origin is not None and origin.weights:  # a checkpoint has its own
        engine.load_weights(origin.fill(engine.weights()))
    schedule = Schedule(settings.warmup)
    return Run(settings, processes, network, engine, schedule, attempt)


def take_step(run: Run, window: Window) -> None:
    """One step of a run, on the window that follows."""
    run.engine.step(window, run.schedule.rate(run.step))
    run.step += 1
    run.epoch, run.index = window.epoch, window.index + 1
    run.characters += window.symbols.size * run.processes.world


def check(values: Mapping[str, Any]) -> None:
    """Raise ValueError, or what Python itself raises, for values that no run has written."""
    for name in WHOLE:
        _need(_is_whole(values[name]))
    for name in ("seconds", "cooled_after"):
        _need(_is_time(values[name]))
    _need(values["attempt"] < ATTEMPTS)
    _need(values["best"] is None or _is_loss(values["best"]))
    _need(values["loss"] is None or _is_loss(values["loss"]))
    _need(type(values["exhausted"]) is bool)
    _need(values["path"] in get_args(Path))
    _need(values["stale"] is None or _is_whole(values["stale"]))
    _need(values["best_seconds"] is None or _is_time(values["best_seconds"]))
    for step, loss in values["validations"]:
        _need(_is_whole(step) and _is_loss(loss))
    cool, end, bend = values["schedule"]
    if (cool, end) != (None, None):
        _need(_is_whole(cool) and _is_whole(end) and cool <= end)
    if bend is not None:
        step, height = bend
        _need(_is_whole(step) and type(height) is float and 0 <= height <= 1)
        _need(cool is not None and cool <= step < end)
    asked = values["asked"]
    _need(
        asked is None
        or (
            len(asked) == 3
            and all(limit is None or (_is_time(limit) and limit > 0) for limit in asked)
        )
    )


def _strip(prefix: str, arrays: Arrays) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < LARGEST and type(value) is not bool


def _is_loss(value: object) -> bool:
    return type(value) is float and math.isfinite(value)


def _need(right: bool) -> None:
    if not right:
        raise ValueError
