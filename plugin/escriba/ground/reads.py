"""What a result is made of, noted while it is made.

Whoever gives something to those who make results - a file, a model, a frozen answer, a template,
an entry - notes it here, under its kind and its name. So nobody lists by hand what a page needs,
and a result stands for as long as all that it was made of is the same.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# The names of files and folders are the paths that messages show, in POSIX form; whether anything
# is there is part of what was read, and of a folder the names in it.
FILE, FOLDER = "file", "folder"
LARGEST = 1 << 30  # bytes of a file that is read to be compared
FRESH = 4.0  # seconds after a change for which a clock of files may give the next one the same time

Read = tuple[str, str]  # kind and name
Trace = Mapping[Read, str]  # each with the digest that it had


class Reads:
    """Notes what is read, for each result that is being made. One thread's.

    Of each kind, a function tells the digest that a name has now; it is asked before anybody reads,
    and once: what changes meanwhile was not what the result is said to be made of, and the next
    one is made anew.
    """

    def __init__(self, root: Path, states: States | None = None):
        """`states` are those of a process that makes results again and again."""
        digest = digest_file if states is None else states.digest
        self._find: dict[str, Callable[[str], str]] = {
            FILE: lambda name: self._look(root / name, digest),
            FOLDER: lambda name: self._look(root / name, digest_folder),
        }
        self._parents: dict[str, str] = {}  # folders, and where they are without links
        self._known: dict[Read, str] = {}
        self._open: list[dict[Read, None]] = []

    def add(self, kind: str, find: Callable[[str], str]) -> None:
        """Say how the digest of a name of a kind is found; what was known of that is forgotten."""
        self._find[kind] = find
        self._known = {read: found for read, found in self._known.items() if read[0] != kind}

    def forget(self, kind: str, name: str) -> None:
        """Say that something was just made: its digest is another now."""
        self._known.pop((kind, name), None)

    def adopt(self, other: Reads) -> None:
        """Know all that others have found of the same project."""
        self._known = {**other._known, **self._known}

    def note(self, kind: str, name: str) -> None:
        """Something is about to be read, or looked for: it is part of all that is being made."""
        if self._open:
            self.digest(kind, name)
            for made in self._open:
                made[kind, name] = None

    @contextmanager
    def recording(self) -> Iterator[dict[Read, None]]:
        """What is read inside, in the order of first reading; it grows until the end."""
        made: dict[Read, None] = {}
        self._open.append(made)
        try:
            yield made
        finally:
            self._open.pop()

    def trace(self, made: Mapping[Read, None]) -> dict[Read, str]:
        """What was read, with the digests that it had."""
        return {read: self.digest(*read) for read in made}

    def stands(self, trace: Trace) -> bool:
        """Whether all that a result was made of is the same now."""
        now = self._known.get  # most of what one result is made of, others are, too
        return all(
            now(read) == found or self.digest(*read) == found for read, found in trace.items()
        )

    def digest(self, kind: str, name: str) -> str:
        """The digest of something, as it was when somebody first asked."""
        found = self._known.get((kind, name))
        if found is None:
            found = self._known[kind, name] = self._find[kind](name)
        return found

    def _look(self, path: Path, digest: Callable[[Path], str]) -> str:
        return digest(path) + self._find_link(path)

    def _find_link(self, path: Path) -> str:
        """Where a path leads that has a link in it, since not every link may be followed; nothing
        for others."""
        folder, name = os.path.split(path)
        try:
            if folder not in self._parents:
                self._parents[folder] = os.path.realpath(folder)
            real = os.path.join(self._parents[folder], name)  # noqa: PTH118
            if os.path.islink(real):  # noqa: PTH114 - a Path takes as long as the question
                real = os.path.realpath(real)
        except (OSError, ValueError):
            return ""
        return "" if real == str(path) else f" {os.fsencode(real)!r}"


class States:
    """The digests of files, each for as long as the system tells the same of the file. A program
    may give a file that it has changed its old times, but no old `ctime`; and of one that changed a
    moment ago nothing is kept."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def digest(self, path: Path) -> str:
        """What `digest_file` says of a file."""
        try:
            now, state = time.time(), path.stat()
        except (OSError, ValueError):
            self._known.pop(path, None)
            return digest_file(path)
        told = (state.st_dev, state.st_ino, state.st_mode, state.st_size,
                state.st_mtime_ns, state.st_ctime_ns)  # fmt: skip
        known = self._known.get(path)
        if known is not None and known[0] == told:
            return known[1]
        found = digest_file(path)
        if max(state.st_mtime, state.st_ctime) + FRESH < now:
            self._known[path] = told, found
        return found


def digest_file(path: Path) -> str:
    """The SHA-256 of a file; empty if there is none. Of what is no file, what it is; of one that is
    larger than LARGEST, its size and its times."""
    try:
        with os.fdopen(_open(path), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                return str(stat.S_IFMT(state.st_mode))
            if state.st_size > LARGEST:
                return repr((state.st_size, state.st_mtime_ns, state.st_ino))
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        return type(error).__name__


def _open(path: Path) -> int:
    """Open a file without waiting for anybody, as a FIFO would."""
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))


def digest_folder(path: Path) -> str:
    """The digest of the names in a folder; empty if there is none."""
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        return type(error).__name__
    return hashlib.sha256(repr(names).encode()).hexdigest()


def once(make: Callable[[], str]) -> Callable[[str], str]:
    """The digest of what has no names, of a text that is made when it is first asked for."""
    known: list[str] = []

    def find(name: str) -> str:
        if not known:
            known.append(hashlib.sha256(make().encode()).hexdigest())
        return known[0]

    return find
