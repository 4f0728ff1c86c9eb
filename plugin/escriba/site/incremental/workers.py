"""Many pieces of work in several processes, where that pays.

The processes are copies of this one (`fork`), so they know all that it knows and are there at once.
Where a system has no safe way to copy a process, and where other threads run in this one, all is
done here.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

FEW = 24  # pieces that are not worth a process
BATCH = 8  # results that a process sends at once

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def run(
    pieces: Sequence[Piece], work: Callable[[Piece], Result], processes: int | None = None
) -> Iterator[tuple[Piece, Result]]:
    """Each piece with what the work makes of it, in their order.

    `work` raises nothing, and its results can be pickled. By default there is a process for each
    processor. What a process that is killed leaves undone is done here.
    """
    number = min(count_processors() if processes is None else processes, len(pieces) // FEW or 1)
    if number < 2 or not can_fork():
        for piece in pieces:
            yield piece, work(piece)
        return
    done = _share(pieces, work, number)
    for index, piece in enumerate(pieces):
        yield piece, done[index] if index in done else work(piece)


def can_fork() -> bool:
    """Whether a copy of this process is as good as this one."""
    return sys.platform == "linux" and threading.active_count() == 1


def count_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _share(pieces: Sequence[Piece], work: Callable[[Piece], Any], number: int) -> dict[int, Any]:
    """The results of the pieces by their numbers, as far as the processes came."""
    import multiprocessing
    from multiprocessing.connection import Connection, wait

    context = multiprocessing.get_context("fork")
    done: dict[int, Any] = {}
    open_: dict[Connection, Any] = {}
    gc.freeze()  # no copy looks at what it shares with this process, which would copy that
    try:
        for first in range(number):
            reader, writer = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(pieces, work, first, number, writer), daemon=True
            )
            process.start()
            writer.close()
            open_[reader] = process
        while open_:
            for ready in wait(list(open_)):
                assert isinstance(ready, Connection)
                try:
                    done.update(ready.recv())
                except (EOFError, OSError):
                    ready.close()
                    open_.pop(ready).join()
    finally:
        for process in open_.values():
            process.terminate()
    return done


def _work(
    pieces: Sequence[Piece],
    work: Callable[[Piece], Any],
    first: int,
    step: int,
    writer: Connection,
) -> None:
    batch: dict[int, Any] = {}
    with suppress(KeyboardInterrupt, BrokenPipeError):  # whoever waits for this is told, too
        for index in range(first, len(pieces), step):
            batch[index] = work(pieces[index])
            if len(batch) == BATCH:
                writer.send(batch)
                batch = {}
        writer.send(batch)
        writer.close()
