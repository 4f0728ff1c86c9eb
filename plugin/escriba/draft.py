"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_TOKEN = 4  # bytes in the name of a draft


def remove_drafts(path: Path) -> None:
    """Remove what a killed process left of drafts of `path`. Raises OSError."""
    for draft in path.parent.glob(f".{path.name}.{'[0-9a-f]' * 2 * _TOKEN}"):
        draft.unlink(missing_ok=True)


@contextmanager
def open_draft(path: Path) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its name, synced to disk, if the body ends well.

    Otherwise the draft goes and what `path` held before stays. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN)}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
