"""Whole training steps as a share of what the machine's matrix multiplication reaches.

    python benchmarks/throughput.py [--rounds N] [--seconds S] [--threads N]

For float32 and bfloat16, batches of 32 to 128 streams and 128 to 512 hidden units, a 4-layer LSTM
on random text, windows of 64: characters per second, floating point operations per second, the
machine's peak, and the one as a share of the other.

The peak is `torch.mm` of two square matrices, of the size that is fastest here. The operations are
those of the matrix products that the network needs: two for each weight of the input, recurrent
and head matrices and each character forward, twice as many backward (a product for the gradient of
the input, one for that of the weights). Everything else, which takes time as well, counts as no
work: looking up embeddings, gates, softmax, clipping, the optimiser. The peak is taken again before
each three contenders, which are held against it; medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import dataclass, field

import torch
from steps import SYMBOLS, Contender, start

from escriba.charlm.device import Precision, can_train
from escriba.ground.mistakes import ending
from escriba.records.model import GATES, Network

SIZES = (512, 1024, 2048)  # rows and columns
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
HIDDEN = (128, 256, 512)
BATCHES = (32, 64, 128)


@dataclass
class Found:
    """What was measured of one contender: a number for each round."""

    speeds: list[float] = field(default_factory=list)  # characters per second
    shares: list[float] = field(default_factory=list)  # of the peak just before


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each in a round")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads")
    for precision in PRECISIONS:
        if not can_train(torch.device("cpu"), precision):
            print(f"\n{precision}: this processor cannot train in it")
            continue
        size = choose_size(precision)
        groups = [
            [Contender(precision, options.threads, batch, hidden) for batch in BATCHES]
            for hidden in HIDDEN
        ]
        peaks, found = measure(groups, size, options.rounds, options.seconds)
        report(size, statistics.median(peaks), found)


def choose_size(precision: Precision) -> int:
    """The size at which the fastest of three products is fastest."""
    times = {size: max(multiply(precision, size, 0.2) for _ in range(3)) for size in SIZES}
    return max(times, key=lambda size: times[size])


def measure(
    groups: list[list[Contender]], size: int, rounds: int, seconds: float
) -> tuple[list[float], dict[Contender, Found]]:
    """All peaks, in floating point operations per second, and what was found of each contender."""
    running = {contender: start(contender) for group in groups for contender in group}
    found = {contender: Found() for contender in running}
    peaks = []
    for _ in range(rounds):
        for group in groups:
            peaks.append(multiply(group[0].precision, size, seconds))
            for contender in group:
                speed = running[contender].measure(seconds)
                found[contender].speeds.append(speed)
                found[contender].shares.append(speed * work(contender.network) / peaks[-1])
    return peaks, found


def report(size: int, peak: float, found: dict[Contender, Found]) -> None:
    precision = next(iter(found)).precision
    print(f"\n{precision}: peak {peak / 1e9:,.1f} GFLOP/s, of {size} x {size} matrices")
    print("hidden  batch  characters/s  GFLOP/s  share of the peak")
    for contender, own in found.items():
        speed = statistics.median(own.speeds)
        print(
            f"{contender.hidden:>6}  {contender.batch:>5}  {speed:>12,.0f}  "
            f"{speed * work(contender.network) / 1e9:>7,.1f}  "
            f"{statistics.median(own.shares):>17.1%}",
            flush=True,
        )


def multiply(precision: Precision, size: int, seconds: float) -> float:
    """Floating point operations per second of torch.mm, after one product to warm up."""
    left, right = (torch.randn(size, size).to(DTYPES[precision]) for _ in range(2))
    result = torch.mm(left, right)
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        torch.mm(left, right, out=result)
        count += 1
    return 2 * size**3 * count / (time.perf_counter() - begun)


def work(network: Network) -> int:
    """Floating point operations of a training step for each of its characters."""
    layer = 2 * GATES[network.cell] * network.hidden**2  # weights of its input and of its state
    weights = network.layers * layer + network.hidden * SYMBOLS
    return 3 * 2 * weights


if __name__ == "__main__":
    with ending():
        main()
