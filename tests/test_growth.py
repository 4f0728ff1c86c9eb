"""The time to read hostile texts grows with their size: a few of those of benchmarks/growth.py; and
what tests of one part measure that with."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from support.growth import check_growth

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# One for each way in which time once grew with the square of the size, or worse.
TEXTS = (
    "front: aliases of aliases", "page: never closed", "fences: fences unclosed", "fences: fences indented under a list",
    "blocks: table feet", "blocks: a definition with spaces", "blocks: divs unclosed", "blocks: attributes unclosed",
    "spans: [", "spans: ![", "spans: emphasis of all kinds", "spans: $$ unclosed", "spans: comments open in text",
    "liquid: a loop and a long post", "liquid: formula of braces open", "liquid: raw open", "tex: bad formulas",
    "pages: footnote marks", "pages: ids open", "pages: links to one that is nowhere",
    "style: urls that are nowhere", "until sentence: dots", "until paragraph: words", "expand: fences unclosed",
    "evaluation: digits", "plan: depth",
)  # fmt: skip


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BENCHMARKS / "growth.py", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_time_grows_with_the_size() -> None:
    pattern = "|".join(f"^{re.escape(text)}$" for text in TEXTS)
    # Of processor time, with a bound far from 1: a busy machine must not fail this.
    done = measure("--only", pattern, "--sizes", "8,32", "--steepest", "1.75", "--limit", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TEXTS)} texts; 0 above" in done.stdout


def test_a_text_that_is_not_there_is_told() -> None:
    done = measure("--only", "no such text")
    assert done.returncode == 2
    assert "no text has 'no such text' in its name" in done.stderr


class Machine:
    """Work takes a time that is told; other work makes it up to so many times as long."""

    def __init__(self, exponent: float, busy: float, seed: int):
        self.now = 0.0
        self.exponent, self.busy, self.random = exponent, busy, Random(seed)

    def prepare(self, size: int) -> Callable[[], None]:
        def work() -> None:
            seconds = 0.01 * (size / 1000) ** self.exponent
            self.now += seconds * self.random.uniform(1, self.busy)

        return work

    def check(self, small: int, large: int) -> None:
        check_growth(self.prepare, small, large, lambda: self.now)


@pytest.mark.parametrize("large", [4000, 12_000])
def test_a_busy_machine_is_no_mistake(large: int) -> None:
    for seed in range(100):
        Machine(1, busy=4, seed=seed).check(1000, large)


@pytest.mark.parametrize("large", [4000, 12_000])
def test_the_square_is_seen_on_a_busy_machine(large: int) -> None:
    for seed in range(100):
        with pytest.raises(AssertionError, match=r"times the size takes: \d"):
            Machine(2, busy=1.5, seed=seed).check(1000, large)


def test_what_is_over_at_once_says_nothing() -> None:
    Machine(2, busy=1, seed=0).check(100, 400)
