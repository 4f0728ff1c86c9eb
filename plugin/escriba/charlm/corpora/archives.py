"""Files as texts: plain, compressed (gzip, bzip2, xz), or the members of a zip archive."""

from __future__ import annotations

import importlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from escriba.errors import CorpusError, Place
from escriba.language import tr

BLOCK = 1 << 20  # bytes read at a time
Kind = Literal["plain", "gzip", "bzip2", "xz", "zip"]

_DAMAGED: tuple[type[Exception], ...] = (EOFError, zlib.error, zipfile.BadZipFile)
with suppress(ImportError):  # a Python may be built without it
    from lzma import LZMAError

    _DAMAGED += (LZMAError,)

_MAGIC: tuple[tuple[Kind, bytes], ...] = (
    ("gzip", b"\x1f\x8b"),
    ("xz", b"\xfd7zXZ\x00"),
    ("zip", b"PK\x03\x04"),
    ("zip", b"PK\x05\x06"),  # without members
)
_BZIP2 = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")  # after 'BZh' and a digit, which a text may have
_MODULES = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma"}
_SUFFIXES: dict[str, Kind] = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}


@dataclass(frozen=True)
class Document:
    """One text: a file, or a member of a zip archive. `shown` is how messages name it."""

    path: Path
    shown: Path
    kind: Kind = "plain"
    member: str = ""

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Its bytes, decompressed. Raises CorpusError."""
        with _explained(self.shown), self._opened() as file:
            while block := file.read(size):
                yield block

    def size(self) -> int:
        """Its length in bytes, decompressed; for some kinds it must be read whole to know it."""
        with _explained(self.shown):
            if self.kind == "plain":
                return self.path.stat().st_size
            if self.kind == "zip":
                with zipfile.ZipFile(self.path) as archive:
                    return archive.getinfo(self.member).file_size
        return sum(len(block) for block in self.blocks())

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if self.kind == "zip":
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                yield file
        else:
            with _open(self.path, self.kind) as file:
                yield file


def list_documents(path: Path, shown: Path) -> list[Document]:
    """The texts in a file: itself, or the members of a zip archive, sorted by name.

    Raises CorpusError for what cannot be read, is damaged, or is a tar archive.
    """
    with _explained(shown):
        kind = _find_kind(path, shown)
        if kind == "zip":
            with zipfile.ZipFile(path) as archive:
                members = sorted({info.filename for info in archive.infolist() if _is_text(info)})
                if any(archive.getinfo(name).flag_bits & 1 for name in members):
                    raise CorpusError(tr("the archive is encrypted; unpack it first"), Place(shown))
            if not members:
                raise CorpusError(tr("the archive holds no file"), Place(shown))
            return [Document(path, shown / name, kind, name) for name in members]
        with _open(path, kind) as file:
            if file.read(262)[257:] == b"ustar":
                raise CorpusError(tr("a tar archive; unpack it, or pack it as zip"), Place(shown))
    return [Document(path, shown, kind)]


def is_hidden(path: PurePosixPath) -> bool:
    """Files and folders that no one writes texts in: `.git`, `.DS_Store`, `__MACOSX`."""
    return any(name.startswith(".") or name == "__MACOSX" for name in path.parts)


def _find_kind(path: Path, shown: Path) -> Kind:
    """By content, so that a file needs no name; a name that promises otherwise is a mistake."""
    with path.open("rb") as file:
        start = file.read(16)
    found: Kind = "plain"
    if start[:3] == b"BZh" and start[4:10] in _BZIP2:
        found = "bzip2"
    for kind, magic in _MAGIC:
        if start.startswith(magic):
            found = kind
    named = _SUFFIXES.get(path.suffix.lower(), "plain")
    if found == "zip" and path.suffix and named != "zip":
        return "plain"  # office documents and the like: zip inside, and no text
    if named not in ("plain", found):
        raise CorpusError(
            tr("named as {kind}, and it is not; fetch it or make it again", kind=named),
            Place(shown),
        )
    return found


def _is_text(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not is_hidden(PurePosixPath(info.filename))


def _open(path: Path, kind: Kind) -> IO[bytes]:
    if kind == "plain":
        return path.open("rb")
    file: IO[bytes] = importlib.import_module(_MODULES[kind]).open(path, "rb")
    return file


@contextmanager
def _explained(shown: Path) -> Iterator[None]:
    place = Place(shown)
    try:
        yield
    except _DAMAGED:
        raise CorpusError(tr("damaged or cut short; fetch it or make it again"), place) from None
    except (ImportError, NotImplementedError):  # zipfile's, for a method of compression
        raise CorpusError(
            tr("compressed in a way that this Python cannot read; unpack it first"), place
        ) from None
    except OSError as error:
        if error.errno is None:  # what gzip and bzip2 say of bad data
            raise CorpusError(
                tr("damaged or cut short; fetch it or make it again"), place
            ) from None
        raise CorpusError(tr("cannot be read: {reason}", reason=error.strerror), place) from None
