"""Training as a person sees it: a live line on a terminal, a line a minute elsewhere; Ctrl-C."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from escriba.charlm.training.novelty import BOUND

if TYPE_CHECKING:
    from escriba.charlm.training.pace import Moment
    from escriba.charlm.training.train import Result

PLAIN_EVERY = 60.0  # seconds between lines where there is no terminal
QUICK = 5.0  # seconds of reading that nobody needs to be told about


def describe(moment: Moment) -> str:
    """One moment in words: loss, bits per character, best validation loss, speed, time left."""
    best = "" if moment.validation is None else f"  best {moment.validation:.4f}"
    return (
        f"loss {moment.loss:.4f}  {moment.loss / math.log(2):.3f} bits/char{best}"
        f"  {moment.speed:,.0f} chars/s  {_clock(moment.remaining)} left"
    )


@dataclass(frozen=True)
class Display:
    """What shows a training: `moment` one of its moments, `reading` how many bytes of its corpus
    are read, and of how many."""

    moment: Callable[[Moment], None]
    reading: Callable[[int, int], None]


@contextmanager
def shown(name: str) -> Iterator[Display]:
    """Shows a training on standard error: a live line on a terminal, a line a minute elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain(name, console)
        return
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}")
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(name, total=1.0, words="")

        def moment(moment: Moment) -> None:
            total = None if moment.share is None else 1.0
            progress.update(task, total=total, completed=moment.share, words=describe(moment))

        def reading(done: int, total: int) -> None:
            progress.update(task, completed=done / max(total, 1), words="reading the corpus")

        yield Display(moment, reading)


def _plain(name: str, console: Console) -> Display:
    begun, lines = time.monotonic(), 0

    def line(words: str) -> None:
        nonlocal lines
        if time.monotonic() - begun >= lines * PLAIN_EVERY:
            lines += 1
            console.print(f"{name} {words}", highlight=False, soft_wrap=True)

    def moment(moment: Moment) -> None:
        line(f"{_percent(moment.share)} step {moment.step} {describe(moment)}")

    def reading(done: int, total: int) -> None:
        # A corpus that is read at once needs no line.
        if time.monotonic() - begun > QUICK:
            line(f"reading the corpus: {done / max(total, 1):.0%}")

    return Display(moment, reading)


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """A function that turns true at the first Ctrl-C; the second one ends at once."""
    asked: list[bool] = []

    def ask(number: int, frame: Any) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, previous)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def show_result(name: str, result: Result) -> None:
    """How a training ended; if it is finished, with something that the model wrote."""
    if not result.finished:
        print(
            f"interrupted at step {result.step}; go on with: escriba train {name}", file=sys.stderr
        )
        return
    print(result.sample)
    print(
        f"\nmodels/{name}: validation {result.best:.4f} nats, {result.step} steps, "
        f"{result.seconds / 60:.1f} minutes"
    )
    words = f"longest run of this sample that stands in the training text: {result.longest}"
    if result.longest > BOUND:
        words += (
            f"; that is more than {BOUND}, so the model repeats what it has read: "
            "it needs more text, or fewer units"
        )
    print(words)
