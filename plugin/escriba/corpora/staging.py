"""A folder that appears whole or not at all, on a disk that may be full."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from escriba.corpora.cleaning import FILE as CLEANED
from escriba.corpora.encoded import FACTS, PARTS, read_encoded
from escriba.ground.errors import CorpusError, Place
from escriba.ground.language import tr

ABANDONED = 3600.0  # seconds after which an encoding that nobody writes on is taken away
_WRITTEN = frozenset(
    {FACTS, CLEANED, *(f"{name}.{kind}" for name in PARTS for kind in ("txt", "npy", "rare"))}
)


@contextmanager
def stage(folder: Path, needed: int) -> Iterator[Path]:
    """A folder beside `folder` that takes its name if the body ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder.parent)
    if shutil.disk_usage(folder.parent).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    staged = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        staged.mkdir()
        yield staged
        _install(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _install(staged: Path, folder: Path) -> None:
    try:
        staged.rename(folder)
    except OSError:
        if read_encoded(folder, folder) is not None:
            return  # another process was sooner, with the same content
        broken = staged.with_name(f"{staged.name}.broken")
        folder.rename(broken)
        staged.rename(folder)
        shutil.rmtree(broken, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """The folders of processes that were killed. Nothing else: the folder may be a link."""
    for staged in folder.glob(".*"):
        with suppress(OSError):
            paths = [*staged.iterdir()]
            last = max(path.stat().st_mtime for path in (staged, *paths))
            if time.time() - last > ABANDONED and _WRITTEN.issuperset(path.name for path in paths):
                shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def disk(shown: Path, needed: int) -> Iterator[None]:
    """Says what a disk that cannot be written to should have had."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CorpusError(
                tr(
                    "the disk is full: encoding this corpus needs about {size:,.0f} MB; free "
                    "some, and run the same command again",
                    size=needed / 1e6,
                ),
                Place(shown.parent),
            ) from None
        raise CorpusError(
            tr("the corpus cannot be encoded there: {reason}", reason=error.strerror),
            Place(shown.parent),
        ) from None
