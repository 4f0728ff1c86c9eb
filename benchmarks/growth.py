"""Does the time to read hostile texts grow in proportion to their size?

    python benchmarks/growth.py [--only PATTERN] [--sizes 16,64,256] [--jobs N] [--limit SECONDS]

Hundreds of texts (support/hostile.py) go through the doors by which a stranger's text gets into a
blog (support/doors.py), each at three sizes in KB. Each is read in a process of its own, whose
processor time is limited, so that what hangs is a figure. Prints, the steepest first, the processor
seconds of each without those of an empty text, the largest memory, and the exponent: the logarithm
of how much more time the largest took than the one before, to the base of how much larger it is.
Times under 20 ms are taken for that. Exits with 1 if an exponent is above 1.3, a time above 20 s,
or anything but an EscribaError was raised.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.ground import project
from escriba.ground.errors import EscribaError
from support.doors import knock
from support.hostile import HOSTILE
from support.yard import ORDINARY, Yard, open_yard

STEEPEST = 1.3  # the largest exponent that passes, unless one is given
SLOWEST = 20.0  # the largest processor time that passes, in seconds
NOISE = 0.02  # seconds; smaller differences say nothing, nor do those under half an empty text
MEMORY = 2 << 30  # bytes that a process may take
AGAIN = 2  # times that a suspect is measured again, for the least of its times


@dataclass(frozen=True)
class Reading:
    """One text, read once: processor seconds, peak memory in bytes, and how it ended."""

    seconds: float
    memory: int
    ending: str  # nothing, or "limit", a signal, or the error that is a defect

    def __or__(self, other: Reading) -> Reading:
        return min(self, other, key=lambda reading: (bool(reading.ending), reading.seconds))


@dataclass(frozen=True)
class Growth:
    """The readings of one hostile text, at each size."""

    name: str
    sizes: Sequence[int]
    readings: Sequence[Reading]
    noise: float = NOISE

    @property
    def exponent(self) -> float:
        """Of the time between the two largest sizes; infinite for what met its limit."""
        if any(reading.ending for reading in self.readings):
            return math.inf
        if len(self.readings) < 2:
            return 0.0
        before, last = (reading.seconds for reading in self.readings[-2:])
        if last - before < self.noise:
            return 0.0
        return math.log(last / max(before, self.noise)) / math.log(self.sizes[-1] / self.sizes[-2])

    def passes(self, steepest: float) -> bool:
        slowest = max(reading.seconds for reading in self.readings)
        return self.exponent <= steepest and slowest <= SLOWEST

    def __str__(self) -> str:
        times = "".join(_written(reading) for reading in self.readings)
        times += " " * (9 * (len(self.sizes) - len(self.readings)))
        memory = max(reading.memory for reading in self.readings) >> 20
        ending = next((reading.ending for reading in self.readings if reading.ending), "")
        return f"{self.name:<42}{times}{memory:6}  {self.exponent:5.2f}  {ending}".rstrip()


def _written(reading: Reading) -> str:
    return f"{'>' if reading.ending else ''}{reading.seconds:.3f}".rjust(9)


def read_apart(template: Path, door: str, data: bytes, limit: float) -> Reading:
    """A text, read by a process of its own in a copy of a yard."""
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(receiver)
            _limit(limit)
            _read(template, door, data, sender)
        finally:
            os._exit(1)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(child, 0)
    memory = used.ru_maxrss << 10
    if said:
        seconds, ending = json.loads(said)
        return Reading(seconds, memory, ending)
    name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "ended"
    return Reading(used.ru_utime + used.ru_stime, memory, name.replace("SIGXCPU", "limit"))


def _limit(seconds: float) -> None:
    whole = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 2))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(template: Path, door: str, data: bytes, sender: int) -> None:
    ending = ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yard = _copy(template, Path(folder) / "yard")
        started = time.process_time()
        try:
            knock(yard, door, data)
        except EscribaError:
            pass
        except BaseException as error:  # a panic of a package in Rust is no Exception
            ending = f"{type(error).__name__}: {str(error)[:60]}"
        seconds = time.process_time() - started
    os.write(sender, json.dumps([seconds, ending]).encode())


def _copy(template: Path, folder: Path) -> Yard:
    shutil.copytree(template, folder)
    return Yard(project.load(folder))


def measure(
    template: Path,
    name: str,
    sizes: Sequence[int],
    base: Mapping[str, float],
    limit: float,
    steepest: float,
) -> Growth:
    """The growth of one hostile text; what is slow at one size is not tried at the next."""
    hostile = HOSTILE[name]
    texts = [hostile.make(size << 10).encode("utf-8", "surrogatepass") for size in sizes]

    def read(text: bytes) -> Reading:
        reading = read_apart(template, hostile.door, text, limit)
        return replace(reading, seconds=max(0.0, reading.seconds - base[hostile.door]))

    growth = Growth(name, sizes, (), NOISE + base[hostile.door] / 2)
    for text in texts:
        growth = replace(growth, readings=(*growth.readings, read(text)))
        if growth.readings[-1].ending:
            return growth
    for _ in range(AGAIN):
        if (
            growth.passes(steepest)
            or max(reading.seconds for reading in growth.readings) > limit / 4
        ):
            break
        again = [read(text) for text in texts[-2:]]
        both = [old | new for old, new in zip(growth.readings[-2:], again, strict=True)]
        growth = replace(growth, readings=(*growth.readings[:-2], *both))
    return growth


def measure_all(
    names: Sequence[str], sizes: Sequence[int], jobs: int, limit: float, steepest: float
) -> list[Growth]:
    """The growth of hostile texts by their names, the steepest first."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        yard = open_yard(Path(folder) / "yard")
        for _ in range(2):  # what is imported, compiled and cached once is not the text's
            knock(yard, "post", ORDINARY)
        gc.collect()
        gc.freeze()
        doors = {HOSTILE[name].door for name in names}
        base = {
            door: min(read_apart(yard.root, door, b"", limit).seconds for _ in range(3))
            for door in doors
        }

        def find(name: str) -> Growth:
            return measure(yard.root, name, sizes, base, limit, steepest)

        growths = []
        for growth in map(find, names) if jobs == 1 else pool.map(find, names):
            growths.append(growth)
            if not growth.passes(steepest):
                print(growth, file=sys.stderr, flush=True)
    return sorted(growths, key=lambda growth: (growth.exponent, growth.readings[-1].seconds))[::-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", default="", help="a pattern: measure only texts whose name has it"
    )
    parser.add_argument("--sizes", default="16,64,256", help="in KB, with commas between them")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--limit", type=float, default=40, help="processor seconds of each")
    parser.add_argument("--steepest", type=float, default=STEEPEST, help="exponent that passes")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    names = [name for name in HOSTILE if re.search(options.only, name)]
    if not names:
        parser.error(f"no text has {options.only!r} in its name")
    growths = measure_all(names, sizes, options.jobs, options.limit, options.steepest)
    print(f"{'text':<42}" + "".join(f"{size:6} KB" for size in sizes) + "    MB  exponent")
    for growth in growths:
        print(growth)
    failed = sum(not growth.passes(options.steepest) for growth in growths)
    slowest = max(reading.seconds for growth in growths for reading in growth.readings)
    print(
        f"{len(growths)} texts; {failed} above exponent {options.steepest} or {SLOWEST:.0f} s; "
        f"slowest {slowest:.1f} s"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
