"""How much memory a training takes and how much there is, so that one that cannot fit never begins.

What grows beyond the machine's memory meets an allocator that says so, or a kernel that kills the
process without a word, or another one in its place.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import torch

from escriba.charlm.training.settings import Settings
from escriba.ground.errors import Place, TrainingError
from escriba.ground.language import tr
from escriba.records.model import LARGEST, SYMBOLS, Network

FLOAT = 4  # bytes
# Floats kept for each weight: itself, its gradient, two moments, and the best one so far.
COPIES = 5
# Floats kept for each step, stream, layer and unit until the gradients are taken, and for each
# step, stream and symbol; measured, in float32. In bfloat16 a little more than half of the first.
KEPT: Mapping[str, float] = {"rnn": 5, "gru": 9, "lstm": 9}
KEPT_SCORES = 3.5


def refuse_network(network: Network, symbols: int, place: Place) -> None:
    """Raise TrainingError for a network whose model could not be read again, to be sampled."""
    if symbols > SYMBOLS:
        raise TrainingError(
            tr(
                "the corpus has {symbols} different characters, and a model has at most {most}; "
                "leave some files out, or learn bytes: unit: bytes",
                symbols=symbols, most=SYMBOLS,
            ),
            place,
        )  # fmt: skip
    size = FLOAT * _count_weights(network, symbols)
    if size > LARGEST:
        raise TrainingError(
            tr(
                "{layers} layers of {hidden} units have weights of {size}, and a model that can "
                "be sampled has at most {most}; make layers or hidden smaller",
                layers=network.layers, hidden=network.hidden, size=show(size), most=show(LARGEST),
            ),
            place,
        )  # fmt: skip


def refuse_excess(needed: int, device: torch.device, place: Place) -> None:
    """Raise TrainingError if the device has less memory than that many bytes."""
    there = find_memory(device)
    if there is not None and needed > there:
        raise TrainingError(
            tr(
                "this training needs about {needed} of memory, and {there} are free; {remedy}",
                needed=show(needed), there=show(there), remedy=remedy(),
            ),
            place,
        )  # fmt: skip


def remedy() -> str:
    """What to do about a training that does not fit into memory."""
    return tr("make hidden, layers, batch or window of its recipe smaller")


def estimate(network: Network, symbols: int, settings: Settings, precision: str, world: int) -> int:
    """Bytes that each of the `world` processes that share a batch needs, rather too few than too
    many: what is left out are the buffers of the libraries, and the copies while a file is written.
    """
    kept = KEPT[network.cell] * network.layers * network.hidden
    if precision == "bfloat16":
        kept *= 0.6
    steps = settings.batch * settings.window // world
    floats = COPIES * _count_weights(network, symbols) + steps * (kept + KEPT_SCORES * symbols)
    return int(FLOAT * floats)


def find_memory(device: torch.device) -> int | None:
    """Bytes that a device has left for this process; None where nothing says so."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory())
    return min(_bounds(), default=None) if device.type == "cpu" else None


def show(size: int) -> str:
    """A number of bytes, as people read it."""
    if size >= 1e9:
        return f"{size / 1e9:,.1f} GB"
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} KB"


def _count_weights(network: Network, symbols: int) -> int:
    return sum(map(math.prod, network.shapes(symbols).values()))


def _bounds() -> Iterator[int]:
    """What may bound the memory of this process: the machine, its container, its own limit."""
    with suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        found = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
        yield (found["MemAvailable"] + found["SwapFree"]) << 10
    with suppress(AttributeError, OSError, ValueError):  # all the machine has, used or not
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
            yield from _bounds_of_group(*line.split(":", 2))
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            used = 0
            with suppress(OSError, ValueError, IndexError):
                pages = Path("/proc/self/statm").read_text("ascii").split()[0]
                used = int(pages) * resource.getpagesize()
            yield max(0, limit - used)


def _bounds_of_group(number: str, controllers: str, name: str) -> Iterator[int]:
    """The limits of a control group of the process, and of those it is in."""
    if number == "0":
        root, file = Path("/sys/fs/cgroup"), "memory.max"
    elif "memory" in controllers.split(","):
        root, file = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
    else:
        return
    folder = root / name.lstrip("/")
    for group in (folder, *folder.parents):
        with suppress(OSError, ValueError):  # there is none, or it says "max"
            yield int((group / file).read_text("ascii"))
        if group == root:
            return
