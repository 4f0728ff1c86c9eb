"""The SHA-256 of large files, remembered, so that a start need not read gigabytes again.

An entry is believed only while the file's path, size, times of change and inode are those that
were noted. Two writes within one tick of the file system's clock could leave all of them alike,
so nothing is noted of a file that changed less than two seconds before it was read.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from escriba.digest import file_digest, text_digest
from escriba.draft import open_draft

LARGE = 1 << 20  # bytes; smaller files are read each time
SETTLED = 2 * 10**9  # nanoseconds


def remembered_digest(path: Path, folder: Path) -> str:
    """SHA-256 (hex) of a file; `folder` keeps what was found before. Raises OSError."""
    stamp = _stamp(path.stat())
    if stamp[0] < LARGE:
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
        with suppress(OSError), open_draft(entry) as file:  # without it the next start is slower
            file.write(" ".join([*map(str, stamp), found]).encode())
    return found


def _stamp(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
