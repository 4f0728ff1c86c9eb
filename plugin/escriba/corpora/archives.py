"""Files as texts: plain, compressed (gzip, bzip2, xz), or the members of a zip archive.

A few kilobytes may unpack to terabytes, in one text or in many members that are the same bytes. So
nothing is read that is more than `RATIO` times as long unpacked: no text to learn from is.
"""

from __future__ import annotations

import importlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Literal, cast

from escriba.corpora.walk import is_hidden
from escriba.ground.errors import CorpusError, Place
from escriba.ground.files import open_file
from escriba.ground.language import tr

BLOCK = 1 << 20  # bytes read at a time
RATIO = 200  # of a text's length to that of its file
SMALL = 64 << 20  # bytes; a text of up to these may be packed as well as it likes
MEMBERS = 100_000  # of an archive, at most
DIRECTORY = 16 << 20  # bytes of an archive's list of them, at most
DICTIONARY = 256 << 20  # bytes of memory that unpacking a text may need
Kind = Literal["plain", "gzip", "bzip2", "xz", "zip"]

# What the libraries raise of bytes that are not what they should be. (ValueError: a name that is
# not UTF-8, a place before the file's start; RuntimeError: a password, a method.)
_DAMAGED: tuple[type[Exception], ...] = (
    EOFError, zlib.error, zipfile.BadZipFile, struct.error, ValueError, RuntimeError, LookupError,
)  # fmt: skip
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
_MODULES = {"gzip": "gzip", "bzip2": "bz2"}
_SUFFIXES: dict[str, Kind] = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}
_ENCRYPTED = 0x1 | 0x40  # flags of a member
_LOCAL = struct.Struct("<4s22xHH")  # before a member: its mark, the lengths of its name and extras


@dataclass(frozen=True)
class Document:
    """One text: a file, or a member of a zip archive. `shown` is how messages name it."""

    path: Path
    shown: Path
    kind: Kind = "plain"
    member: str = ""
    info: zipfile.ZipInfo | None = field(default=None, compare=False, repr=False)

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Its bytes, decompressed. Raises CorpusError."""
        with _explained(self.shown), open_file(self.path, self.shown, kind=CorpusError) as file:
            allowed, count = _allow(file), 0
            for block in _read(file, self.kind, self.info, size):
                count += len(block)
                if self.kind != "plain" and count > allowed:
                    raise _refuse_bomb(self.shown)
                yield block

    def size(self) -> int:
        """Its length in bytes, decompressed; for some kinds it must be read whole to know it."""
        if self.info is not None:
            return self.info.file_size
        if self.kind == "plain":
            with _explained(self.shown):
                return self.path.stat().st_size
        return sum(len(block) for block in self.blocks())


def list_documents(path: Path, shown: Path) -> list[Document]:
    """The texts in a file: itself, or the members of a zip archive, sorted by name.

    Raises CorpusError for what cannot be read, is damaged, unpacks to more than any text does, or
    is a tar archive.
    """
    with _explained(shown), open_file(path, shown, kind=CorpusError) as file:
        kind = _find_kind(file, path, shown)
        if kind == "zip":
            members = _list_members(file, shown)
            return [
                Document(path, _show_member(shown, name), kind, name, members[name])
                for name in sorted(members)
            ]
        start = next(_read(file, kind, None, 262), b"")
        if start[257:] == b"ustar":
            raise CorpusError(tr("a tar archive; unpack it, or pack it as zip"), Place(shown))
    return [Document(path, shown, kind)]


def _find_kind(file: BinaryIO, path: Path, shown: Path) -> Kind:
    """By content, so that a file needs no name; a name that promises otherwise is a mistake."""
    start = file.read(16)
    file.seek(0)
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


class _Bounded:
    """What zipfile reads an archive from: it takes the list of all members into memory at once."""

    def __init__(self, file: BinaryIO, shown: Path):
        self._file, self._shown = file, shown
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > DIRECTORY:
            raise _refuse_members(self._shown)
        return self._file.read(size)


def _list_members(file: BinaryIO, shown: Path) -> dict[str, zipfile.ZipInfo]:
    """The members of a zip archive that are texts, by name."""
    with zipfile.ZipFile(_Bounded(file, shown)) as archive:
        infos = archive.infolist()
    if len(infos) > MEMBERS:
        raise _refuse_members(shown)
    members = {info.filename: info for info in infos if _is_text(info)}
    if any(info.flag_bits & _ENCRYPTED for info in members.values()):
        raise CorpusError(tr("the archive is encrypted; unpack it first"), Place(shown))
    if not members:
        raise CorpusError(tr("the archive holds no file"), Place(shown))
    if sum(info.file_size for info in members.values()) > _allow(file):
        raise _refuse_bomb(shown)
    return members


def _is_text(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not is_hidden(PurePosixPath(info.filename))


def _show_member(shown: Path, name: str) -> Path:
    """A member as messages name it. Its name may be any text: nothing is ever written under it."""
    name = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in name[:200])
    return shown.joinpath(*(part for part in name.split("/") if part))


def _read(file: BinaryIO, kind: Kind, info: zipfile.ZipInfo | None, size: int) -> Iterator[bytes]:
    """The bytes of a file, or of the member of an archive, decompressed."""
    if kind == "xz":
        yield from _unpack_xz(file, size)
        return
    opened: IO[bytes] = file
    if info is not None:
        opened = _open_member(file, info)
    elif kind != "plain":
        opened = importlib.import_module(_MODULES[kind]).open(file, "rb")
    with opened:
        while block := opened.read(size):
            yield block


class _MethodError(Exception):
    """A member is compressed in a way that takes too much memory to read."""


def _open_member(file: BinaryIO, info: zipfile.ZipInfo) -> IO[bytes]:
    """A member, found by what the archive's list says of it, which need not be read again."""
    file.seek(info.header_offset)
    mark, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    if mark != b"PK\x03\x04":
        raise zipfile.BadZipFile
    file.seek(name + extra, 1)
    if info.compress_type == zipfile.ZIP_LZMA:
        start = file.read(9)  # of a member in LZMA: version, length, and then five bytes
        file.seek(-len(start), 1)
        if int.from_bytes(start[5:], "little") > DICTIONARY:
            raise _MethodError
    return cast(IO[bytes], zipfile.ZipExtFile(file, "r", info))


