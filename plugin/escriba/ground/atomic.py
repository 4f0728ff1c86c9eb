"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from escriba.ground.errors import EscribaError, Place
from escriba.ground.language import tr

_TOKEN = 4  # bytes in the name of a temporary file
_LONGEST = 200  # bytes of a file's name in that of its temporary file, which may have 255 in all
_MANY = 8  # from so many files on they are synced side by side
_THREADS = 16


def remove_temporaries(path: Path) -> None:
    """Remove what a killed process left of temporary files of `path`. Raises OSError."""
    for temporary in path.parent.glob(f"{glob.escape(_stem(path))}*"):
        if is_temporary(temporary):
            temporary.unlink(missing_ok=True)


def is_temporary(path: Path) -> bool:
    """Whether a file bears the name of a temporary file."""
    return re.fullmatch(rf"\..+\.[0-9a-f]{{{2 * _TOKEN}}}", path.name, re.S) is not None


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its name, synced to disk, if the body ends well.

    Otherwise it goes and what `path` held before stays. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(_stem(path) + secrets.token_hex(_TOKEN))
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_atomically(
    path: Path, write: Callable[[BinaryIO], object], shown: Path, *, kind: type[EscribaError]
) -> None:
    """Call `write` with a new file that then gets that name. Raises `kind` at `shown`."""
    try:
        with open_atomically(path) as file:
            write(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise kind(
            tr("cannot be written: {reason}; what was there before is kept", reason=reason),
            Place(shown),
        ) from None


def sync(paths: Collection[Path]) -> None:
    """Wait until files and folders are on the disk as they are now. Raises OSError.

    Many at once take one turn of the disk, and not one for each.
    """
    if len(paths) < _MANY:
        _sync_all(paths)
        return
    from concurrent.futures import ThreadPoolExecutor

    every = list(paths)
    shares = [every[first::_THREADS] for first in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(_sync_all, shares):
            pass


def _sync_all(paths: Collection[Path]) -> None:
    for path in paths:
        _sync(path)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    number = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(number)


def _stem(path: Path) -> str:
    """How the names of the temporary files of a file begin."""
    name = os.fsdecode(os.fsencode(path.name)[:_LONGEST])
    return f".{name}."
