"""One at a time: a lock that ends with the process that holds it, however that ends.

It is the system's own lock on an open file. The file has no meaning of its own: what a killed
process left of it is taken over, and whoever gives a lock back removes it first, while nobody else
can hold it. So who gets one looks whether the file still bears the name; if not, it was removed
in between. The file tells, from its second byte on (Windows lets nobody read the first, which is
the one that is locked), who holds it.

Who needs two takes that of the project before that of an output; so no two can wait for each other.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from escriba.ground import files
from escriba.ground.errors import EscribaError, Place, SourceError
from escriba.ground.language import plural, tr
from escriba.ground.project import Project

FILE = "lock"
MOMENT = 1.0  # seconds after which who waits says for whom
PATIENCE = 600.0  # seconds after which it gives up
PAUSE = 0.05  # seconds between two attempts
MISSES = 40  # attempts after which a folder that is not there cannot be made, as in /proc

# What a system says that has no locks there, or lets nothing be written: then there is none.
_WITHOUT = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOLCK, errno.ENOSYS,
    errno.ENOTSUP, errno.EOPNOTSUPP, getattr(errno, "EDQUOT", errno.ENOSPC),
}  # fmt: skip

Say = Callable[[str], None]


def silence(text: str) -> None:
    """Say nothing."""


def hold_project(project: Project, say: Say = silence) -> AbstractContextManager[None]:
    """The lock of a project: of all that is frozen in it. Raises SourceError like `hold`."""
    project.admit(project.cache)
    return hold(project.cache / FILE, project.root, say)


@contextmanager
def hold(
    path: Path,
    shown: Path,
    say: Say = silence,
    *,
    patience: float = PATIENCE,
    moment: float = MOMENT,
    kind: type[EscribaError] = SourceError,
) -> Iterator[None]:
    """Hold the lock of a file, made with its folder, which lies in what is locked; `shown` is how
    messages name that.

    Waits while somebody else holds it, tells `say` after `moment` seconds for whom, and raises
    `kind` after `patience`. Where nothing can be written, or there are no locks, it goes on
    without.
    """
    number = _wait(path, shown, say, patience, moment, kind)
    try:
        yield
    finally:
        if number is not None:
            _give_back(path, number)


def _wait(
    path: Path, shown: Path, say: Say, patience: float, moment: float, kind: type[EscribaError]
) -> int | None:
    """The descriptor of the locked file; None where there are no locks."""
    begun, told, misses = time.monotonic(), False, 0
    while True:
        try:
            number = _take(path)
        except OSError as error:
            misses = misses + 1 if isinstance(error, FileNotFoundError) else 0
            if 0 < misses < MISSES and not files.is_link(path.parent):
                time.sleep(PAUSE)  # another gave the lock back, and took the folder away
                continue
            if error.errno in _WITHOUT:
                return None
            at = Place(shown / path.relative_to(path.parents[1]))
            if misses:
                message = tr("cannot be written: {reason}", reason=files.explain(error))
                raise kind(message, at) from None
            reason = tr("a link") if files.is_link(path) else files.explain(error)
            raise kind(tr("cannot be locked: {reason}; remove it", reason=reason), at) from None
        if number is not None:
            return number
        misses = 0
        waited = time.monotonic() - begun
        if waited >= patience:
            raise kind(_refusal(path, waited if patience else None), Place(shown))
        if waited >= moment and not told:
            told = True
            say(tr("{folder}: waiting for {holder}, at work there", folder=shown.as_posix(),
                   holder=_name_holder(path)))  # fmt: skip
        time.sleep(PAUSE)


def _take(path: Path) -> int | None:
    """The descriptor of the file, locked; None while it is another's. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, name, 0)
    with suppress(FileExistsError):  # if it is no folder, opening tells
        path.parent.mkdir(parents=True)
    number = os.open(path, flags, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if _lock(number) and _bears(path, number):
            _sign(number)
            taken, number = number, -1
            return taken
    finally:
        if number >= 0:
            os.close(number)
    return None


def _lock(number: int) -> bool:
    """Lock an open file, if nobody else has. Raises OSError."""
    if sys.platform == "win32":
        from filelock import lock_descriptor

        return lock_descriptor(number, blocking=False)
    import fcntl

    try:  # as filelock does it, which takes 8 ms to import
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK):
            raise
        return False
    return True


def _bears(path: Path, number: int) -> bool:
    """Whether the open file is the one of that name."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(number))
    except FileNotFoundError:
        return False


def _sign(number: int) -> None:
    words = [Path(sys.argv[0]).stem, *sys.argv[1:]] if sys.argv else []
    if words[:1] == ["__main__"]:
        words[0] = Path(sys.argv[0]).parent.name
    text = f"\n{os.getpid()}\n{' '.join(words)}"
    with suppress(OSError):  # a full disk; the lock holds without
        os.ftruncate(number, 0)
        os.write(number, text.encode(errors="replace")[:500])


def _give_back(path: Path, number: int) -> None:
    try:
        with suppress(OSError):  # Windows removes no file that is open
            if _bears(path, number):
                path.unlink()
    finally:
        os.close(number)
    with suppress(OSError):  # not empty
        path.parent.rmdir()


def _name_holder(path: Path) -> str:
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(1)
            process, _, command = file.read(500).decode(errors="replace").partition("\n")
    except OSError:
        process = command = ""
    command = "".join(c if c.isprintable() else " " for c in command[:200])
    if not process.isascii() or not process.isdigit():
        return tr("another process")
    return tr("`{command}` (process {process})", command=command, process=process)


def _refusal(path: Path, waited: float | None) -> str:
    if waited is None:
        holder = _name_holder(path)
        return tr("{holder} is at work there; try again when it has ended", holder=holder)
    minutes = plural("{number} minute", "{number} minutes", round(waited / 60))
    return tr(
        "{holder} is at work there, and after {minutes} still is; try again when it has ended",
        holder=_name_holder(path),
        minutes=minutes,
    )
