"""How much memory a training takes and how much there is, so that one that cannot fit never begins.

What grows beyond the machine's memory meets an allocator that says so, or a kernel that kills the
process without a word, or another one in its place.
"""

from __future__ import annotations

import errno
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from escriba.ground.errors import EscribaError, Place, TrainingError
from escriba.ground.language import tr
from escriba.records.model import LARGEST, SYMBOLS, Network

FLOAT = 4  # bytes
# Floats kept for each weight: itself, its gradient, two moments, and the best one so far.
COPIES = 5
# Floats kept for each step, stream, layer and unit until the gradients are taken, and for each
# step, stream and symbol; measured, in float32. In bfloat16 a little more than half of the first.
KEPT: Mapping[str, float] = {"rnn": 5, "gru": 9, "lstm": 9}
KEPT_SCORES = 3.5
# What the allocators of torch, of its libraries and of the devices say, each in its own words.
_FULL = (
    "out of memory", "can't allocate memory", "not enough memory", "could not allocate",
    "bad_alloc", "ALLOC_FAILED", "buffer size", "could not create a memory",
    "could not create a primitive", "failed to map segment", "error return without exception set",
)  # fmt: skip


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


def refuse_excess(needed: int, there: int | None, place: Place) -> None:
    """Raise TrainingError for a training that needs more bytes than there are, if that is known."""
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


def estimate(network: Network, symbols: int, per_step: int, precision: str) -> int:
    """Bytes that a process needs that reads so many symbols at a step, of so many different ones;
    rather too few than too many: what is left out are the buffers of the libraries."""
    kept = KEPT[network.cell] * network.layers * network.hidden
    if precision == "bfloat16":
        kept *= 0.6
    floats = COPIES * _count_weights(network, symbols) + per_step * (kept + KEPT_SCORES * symbols)
    return int(FLOAT * floats)


def find_machine_memory() -> int | None:
    """Bytes that the machine has left for this process; None where nothing says so."""
    return min(_bounds(), default=None)


@contextmanager
def bounded_memory(remedy: str, place: Place | None = None) -> Iterator[None]:
    """Raise TrainingError, with the remedy, when the memory of the machine or of a device is full
    inside."""
    try:
        yield
    except Exception as error:
        if isinstance(error, EscribaError) or not _is_full(error):
            raise
        device = next((kind for kind in ("CUDA", "MPS", "XPU") if kind in str(error)), "")
    else:
        return
    problem = (
        tr("the memory of the {device} device is full", device=device)
        if device
        else tr("the memory is full")
    )
    raise TrainingError(f"{problem}; {remedy}", place)


def _is_full(error: Exception) -> bool:
    # torch.OutOfMemoryError is of devices alone; of processors it is a plain RuntimeError.
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError | SystemError | ImportError) and any(
        words in str(error) for words in _FULL
    )


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
