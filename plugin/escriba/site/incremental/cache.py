"""What a build keeps for the next one: results, each with what it was made of.

A result stands as long as the digest of everything that it was made of does: there are no times,
and no keys that somebody wrote by hand. What is kept is text in a database of SQLite, in the folder
of the user's caches: it becomes part of pages, so nobody else may put anything there. Whatever is
wrong with the database, it is made anew.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from bisect import bisect
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escriba.ground.caches import find_folder
from escriba.ground.files import resolve
from escriba.ground.project import Project
from escriba.ground.reads import Trace

VERSION = 2
PAGE, PANEL, ASSET = "compose", "panel", "asset"  # the kinds that have the bytes of a site's files
SWEPT = 8  # of what others keep, when a new project comes
LEVEL = 1  # of compression: what is kept is read more often than written
PIECE, PIECES = 1024, 8  # bytes of a file, and from how many places, that show whether it shrinks
_SCHEMA = """
create table kept (kind text, name text, digest text, trace text, facts text, body blob,
                   sum int, primary key (kind, name));
create table project (root text);
"""


@dataclass(frozen=True)
class Kept:
    """A result: what it was made of, what is known of it, as plain values, and its bytes, packed,
    with their digest if anybody wants to know that."""

    trace: Trace
    facts: Mapping[str, Any]
    packed: bytes
    digest: str = ""

    def read(self) -> bytes:
        return zlib.decompress(self.packed)

    @classmethod
    def of_bytes(cls, data: bytes, digest: str) -> Kept:
        """Bytes alone."""
        return cls({}, {}, pack(data), digest)


def pack(data: bytes) -> bytes:
    """Bytes as they are kept: compressed, but for many that would not get fewer, as weights and
    pictures do not."""
    step, is_hard = len(data) // PIECES, False
    if step > 4 * PIECE:
        some = b"".join(data[at : at + PIECE] for at in range(step // 2, len(data), step))
        is_hard = len(zlib.compress(some, LEVEL)) > 0.9 * len(some)
    return zlib.compress(data, 0 if is_hard else LEVEL)


class DamagedError(Exception):
    """Something that was kept cannot be read any more."""


class Cache:
    """The results of one project, by kind and name. Without a path they are in memory alone. It is
    open for as long as anybody may read from it."""

    def __init__(self, path: Path | None, root: Path, *, session: bool = False):
        """In a `session`, of a process that builds again and again, all that was loaded stays in
        memory."""
        self._session = session
        self._database = _open(path, root)
        self._loaded: dict[str, dict[str, Kept]] = {}

    def load(self, kind: str) -> dict[str, Kept]:
        """All results of a kind, by their names."""
        if kind not in self._loaded:
            found: dict[str, Kept] = {}
            with _forgiving():
                query = f"select name, {_ROW} from kept where kind = ?"
                for name, *row in self._database.execute(query, (kind,)):
                    if kept := _read(*row):
                        found[name] = kept
            if not self._session:
                return found
            self._loaded[kind] = found
        return dict(self._loaded[kind])

    def get(self, kind: str, name: str) -> Kept | None:
        """One result, if it is there."""
        with _forgiving():
            query = f"select {_ROW} from kept where kind = ? and name = ?"
            row = self._database.execute(query, (kind, name)).fetchone()
            return row and _read(*row)
        return None

    def reader(self, kind: str, name: str, digest: str) -> Callable[[], bytes]:
        """What gives the bytes of a result, which have a digest; it raises DamagedError if they are
        others."""
        if kind in self._loaded:
            return self._loaded[kind][name].read

        def read() -> bytes:
            kept = self.get(kind, name)
            if kept is None or kept.digest != digest:
                raise DamagedError(name)
            return kept.read()

        return read

    def digests(self, kind: str) -> dict[str, str]:
        """The digests of the bytes of all results of a kind, by their names."""
        with _forgiving():
            query = "select name, digest from kept where kind = ?"
            return dict(self._database.execute(query, (kind,)).fetchall())
        return {}

    def keep(self, kind: str, results: Mapping[str, Kept]) -> bool:
        """Keep some results in the place of those of the same names; whether that was possible."""
        rows = ((kind, name, *_write(each)) for name, each in results.items())
        self._loaded.get(kind, {}).update(results)
        with _forgiving(), self._database:
            self._database.executemany(
                "insert or replace into kept values (?, ?, ?, ?, ?, ?, ?)", rows
            )
            return True
        return False

    def forget(self, kind: str, names: Collection[str]) -> None:
        """Let go of some results."""
        for name in names:
            self._loaded.get(kind, {}).pop(name, None)
        with _forgiving(), self._database:
            self._database.executemany(
                "delete from kept where kind = ? and name = ?", ((kind, name) for name in names)
            )

    def clear(self) -> None:
        """Let go of everything."""
        self._loaded.clear()
        with _forgiving(), self._database:
            self._database.execute("delete from kept")

    def __del__(self) -> None:
        self._database.close()


def open_cache(project: Project, *, session: bool = False) -> Cache:
    """The cache of a project: on disk, if its user has a folder for that, and else in memory."""
    path = find_path(project.root)
    if path is not None and not path.exists():
        _sweep(path.parent, path)
    return Cache(path, resolve(project.root), session=session)


def find_path(root: Path) -> Path | None:
    """The file of a project's cache, whether it is there or not; None if there is no folder."""
    folder = find_folder("builds", root)
    if folder is None:
        return None
    name = hashlib.sha256(str(resolve(root)).encode(errors="surrogateescape")).hexdigest()[:32]
    return folder / f"{name}.sqlite"


