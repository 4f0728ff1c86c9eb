"""The one way to open a file: whatever the system refuses becomes one sentence with a path.

A folder that a stranger filled may hold anything under any name: a FIFO, which would wait for ever
for somebody to write to it, a device, a socket, a link that leads nowhere, a file without end.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from escriba.ground.errors import EscribaError, Place, SourceError
from escriba.ground.language import tr

Kind = type[EscribaError]

DEEPEST = 500  # folders of a path that may be made: Python makes them by recursion
BYTES = 64 << 20  # of a file that is read into memory, at most
CHUNK = (
    1 << 20
)  # bytes; `read` makes room for as many as it is asked for, be the file ever so short


def open_file(path: Path, shown: Path | None = None, *, kind: Kind = SourceError) -> BinaryIO:
    """A regular file, open for reading. Raises `kind` at `shown` for anything else."""
    at = Place(shown or path)
    with refusals(kind, at.path, path=path):
        _refuse_special(path.stat().st_mode, at, kind)
        # Of a FIFO that came in between, open returns at once, and fstat tells it.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        number = os.open(path, flags)
        try:
            _refuse_special(os.fstat(number).st_mode, at, kind)
            return os.fdopen(number, "rb")
        except BaseException:
            os.close(number)
            raise


def read_bytes(
    path: Path, shown: Path | None = None, *, kind: Kind = SourceError, limit: int = BYTES
) -> bytes:
    """A file's bytes. Raises `kind` at `shown` for a file that cannot be read, and for one of more
    than `limit` bytes."""
    with refusals(kind, shown or path, path=path), open_file(path, shown, kind=kind) as file:
        data = b"".join(_read(file, limit + 1))
    if len(data) > limit:
        raise kind(
            tr("is larger than {limit} MB, the most that is read", limit=limit >> 20),
            Place(shown or path),
        )
    return data


def starts_with(path: Path, start: bytes, shown: Path | None = None) -> bool:
    """Whether a file begins so, with BOM or without, whatever its line ends. Raises SourceError."""
    with refusals(SourceError, shown or path, path=path), open_file(path, shown) as file:
        data = file.read(2 * len(start) + 3)
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").startswith(start)


def read_text(
    path: Path, shown: Path | None = None, *, kind: Kind = SourceError, limit: int = BYTES
) -> str:
    """A file's text: UTF-8 with or without BOM, line ends as LF.

    Raises `kind`, with the line, for a file that cannot be read or is not UTF-8.
    """
    data = read_bytes(path, shown, kind=kind, limit=limit)
    text = decode(data, Place(shown or path), kind=kind).removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode(data: bytes, place: Place, *, kind: Kind = SourceError) -> str:
    """A text as it is, in UTF-8. Raises `kind`, with the line, for one that is not."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        raise kind(
            tr(
                "not UTF-8: the byte 0x{byte:02x} is not part of any character; save the file "
                "as UTF-8",
                byte=data[error.start],
            ),
            Place(place.path, line, error.start - (before.rfind(b"\n") + 1) + 1),
        ) from None


@contextmanager
def refusals(
    kind: Kind, shown: Path, message: str | None = None, *, path: Path | None = None
) -> Iterator[None]:
    """Make an error of `kind`, at `shown`, of what the system refuses inside: an OSError, or the
    ValueError of a name that no file can have.

    `message` says what could not be done, by default "cannot be read". With `path`, the file
    meant, a link that leads nowhere is told as one.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and not _is_of_name(error):
            raise
        what = message or tr("cannot be read")
        sentence = tr("{what}: {reason}", what=what, reason=explain(error, path))
        raise kind(sentence, Place(shown)) from None


def explain(error: OSError | ValueError, path: Path | None = None) -> str:
    """Why the system refused, in words."""
    if isinstance(error, FileNotFoundError) and path is not None and path.is_symlink():
        return tr("a link to {target}, which is not there", target=path.readlink())
    if isinstance(error, UnicodeEncodeError):
        return tr("its name is not UTF-8")
    if isinstance(error, ValueError):
        return tr("its name has a character that no file's name can have")
    return error.strerror or str(error)


def resolve(path: Path) -> Path:
    """The path without links. One that leads to itself stays, where `Path.resolve` raises a
    RuntimeError. Raises ValueError for a name that no file can have."""
    return Path(os.path.realpath(path))


def is_file(path: Path) -> bool:
    """Whether there is a regular file, links followed; False for a name that none can have."""
    return _has_mode(path, stat.S_ISREG)


def is_dir(path: Path) -> bool:
    """Whether there is a folder, links followed; False for a name that none can have."""
    return _has_mode(path, stat.S_ISDIR)


def exists(path: Path) -> bool:
    """Whether there is anything, links followed; False for a name that nothing can have."""
    return _has_mode(path, lambda mode: True)


def is_link(path: Path) -> bool:
    """Whether there is a link; False where a link above leads to a name that none can have."""
    try:
        return stat.S_ISLNK(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def name_kind(mode: int) -> str:
    """What a file of this mode is called, with its article; of a regular one, nothing."""
    for is_kind, name in (
        (stat.S_ISDIR, tr("a folder")),
        (stat.S_ISFIFO, tr("a FIFO")),
        (stat.S_ISSOCK, tr("a socket")),
        (stat.S_ISCHR, tr("a device")),
        (stat.S_ISBLK, tr("a device")),
    ):
        if is_kind(mode):
            return name
    return "" if stat.S_ISREG(mode) else tr("a special file")


def _refuse_special(mode: int, place: Place, kind: Kind) -> None:
    if name := name_kind(mode):
        raise kind(tr("is {kind}, not a file", kind=name), place)


def _read(file: BinaryIO, limit: int) -> Iterator[bytes]:
    while limit > 0 and (part := file.read(min(limit, CHUNK))):
        limit -= len(part)
        yield part


def _has_mode(path: Path, test: Callable[[int], bool]) -> bool:
    try:
        return test(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _is_of_name(error: ValueError) -> bool:
    # Python's own words for a NUL in a path; a surrogate in one is a UnicodeEncodeError.
    return isinstance(error, UnicodeEncodeError) or "null" in str(error)
