"""Standard output and standard error as they may be: closed, full, read by nobody, or of a few
letters only. Whoever prints need not think of it."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from escriba.ground.errors import EscribaError, Place, SourceError
from escriba.ground.files import BYTES, refusals
from escriba.ground.language import tr
from escriba.ground.terminal import visible

PAUSE = 0.01  # seconds until a full pipe is tried again


class Gone(BaseException):
    """Nobody reads our output any more (`escriba sample … | head`). Ends what is being written, and
    is no mistake of anybody's."""


def open_streams() -> None:
    """Put standard output and error right, for a program of our own.

    After that writing to standard output raises Gone, once, if its reader went away, and
    EscribaError if it cannot be written; what comes later is dropped. Writing to standard error
    never raises. A character that the encoding lacks is replaced.
    """
    _occupy()
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = _guard(sys.stdout, 1, _refuse)
    sys.stderr = _guard(sys.stderr, 2, lambda error: None)


def tell(text: str) -> None:
    """Print a line on standard error, whatever has become of that."""
    with suppress(OSError, ValueError):  # full, or closed
        print(text, file=sys.stderr, flush=True)


def read_all(stream: BinaryIO, limit: int = BYTES) -> bytes:
    """What a stream holds, to its end. Raises SourceError for what cannot be read, and for more
    than `limit` bytes."""
    shown = Path("<stdin>")
    with refusals(SourceError, shown):
        data = stream.read(limit + 1)
    if len(data) > limit:
        problem = tr("is larger than {limit} MB, the most that is read", limit=limit >> 20)
        raise SourceError(problem, Place(shown))
    return data


def displayed(text: str) -> str:
    """A text as standard output may have it: on a terminal nothing in it is obeyed, and elsewhere
    it is what it is."""
    return visible(text) if sys.stdout.isatty() else text


class _Outlet(io.RawIOBase):
    """Writes through to a raw stream until that fails, which `fail` is told once."""

    def __init__(self, raw: Any, fail: Callable[[OSError], None]):
        self._raw = raw
        self._fail = fail
        self._open = True

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, data: Any) -> int:
        """All of it, also to a pipe that is set not to wait."""
        rest = memoryview(data)
        while self._open and rest:
            try:
                written = self._raw.write(rest)
            except OSError as error:
                self._open = False
                self._fail(error)
            else:
                rest = rest[written or 0 :]
                if not written:
                    time.sleep(PAUSE)
        return memoryview(data).nbytes


def _guard(stream: TextIO | None, number: int, fail: Callable[[OSError], None]) -> TextIO:
    """A stream that tells `fail` what cannot be written; one that was closed leads nowhere."""
    if stream is None:
        return os.fdopen(number, "w", encoding="utf-8", closefd=False)
    if stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream  # of whoever called us
    raw = getattr(stream.buffer, "raw", stream.buffer)  # unbuffered, it is raw itself
    errors = "replace" if stream.errors == "strict" else stream.errors
    outlet: Any = _Outlet(raw, fail)
    return io.TextIOWrapper(
        outlet if raw is stream.buffer else io.BufferedWriter(outlet),
        encoding=stream.encoding,
        errors=errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _refuse(error: OSError) -> None:
    # A pipe that nobody reads is EPIPE; on Windows it is EINVAL.
    if error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL):
        raise Gone
    reason = error.strerror or str(error)
    raise EscribaError(tr("standard output cannot be written: {reason}", reason=reason)) from None


def _occupy() -> None:
    """Fill the places of closed standard streams; else the next file that is opened would get
    one, and what is printed."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # by programs that are run
    os.close(number)