def _open(path: Path | None, root: Path) -> sqlite3.Connection:
    for attempt in range(2):
        with suppress(sqlite3.DatabaseError, OSError):
            return _connect(path, root)
        if path is not None and not attempt:  # it is damaged, or of another version
            _remove(path)
    return _connect(None, root)


def _connect(path: Path | None, root: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path or ":memory:", timeout=5, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = off")  # what a crash damages is made anew
        (version,) = database.execute("pragma user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(version)
        if not version:
            database.executescript(_SCHEMA)
            database.execute("insert into project values (?)", (str(root),))
            database.execute(f"pragma user_version = {VERSION}")
            database.commit()
        return database
    except BaseException:
        database.close()
        raise


def _sweep(folder: Path, new: Path) -> None:
    """Remove what is kept of projects that are there no more, among SWEPT of all: those that come
    after the new one, whose name is like a throw of dice."""
    known = sorted(folder.glob("*.sqlite"))
    at = bisect(known, new)
    for path in (known[at:] + known[:at])[:SWEPT]:
        with suppress(sqlite3.DatabaseError, OSError, TypeError):
            with closing(sqlite3.connect(path)) as database:
                (root,) = database.execute("select root from project").fetchone()
            if not Path(root).exists():
                _remove(path)


def _remove(path: Path) -> None:
    """Remove a database with its log, which would be taken for that of a new one."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _forgiving() -> Iterator[None]:
    """A cache that cannot be read or written is none."""
    with suppress(sqlite3.DatabaseError, ValueError, TypeError, zlib.error):
        yield


_ROW = "digest, trace, facts, body, sum"


def _read(digest: str, trace: str, facts: str, body: bytes, sum_: int) -> Kept | None:
    """A result; None if the disk gives other bytes than were written."""
    if sum_ != _sum(digest, trace, facts, body):
        return None
    reads = {(of, each): found for of, each, found in json.loads(trace)}
    return Kept(reads, json.loads(facts), body, digest)


def _write(kept: Kept) -> tuple[str, str, str, bytes, int]:
    trace = _to_json([(*read, digest) for read, digest in kept.trace.items()])
    row = kept.digest, trace, _to_json(kept.facts), kept.packed
    return *row, _sum(*row)


def _sum(digest: str, trace: str, facts: str, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(f"{digest}\0{trace}\0{facts}".encode()))


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
