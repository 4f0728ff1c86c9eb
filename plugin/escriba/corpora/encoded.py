"""A corpus as symbols on disk: a folder with one array for each part, and what is known of them.

    .escriba/encoded/<key>/train.npy validation.npy test.npy facts.json

The arrays are numpy's own format, of uint8, uint16 or uint32 as the vocabulary needs. A folder
appears whole or not at all, also on a disk that is full; the key says everything that determines
what is in it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.cleaning import FILE as CLEANED
from escriba.corpora.digests import is_remembered, memory_folder
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.files import read_bytes
from escriba.ground.language import tr
from escriba.ground.numbers import read_json
from escriba.records.vocabulary import Vocabulary

FACTS = "facts.json"
PARTS = ("train", "validation", "test")
ABANDONED = 3600.0  # seconds after which an encoding that nobody writes on is taken away
_WRITTEN = frozenset(
    {FACTS, CLEANED, *(f"{name}.{kind}" for name in PARTS for kind in ("txt", "npy", "rare"))}
)

Symbols = NDArray[np.unsignedinteger[Any]]


class Text(Protocol):
    """What can be read from anywhere, a stretch at a time: an array, or a `Part` on disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, stretch: slice, /) -> Any: ...


@dataclass(frozen=True)
class Part:
    """One share of a corpus, on disk: `len(part)` symbols, of which `part[a:b]` is a copy.

    `characters` counts code points, whatever the unit; `bytes` the sources' own bytes, before
    normalisation. A copy is read from the file, so that memory holds only what is asked for, and
    a file that was removed or cut short meanwhile raises CorpusError.
    """

    path: Path
    shown: Path
    length: int  # symbols
    characters: int
    bytes: int
    dtype: str
    offset: int  # bytes of the file before the first symbol

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, stretch: slice, /) -> Symbols:
        start, stop, step = stretch.indices(self.length)
        if step != 1:
            raise ValueError("a part is read without gaps")
        count = max(0, stop - start)
        at = self.offset + start * np.dtype(self.dtype).itemsize
        try:
            symbols = cast(Symbols, np.fromfile(self.path, self.dtype, count, offset=at))
        except OSError as error:
            reason = error.strerror or tr("it was cut short")
            raise self._gone(
                tr("the encoded corpus cannot be read any more: {reason}", reason=reason)
            ) from None
        if len(symbols) != count:
            raise self._gone(tr("the encoded corpus was cut short while it was in use"))
        return symbols

    @cached_property
    def symbols(self) -> Symbols:
        """(len,) all of them as a read-only memory map: memory fills with what is touched."""
        if not self.length:
            return np.empty(0, self.dtype)
        try:
            return np.memmap(self.path, self.dtype, "r", self.offset, (self.length,))
        except (OSError, ValueError):
            raise self._gone(tr("the encoded corpus cannot be read any more")) from None

    def _gone(self, problem: str) -> CorpusError:
        remedy = tr("the same command again encodes it anew and goes on")
        return CorpusError(f"{problem}; {remedy}", Place(self.shown))


@dataclass(frozen=True)
class Encoded:
    """An encoded corpus. `digest` is the SHA-256 of its normalised text, part by part."""

    parts: tuple[Part, Part, Part]
    vocabulary: Vocabulary
    digest: str


def read_encoded(folder: Path, shown: Path, *, trusted: bool = False) -> Encoded | None:
    """The corpus in a folder; None if there is none, or not a whole one. Unless it is `trusted`,
    also if this user's programs have not written it there: a repository may bring along another
    text under that key."""
    try:
        if not trusted and not is_remembered(list_files(folder), folder, memory_folder()):
            return None
        facts = read_json(read_bytes(folder / FACTS))
        vocabulary = Vocabulary(facts["unit"], facts["vocabulary"])
        if vocabulary.unit not in ("characters", "bytes"):
            return None
        parts = [_read_part(folder, shown, name, facts, len(vocabulary)) for name in PARTS]
        return Encoded((parts[0], parts[1], parts[2]), vocabulary, facts["digest"])
    except (OSError, ValueError, KeyError, TypeError, SourceError):
        return None


def list_files(folder: Path) -> list[Path]:
    """What an encoded corpus consists of."""
    return [folder / FACTS, *(folder / f"{name}.npy" for name in PARTS)]


def make_header(symbols: int, count: int) -> bytes:
    """The start of an array of so many of a vocabulary's `symbols`, in the narrowest type that can
    tell these apart."""
    file = BytesIO()
    values = {"descr": find_type(symbols).str, "fortran_order": False, "shape": (count,)}
    np.lib.format.write_array_header_1_0(file, values)
    return file.getvalue()


def find_type(symbols: int) -> np.dtype[Any]:
    """The type of the array of a text over so many symbols."""
    return np.min_scalar_type(max(0, symbols - 1)).newbyteorder("<")


def _read_part(
    folder: Path, shown: Path, name: str, facts: Mapping[str, Any], symbols: int
) -> Part:
    counts, path = facts["parts"][name], folder / f"{name}.npy"
    length, dtype = counts["symbols"], find_type(symbols)
    header = make_header(symbols, length)
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            raise ValueError(path)
    if path.stat().st_size != len(header) + length * dtype.itemsize:
        raise ValueError(path)
    place = shown / path.name
    return Part(path, place, length, counts["characters"], counts["bytes"], dtype.str, len(header))


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