def _unpack_xz(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The text of one or more xz streams. (The library's file takes what memory they ask for.)"""
    import lzma

    data, first = b"", True
    while data := data.lstrip(b"\0") or file.read(BLOCK).lstrip(b"\0"):
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, DICTIONARY)
        begun = False
        while not unpacker.eof:
            if unpacker.needs_input and not data and not (data := file.read(BLOCK)):
                raise EOFError
            try:
                block, data, begun = unpacker.decompress(data, size), b"", True
            except lzma.LZMAError:
                if first or begun:
                    raise
                return  # what follows a stream need not be one
            if block:
                yield block
        data, first = unpacker.unused_data, False


def _allow(file: BinaryIO) -> int:
    """How long what is packed in a file may be, in bytes."""
    at = file.tell()
    length = file.seek(0, 2)
    file.seek(at)
    return max(SMALL, RATIO * length)


def _refuse_bomb(shown: Path) -> CorpusError:
    return CorpusError(
        tr(
            "unpacks to more than {ratio} times its size, as no text does; if it is one, unpack it "
            "first",
            ratio=RATIO,
        ),
        Place(shown),
    )


def _refuse_members(shown: Path) -> CorpusError:
    return CorpusError(
        tr("has more than {members:,} members; unpack it first", members=MEMBERS), Place(shown)
    )


@contextmanager
def _explained(shown: Path) -> Iterator[None]:
    place = Place(shown)
    try:
        yield
    # Of a method of compression that it lacks, zipfile says the third.
    except (_MethodError, ImportError, NotImplementedError):
        raise CorpusError(
            tr("compressed in a way that this Python cannot read; unpack it first"), place
        ) from None
    except OSError as error:
        if error.errno is None:  # what gzip and bzip2 say of bad data
            raise CorpusError(
                tr("damaged or cut short; fetch it or make it again"), place
            ) from None
        raise CorpusError(tr("cannot be read: {reason}", reason=error.strerror), place) from None
    except _DAMAGED:
        raise CorpusError(tr("damaged or cut short; fetch it or make it again"), place) from None
