"""What is no text, known by how it begins: named, and answered with what to do.

Nothing is passed over: a picture among posts is told, with the line that leaves it out. The marks
are those of the formats' own specifications, as `file` and browsers look for them.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from escriba.corpora.archives import Document
from escriba.ground.errors import CorpusError, Place
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes

LOOK = 512  # bytes that are looked at

Kind = Literal[
    "utf-16", "utf-32", "pdf", "epub", "office", "image", "audio", "video", "archive", "font",
    "program", "database",
]  # fmt: skip

_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
    (b"%PDF-", "pdf"), (b"{\\rtf", "office"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (b"\x89PNG\r\n\x1a\n", "image"), (b"\xff\xd8\xff", "image"), (b"GIF87a", "image"),
    (b"GIF89a", "image"), (b"II*\0", "image"), (b"MM\0*", "image"), (b"\0\0\1\0", "image"),
    (b"ID3", "audio"), (b"\xff\xfb", "audio"), (b"\xff\xf3", "audio"), (b"\xff\xf2", "audio"),
    (b"OggS", "audio"), (b"fLaC", "audio"), (b"MThd", "audio"),
    (b"\x1a\x45\xdf\xa3", "video"), (b"PK\x03\x04", "archive"), (b"PK\x05\x06", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"), (b"Rar!\x1a\x07", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"), (b"\x1f\x8b", "archive"), (b"\xfd7zXZ\0", "archive"),
    (b"wOFF", "font"), (b"wOF2", "font"), (b"OTTO\0", "font"), (b"\0\1\0\0\0", "font"),
    (b"\x7fELF", "program"), (b"MZ\x90\0", "program"), (b"\0asm", "program"),
    (b"SQLite format 3\0", "database"),
)  # fmt: skip
_OFFICE = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis", b"_rels/", b"word/", b"xl/")
_EPUB = b"mimetypeapplication/epub+zip"
_RIFF: dict[bytes, Kind] = {b"WEBP": "image", b"WAVE": "audio", b"AVI ": "video"}
_BRANDS: dict[bytes, Kind] = {b"hei": "image", b"avi": "image", b"mif": "image", b"M4A": "audio"}


def recognise(start: bytes) -> Kind | None:
    """What a file that begins so is, if it is no text in one byte or more a character."""
    if start.startswith(b"PK\x03\x04"):
        if start[30:].startswith(_EPUB):
            return "epub"
        return "office" if start[30:].startswith(_OFFICE) else "archive"
    if start[:4] == b"RIFF" and start[8:12] in _RIFF:
        return _RIFF[start[8:12]]
    if start[4:8] == b"ftyp":
        return _BRANDS.get(start[8:11], "video")
    if start[:2] == b"BM" and start[6:10] == b"\0\0\0\0":
        return "image"
    found = next((kind for mark, kind in _BEGINNINGS if start.startswith(mark)), None)
    return found or _find_zeros(start)


def refuse_foreign(documents: Sequence[Document], encoding: str, *, alone: bool = False) -> None:
    """Raise CorpusError for documents that are no texts, one problem for all of a kind with one
    suffix. `alone`: it is not of a corpus, and cannot be left out of it."""
    found: dict[tuple[Kind, str], list[Document]] = {}
    mistakes = Mistakes()
    for document in documents:
        with mistakes.collect():
            kind = recognise(next(document.blocks(LOOK), b""))
            if kind is not None and not codecs.lookup(encoding).name.startswith(kind):
                found.setdefault((kind, document.shown.suffix), []).append(document)
    for (kind, _), each in found.items():
        first = each[0].shown
        told = _Foreign(kind, first, len(each), encoding).tell(alone)
        mistakes.add(CorpusError(told, Place(first)))
    mistakes.check()


def _find_zeros(start: bytes) -> Kind | None:
    """UTF-16 without a mark: in most scripts every other byte is zero, and none between is."""
    for first, second in ((start[::2], start[1::2]), (start[1::2], start[::2])):
        if len(first) >= 4 and first.count(0) > 0.7 * len(first) and 0 not in second:
            return "utf-16"
    return None


@dataclass(frozen=True)
class _Foreign:
    """Files of a kind: the first one, and how many."""

    kind: Kind
    shown: Path
    count: int
    encoding: str

    def tell(self, alone: bool) -> str:
        """What it is, and what to do."""
        names = {
            "utf-16": "UTF-16", "utf-32": "UTF-32", "pdf": tr("a PDF"), "epub": tr("an EPUB"),
            "office": tr("a document of a word processor"), "image": tr("an image"),
            "audio": tr("a sound"), "video": tr("a video"), "archive": tr("an archive"),
            "font": tr("a font"), "program": tr("a program"), "database": tr("a database"),
        }  # fmt: skip
        told = tr("is {what}, not text in {encoding}", what=names[self.kind],
                  encoding=self.encoding.upper())  # fmt: skip
        if self.count > 1:
            told += " " + tr("(and so are {number} others)", number=self.count - 1)
        remedies = [self._convert()] + ([] if alone else [self._leave_out()])
        ways = ("; " + tr("or") + " ").join(filter(None, remedies))
        return f"{told}; {ways}" if ways else told

    def _leave_out(self) -> str:
        if self.kind in ("utf-16", "utf-32"):
            return tr("write in the recipe: encoding: {encoding}", encoding=self.kind)
        if self.kind == "epub":
            return tr('name it .zip and write: include: ["*html"], strip: [html]')
        pattern = f"*{self.shown.suffix}" if self.shown.suffix else self.shown.name
        return tr('leave it out: exclude: ["{pattern}"]', pattern=pattern)

    def _convert(self) -> str:
        path = PurePosixPath(self.shown)
        if self.kind in ("utf-16", "utf-32"):
            return tr(
                "convert it: iconv -f {encoding} -t UTF-8 {file} > {new}",
                encoding=self.kind.upper(), file=path, new=path.with_name(f"utf8-{path.name}"),
            )  # fmt: skip
        if self.kind == "pdf":
            return tr("take its text out: pdftotext -enc UTF-8 {file}", file=path)
        if self.kind == "office":
            return tr("save it as plain text in UTF-8")
        if self.kind == "archive":
            return tr("unpack it")
        return ""
