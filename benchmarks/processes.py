"""How long do the commands take as whole processes, Python's start included?

    python benchmarks/processes.py [--rounds N]

Run on this repository's own blog. The commands take turns within each round; medians over the
rounds, after one round to warm up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as output:
        commands = [
            ["build", "--frozen", "--output", output],
            ["sample", "tolstoi", "-n", "1000"],
            ["check"],
            ["--help"],
        ]
        times: list[list[float]] = [[] for _ in commands]
        for _ in range(options.rounds + 1):
            for command, found in zip(commands, times, strict=True):
                found.append(measure(command))
    for command, found in zip(commands, times, strict=True):
        shown = " ".join(word for word in command if word not in ("--output", output))
        kept = found[1:]
        print(f"escriba {shown:<24} {statistics.median(kept):.2f} s   (slowest {max(kept):.2f})")


def measure(command: list[str]) -> float:
    """Seconds of one process. Without .pyc files imports would take two to four times as long."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "escriba", *command],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
