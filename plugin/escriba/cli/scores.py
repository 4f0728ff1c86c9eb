"""An evaluation as a person sees it: tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from escriba.charlm.evaluation.score import Score
from escriba.ground.language import tr
from escriba.ground.terminal import visible


def print_scores(scores: Sequence[Score], name: str, console: Console | None = None) -> None:
    """Tables of the losses on each text, and by class on the last: the test part, or a file."""
    console = console or Console(highlight=False, emoji=False)
    name = _as_written(name)
    for score in scores:
        _print_losses(score, name, console)
    _print_groups(scores[-1], name, console)
    last = scores[-1]
    if last.baselines:
        counted = f"{last.counted:,}"
        if last.counted < last.countable:
            counted = tr("{counted} of the {all:,}", counted=counted, all=last.countable)
        words = tr(
            "n-grams: interpolated modified Kneser-Ney, counted on {counted} symbols of the "
            "training part",
            counted=counted,
        )
        console.print(words, soft_wrap=True)


def _print_losses(score: Score, name: str, console: Console) -> None:
    skipped = tr(", {skipped:,} left out", skipped=score.skipped) if score.skipped else ""
    words = tr(
        "[bold]{part}[/]: {characters:,} characters, {bytes:,} bytes{skipped}",
        part=_as_written(score.part), characters=score.characters, bytes=score.bytes,
        skipped=skipped,
    )  # fmt: skip
    console.print(words, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("", min_width=12)
    headings = tr("nats/char"), tr("bits/char"), tr("nats/byte"), tr("bits/byte")
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_row(name, *_losses(score, score.nats), style="bold")
    for baseline in reversed([*score.baselines]):
        table.add_row(baseline, *_losses(score, score.baselines[baseline]))
    console.print(table, "")


def _as_written(name: str) -> str:
    """The name of a model or a file, in which nothing is markup, nor obeyed by a terminal."""
    return escape(visible(name))


def _losses(score: Score, nats: float) -> tuple[str, ...]:
    bits = nats / math.log(2)
    values = (nats, bits, score.per_byte(nats), score.per_byte(bits))
    return tuple(f"{value:.4f}" for value in values)


def _print_groups(score: Score, name: str, console: Console) -> None:
    part = _as_written(score.part)
    words = tr("[bold]{part}[/] by class of character, nats/char", part=part)
    console.print(words, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("", min_width=12)
    for heading in (tr("share"), name, tr("of its loss"), score.best_ngram):
        if heading:
            table.add_column(heading, justify="right")
    for group in score.groups:
        cells = [f"{group.share:.1%}", f"{group.nats:.4f}", f"{group.loss:.1%}"]
        if group.ngram is not None:
            cells.append(f"{group.ngram:.4f}")
        table.add_row(group.name, *cells)
    console.print(table, "")
