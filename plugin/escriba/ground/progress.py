"""How far long work has come, on a terminal; elsewhere, and for short work, nothing is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 1.0  # seconds of work that nobody needs to be told about

Report = Callable[[str, float], None]  # what is being done, and what part of it is


@contextmanager
def shown_progress() -> Iterator[Report]:
    """A function that shows on standard error how much of what is done: a bar for each what."""
    if sys.stderr is None or not sys.stderr.isatty():  # None where it is closed
        yield lambda what, share: None
        return
    begun = time.monotonic()
    progress: Progress | None = None
    tasks: dict[str, TaskID] = {}
    with ExitStack() as stack:

        def show(what: str, share: float) -> None:
            nonlocal progress
            if progress is None:
                if time.monotonic() - begun < PATIENCE:
                    return
                progress = stack.enter_context(_open_progress())
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=1.0)
            progress.update(tasks[what], completed=share)

        yield show


def _open_progress() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    # What is printed meanwhile goes where it goes without a bar: standard output may be a file.
    return Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    )
