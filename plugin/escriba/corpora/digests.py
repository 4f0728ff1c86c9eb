"""What was found out about large files, remembered, so that a start need not read gigabytes again.

It is kept in the user's own cache, outside every project: what a repository brings along must not
be believed to have a digest only because it says so. An entry is believed while the file's path,
size, times of change and inode are those that were noted. Two writes within one tick of the file
system's clock could leave all of them alike, so no digest is noted of a file that changed less than
two seconds before it was read.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from escriba.ground.atomic import open_atomically
from escriba.ground.digest import file_digest, text_digest

LARGE = 1 << 20  # bytes; smaller files are read each time
SETTLED = 2 * 10**9  # nanoseconds


def memory_folder() -> Path | None:
    """The folder of what is remembered: ESCRIBA_CACHE, or one in the user's cache, if there is a
    home for it."""
    if named := os.environ.get("ESCRIBA_CACHE"):
        return Path(named)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - which raises nothing without a home
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = home / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return cache / "escriba" if cache.is_absolute() else None


def remembered_digest(path: Path, folder: Path | None) -> str:
    """SHA-256 (hex) of a file; `folder` keeps what was found before. Raises OSError."""
    stamp = _stamp(path.stat())
    if stamp[0] < LARGE or folder is None:
        return file_digest(path)
    entry = folder / text_digest(os.path.abspath(path))[:32]  # noqa: PTH100 - no links followed
    with suppress(OSError, ValueError):
        *known, found = entry.read_text("ascii").split()
        if tuple(map(int, known)) == stamp and len(found) == 64:
            return found
    begun = time.time_ns()
    found = file_digest(path)
    settled = begun - max(stamp[1], stamp[2]) > SETTLED
    if settled and _stamp(path.stat()) == stamp:
        with (
            suppress(OSError),
            open_atomically(entry) as file,
        ):  # without it the next start is slower
            file.write(" ".join([*map(str, stamp), found]).encode())
    return found


def remember(paths: Sequence[Path], home: Path, folder: Path | None) -> None:
    """Note that these files, which are `home`'s or are about to be moved there, were written here.
    Without an entry they are written again another time. Raises OSError if they are not there."""
    if folder is not None:
        entry = folder / _name_entry(paths, home)
        with suppress(OSError), open_atomically(entry):
            pass


def is_remembered(paths: Sequence[Path], home: Path, folder: Path | None) -> bool:
    """Whether these files were written here, and never since. Raises OSError if one is missing."""
    return folder is not None and (folder / _name_entry(paths, home)).is_file()


def _name_entry(paths: Sequence[Path], home: Path) -> str:
    stamps = [(path.name, *_stamp(path.stat())) for path in paths]
    where = os.path.abspath(home)  # noqa: PTH100 - no links followed
    return text_digest(repr((where, stamps)))[:32]


def _stamp(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
