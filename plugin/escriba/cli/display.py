"""Training as a person sees it: a live line on a terminal, a line a minute elsewhere; Ctrl-C."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from escriba.cli.chart import draw
from escriba.cli.summary import describe_beginning, describe_end
from escriba.ground.language import tr
from escriba.ground.streams import displayed
from escriba.ground.terminal import visible, visible_line

if TYPE_CHECKING:
    from escriba.charlm.training.clock import Moment
    from escriba.charlm.training.novelty import Memory
    from escriba.charlm.training.run import Run
    from escriba.charlm.training.train import Result
    from escriba.charlm.training.training import Training

LOOK = 70  # characters of what the network writes
PASSAGE = 80  # characters of what the model repeats
PLAIN_EVERY = 60.0  # seconds between lines where there is no terminal
QUICK = 5.0  # seconds of reading that nobody needs to be told about


def describe(moment: Moment) -> str:
    """One moment in words: loss, best validation loss, both in nats; speed, time left."""
    words = [
        tr("loss {loss:.4f}", loss=moment.loss),
        tr("{speed:,.0f} chars/s", speed=moment.speed),
        tr("{time} left", time=_clock(moment.remaining)),
    ]
    if moment.validation is not None:
        words.insert(1, tr("validation {loss:.4f}", loss=moment.validation))
    return "  ".join(words)


@dataclass(frozen=True)
class Display:
    """What shows a training: `moment` one of its moments, `reading` how many bytes of its corpus
    are read, and of how many, `began` what it works with, `wrote` what the network writes after a
    step."""

    moment: Callable[[Moment], None]
    reading: Callable[[int, int], None]
    began: Callable[[Training, Run], None]
    wrote: Callable[[int, str], None]


def _be_quiet(*given: object) -> None:
    """Shows nothing."""


@contextmanager
def shown(name: str, *, quiet: bool = False) -> Iterator[Display]:
    """Shows a training on standard error: a live line on a terminal, above which the network shows
    what it writes; a line a minute elsewhere."""
    console = Console(stderr=True, emoji=False)
    if quiet or os.environ.get("RANK", "0") != "0":
        yield Display(_be_quiet, _be_quiet, _be_quiet, _be_quiet)
        return
    if not console.is_terminal:
        yield _plain(name, console)
        return
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}")
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(escape(visible(name)), total=1.0, words="")

        def moment(moment: Moment) -> None:
            total = None if moment.share is None else 1.0
            progress.update(task, total=total, completed=moment.share, words=describe(moment))

        def reading(done: int, total: int) -> None:
            progress.update(task, completed=done / max(total, 1), words=tr("reading the corpus"))

        def wrote(step: int, text: str) -> None:
            line = tr("step {step:,}: {text}", step=step, text=visible_line(text[:LOOK].strip()))
            console.print(line, highlight=False, markup=False, style="dim", no_wrap=True)

        yield Display(moment, reading, partial(_show_beginning, console), wrote)


def _show_beginning(console: Console, training: Training, run: Run) -> None:
    rows = describe_beginning(training, run)
    width = max(len(label) for label, _ in rows)
    for label, words in rows:
        console.print(f"{label:<{width}}  {visible_line(words)}",
                      highlight=False, markup=False, soft_wrap=True)  # fmt: skip


def _plain(name: str, console: Console) -> Display:
    begun, lines = time.monotonic(), 0

    def line(words: str) -> None:
        nonlocal lines
        if time.monotonic() - begun >= lines * PLAIN_EVERY:
            lines += 1
            console.print(f"{name} {words}", highlight=False, markup=False, soft_wrap=True)

    def moment(moment: Moment) -> None:
        step = tr("step {step}", step=moment.step)
        line(f"{_percent(moment.share)} {step} {describe(moment)}")

    def reading(done: int, total: int) -> None:
        # A corpus that is read at once needs no line.
        if time.monotonic() - begun > QUICK:
            line(tr("reading the corpus: {share:.0%}", share=done / max(total, 1)))

    return Display(moment, reading, partial(_show_beginning, console), _be_quiet)


class Stop:
    """Turns true at the first signal to stop; `code` is then the exit code of a program that it
    ended."""

    def __init__(self) -> None:
        self.code: int | None = None

    def __call__(self) -> bool:
        return self.code is not None


@contextmanager
def stopping() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM (of Slurm, of docker stop) ask to stop; the second ends at once."""
    stop = Stop()

    def ask(number: int, frame: Any) -> None:
        stop.code = 128 + number
        restore()

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in previous:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _explain(name: str, result: Result) -> str:
    """Why the weights did not take the place of those that stand there."""
    standing = result.verdict.standing
    if standing is None:
        reason = tr(
            "models/{name}: its weights are of other characters than these, and cannot be compared",
            name=name,
        )
    else:
        reason = tr(
            "models/{name}: its weights have {standing:.4f} nats on the same validation text, and "
            "these are not better",
            name=name, standing=standing,
        )  # fmt: skip
    return tr(
        "{reason}; so they stay, and the new ones are in models/{name}/checkpoint/; to take these "
        "all the same: escriba train {name} --force",
        reason=reason, name=name,
    )  # fmt: skip


def describe_memory(memory: Memory) -> str:
    """What the model repeats of its training text, in words, beside what the author does."""
    if not memory.repeats:
        words = tr(
            "longest run of this sample that stands in the training text: {longest}",
            longest=memory.longest,
        )
        if not memory.author:
            return words
        record = memory.to_record()
        return words + tr(
            "; typical of the model's texts: {model}, and of unseen text of the corpus: {author}",
            model=record["typical-run"], author=record["typical-run-unseen"],
        )  # fmt: skip
    passage = visible_line(memory.passage[:PASSAGE])
    if len(memory.passage) > PASSAGE:
        passage += "…"
    return tr(
        "the model repeats more than the author does: {beyond} of {texts} texts that it wrote have "
        "a longer run in common with the training text than any piece of as much unseen text, "
        "which has {author} at most; the longest has {longest}: “{passage}”; it needs more text, "
        "or fewer units",
        texts=len(memory.model), beyond=memory.beyond, author=max(memory.author),
        longest=max(memory.model), passage=passage,
    )  # fmt: skip


def show_result(name: str, result: Result, command: str) -> None:
    """How a training ended; if it is finished, with something that the model wrote; else with the
    command that goes on."""
    if not result.finished:
        print(
            tr(
                "interrupted at step {step}; go on with: {command}",
                step=result.step,
                command=command,
            ),
            file=sys.stderr,
        )
        return
    print(displayed(result.sample))
    print()
    if not result.verdict.taken:
        print(_explain(name, result), file=sys.stderr)
    print(
        tr(
            "models/{name}: validation {best:.4f} nats, {step} steps, {minutes:.1f} minutes",
            name=name, best=result.best, step=result.step, minutes=result.seconds / 60,
        )
    )  # fmt: skip
    for line in describe_end(name, result):
        print(line)
    if sys.stderr.isatty() and not result.idle:
        print(*draw(result.losses, result.validations), sep="\n", file=sys.stderr)
    if result.memory is not None:
        print(describe_memory(result.memory))
