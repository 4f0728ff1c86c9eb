"""What learns, behind one interface: a network with its optimiser, where such are made, and the
processes that have one each.

Loop, clock, log, checkpoint, health and schedule know no more of an engine than stands here, and
import no torch. Numbers cross in numpy's arrays: weights by the names and shapes of a model file
(`records/model.py`) in float32, symbols in int64, losses in nats per symbol.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.training.settings import Settings
from escriba.corpora.encoded import Text
from escriba.corpora.windows import Window
from escriba.ground.errors import EscribaError
from escriba.ground.install import need_torch
from escriba.records.model import Model, Network
from escriba.records.recipe import Recipe

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]
T = TypeVar("T")
WAIT = 5.0  # seconds; torchrun looks at its processes ten times a second


class Engine(Protocol):
    """A network that learns. Where several processes train together, each has one, and calls what
    is marked so when the others do."""

    def step(self, window: Window, rate: float) -> None:
        """Learn from a window, at that share of the highest rate (all processes). The state at the
        end of the window before is carried in, unless this one is fresh."""

    def last_loss(self) -> float:
        """Of the last step, in this process; NaN before the first."""

    def losses(self) -> Floats:
        """(n,) of the steps that are not forgotten (all processes)."""

    def norms(self) -> Floats:
        """(n,) of the gradients of these steps, before they were clipped."""

    def forget(self) -> None:
        """Forget the losses and norms so far."""

    def weights(self) -> dict[str, Floats]:
        """A copy of the weights."""

    def load_weights(self, weights: Mapping[str, Floats]) -> None:
        """Take other weights, and carry no state into the next window."""

    def measure(self, text: Text, before: Text | None, symbols: int) -> float:
        """The mean loss on about so many symbols of a text; `before` is what precedes it."""

    def write(
        self, start: int, length: int, seeds: Sequence[int], temperature: float
    ) -> list[list[int]]:
        """So many symbols to go on from one, by the random numbers of each seed."""

    def to_state(self) -> dict[str, NDArray[Any]]:
        """All that it needs to go on in the same bits (all processes)."""

    def load_state(self, state: Arrays, streams: int) -> None:
        """Go on from that state, whose windows have so many streams here. Raises ValueError,
        KeyError or RuntimeError for what `to_state` never gives: anybody can make a file."""


class Backend(Protocol):
    """Where engines are made: a library, on a device of this machine."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str:
        """The kind of device: cpu, cuda…"""

    @property
    def precision(self) -> str: ...

    @property
    def threads(self) -> int: ...

    @property
    def version(self) -> str: ...

    def begin(self, network: Network, symbols: int, settings: Settings) -> Engine:
        """An engine at its first step, by the seed of the settings."""

    def measure(
        self, model: Model, shown: Path, text: Text, before: Text | None, symbols: int
    ) -> float:
        """The loss of a finished model, like an engine's. Raises ModelError, `shown` as its
        file."""


class Machine(Protocol):
    """What this machine can train with, before that is decided."""

    def find_memory(self) -> int | None:
        """Bytes that are free; None where nothing says so."""

    def choose(
        self, recipe: Recipe, symbols: int, length: int, settings: Settings
    ) -> dict[str, Any]:
        """What a recipe leaves open for a text of that length over so many symbols: precision,
        batch, the learning rate that goes with it, dropout."""

    def make_backend(self, precision: str, *, begun: bool) -> Backend:
        """Raises TrainingError for a precision that there is not; `begun` says that a training has
        it already."""


@dataclass(frozen=True)
class Processes:
    """`rank` of `world` processes; `local` counts within one machine. Rank 0 leads: it alone
    decides by the clock, and writes."""

    rank: int = 0
    world: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, value: T) -> T:
        """The leader's value, in every process."""
        if self.world == 1:
            return value
        from torch import distributed as dist

        box: list[T] = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]


@contextmanager
def told_once() -> Iterator[None]:
    """Of a mistake that all processes find the leader speaks: the others wait with theirs until
    torchrun has ended them, and on a machine without the leader the first one speaks before the
    rest."""
    try:
        yield
    except EscribaError:
        if os.environ.get("RANK", "0") != "0":
            time.sleep(WAIT if os.environ.get("LOCAL_RANK") == "0" else 2 * WAIT)
        raise


@contextmanager
def joined(device: str | None) -> Iterator[Processes]:
    """The processes of this training, connected while the body runs.

    torchrun says in the environment who they are; without it there is one. NCCL connects
    processes with a GPU each, gloo all others.
    """
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield Processes()
        return
    need_torch()
    import torch
    from torch import distributed as dist

    on_gpu = device.startswith("cuda") if device else torch.cuda.is_available()
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_RANK"]))
        dist.barrier()  # they leave together: the connections of one that stays would break
    finally:
        dist.destroy_process_group()
