"""How long does a step of training take beside other busy processes?

    python benchmarks/beside_others.py [--others N…] [--rounds N] [--seconds S] [--spinning]

For each number of other processes, which do nothing but keep a processor busy: milliseconds a step
of the default network takes with one thread; with as many as torch takes, always, which wait for
each other as in `escriba train`; as `escriba train` takes it, with as many as are found to help;
and, with `--spinning`, as it was without both, which may take minutes. Each in a process of its
own, in turn; the fastest of the rounds. The others are processes that this one starts, and ends by
their numbers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

BUSY = "while True: pass"
WAYS = {
    "one thread": {"OMP_NUM_THREADS": "1"},
    "all threads": {},
    "as trained": {},
    "spinning": {"GOMP_SPINCOUNT": "300000"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--others", type=int, nargs="*", default=[0, 1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each in a round")
    parser.add_argument("--spinning", action="store_true")
    parser.add_argument("--part", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(measure(options.seconds, chosen=options.part == "as trained"))
        return
    ways = [way for way in WAYS if options.spinning or way != "spinning"]
    print(f"{os.cpu_count()} processors; milliseconds a step, and the ratio to one thread's")
    print("others" + "".join(f"  {way:>18}" for way in ways))
    for number in options.others:
        with others(number):
            times = {way: min(run(way, options) for _ in range(options.rounds)) for way in ways}
        alone = times["one thread"]
        cells = (f"{1000 * t:>10,.1f}  {t / alone:>5.2f}x" for t in times.values())
        print(f"{number:>6}" + "".join(f"  {cell:>18}" for cell in cells), flush=True)


def run(way: str, options: argparse.Namespace) -> float:
    """Seconds a step, in a process of its own."""
    command = [sys.executable, __file__, "--part", way, "--seconds", str(options.seconds)]
    environment = {**os.environ, **WAYS[way]}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def measure(seconds: float, *, chosen: bool) -> float:
    """Seconds a step, of those that fit into so many; before them what is done once is done."""
    import_module("escriba.charlm")  # before torch, which reads the environment that this sets

    import torch

    from escriba.charlm.training.calibrate import TRIED
    from escriba.charlm.training.run import take_step
    from escriba.charlm.training.torch_engine import TorchEngine
    from support.steps import Contender, start

    contender = Contender("float32", torch.get_num_threads())
    running = start(contender)
    engine = running.run.engine
    assert isinstance(engine, TorchEngine)
    if chosen:
        engine.threads = None  # as many as it finds

    def step() -> None:
        take_step(running.run, next(running.windows))

    step()
    assert engine.threads is not None
    for _ in range(TRIED * len(engine.threads.numbers)):
        step()
    begun, steps = time.perf_counter(), 0
    while steps < 2 or time.perf_counter() - begun < seconds:
        step()
        steps += 1
    return (time.perf_counter() - begun) / steps


@contextmanager
def others(number: int) -> Iterator[None]:
    """So many busy processes, while the body runs."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
