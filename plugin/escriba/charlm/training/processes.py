"""The processes that train together: one, or those that torchrun started."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from escriba.ground.errors import EscribaError

T = TypeVar("T")
WAIT = 5.0  # seconds; torchrun looks at its processes ten times a second


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
        box: list[T] = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the processes of a tensor of equal shape in each."""
        if self.world == 1:
            return values
        dist.all_reduce(values)
        return values / self.world

    def join(self, part: Tensor, dim: int) -> Tensor:
        """The processes' parts, side by side in the order of ranks."""
        if self.world == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.world)]
        dist.all_gather(parts, part.contiguous())
        return torch.cat(parts, dim)

    def own(self, whole: Tensor, dim: int) -> Tensor:
        """This process's part of a tensor: the inverse of `join`."""
        return whole.chunk(self.world, dim)[self.rank].contiguous()


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
    on_gpu = device.startswith("cuda") if device else torch.cuda.is_available()
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_RANK"]))
    finally:
        dist.destroy_process_group()
