"""Documents → an encoded corpus: read once as text, then turned into symbols, block by block.

The text of each part, normalised, is first kept beside the arrays, since the vocabulary, which
numbers the symbols, is only known at its end; then it goes.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.corpora import texts
from escriba.charlm.corpora.archives import BLOCK, Document
from escriba.charlm.corpora.digests import memory_folder, remember
from escriba.charlm.corpora.encoded import (
    FACTS,
    PARTS,
    find_type,
    list_files,
    make_header,
    read_encoded,
)
from escriba.ground.errors import CorpusError, Place
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.records.recipe import CorpusRecipe
from escriba.records.vocabulary import Unit

Report = Callable[[int, int], None]
ABANDONED = 3600.0  # seconds after which an encoding that nobody writes on is taken away
_WRITTEN = frozenset({FACTS, *(f"{name}.{kind}" for name in PARTS for kind in ("txt", "npy"))})


def encode_documents(
    documents: Sequence[Document],
    recipe: CorpusRecipe,
    folder: Path,
    shown: Path,
    confirm: Callable[[], None],
    report: Report,
) -> None:
    """Write the encoded corpus `folder`, which appears whole or not at all.

    `confirm` is called before it does, and raises if the documents are no longer those that the
    folder is named after. `report` gets the bytes done, of twice those of the corpus: once read,
    once written. Of several processes that write the same folder the first one's stays.
    Raises CorpusError with the mistakes of all documents, or when the disk is full.
    """
    sizes = _measure(documents)
    progress = _Progress(report, 2 * sum(sizes))
    with _disk(shown, 2 * sum(sizes)), _stage(folder, 2 * sum(sizes)) as staged:
        parts, seen = _write_texts(documents, sizes, recipe, staged, progress)
        facts = _write_symbols(staged, parts, seen, recipe.unit, progress)
        _write(staged / FACTS, [json.dumps(facts).encode()])
        confirm()
        remember(list_files(staged), folder, memory_folder())
        report(progress.total, progress.total)


def to_units(text: str, unit: Unit) -> NDArray[np.unsignedinteger[Any]]:
    """The numbers of a text's characters, or its bytes: (symbols,) uint8 or uint32."""
    if unit == "bytes" or text.isascii():
        return np.frombuffer(text.encode(), np.uint8)
    return np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))


@dataclass
class _PartText:
    """The text of one part, while it is written."""

    file: IO[bytes]
    length: int = 0  # bytes
    characters: int = 0
    read: int = 0  # bytes of the sources

    def count(self, pieces: Iterable[tuple[int, bytes]], progress: _Progress) -> Iterator[bytes]:
        for _, piece in pieces:
            self.read += len(piece)
            progress.add(len(piece))
            yield piece

    def write(self, text: str) -> None:
        data = text.encode()
        self.file.write(data)
        self.length += len(data)
        self.characters += len(text)


@dataclass
class _Progress:
    report: Report
    total: int
    done: int = 0

    def add(self, count: int) -> None:
        self.done = min(self.done + count, self.total)
        self.report(self.done, self.total)


def _measure(documents: Sequence[Document]) -> list[int]:
    sizes, mistakes = [], Mistakes()
    for document in documents:
        with mistakes.collect():
            sizes.append(document.size())
    mistakes.check()
    return sizes


def _write_texts(
    documents: Sequence[Document],
    sizes: Sequence[int],
    recipe: CorpusRecipe,
    folder: Path,
    progress: _Progress,
) -> tuple[list[_PartText], NDArray[np.bool_]]:
    """The normalised parts as text files; which code points or bytes they have, by number."""
    seen = np.zeros(0x110000, np.bool_)
    mistakes = Mistakes()
    with ExitStack() as files:
        parts = [
            _PartText(files.enter_context((folder / f"{name}.txt").open("wb"))) for name in PARTS
        ]
        for document, size in zip(documents, sizes, strict=True):
            with mistakes.collect():
                for part, text in _read(document, size, recipe, parts, progress):
                    part.write(text)
                    seen[to_units(text, recipe.unit)] = True
    mistakes.check()
    return parts, seen


def _read(
    document: Document,
    size: int,
    recipe: CorpusRecipe,
    parts: Sequence[_PartText],
    progress: _Progress,
) -> Iterator[tuple[_PartText, str]]:
    """The normalised text of a document, with the part that each block belongs to."""
    position = 0  # bytes of the document before this part
    pieces = texts.cut(document.blocks(), size, recipe.split, recipe.stretches)
    for number, group in groupby(pieces, key=itemgetter(0)):
        part = parts[number % len(parts)]
        before = part.read
        text = texts.decode(part.count(group, progress), beginning=position == 0)
        text = texts.compose(text)
        try:
            for block in texts.unwrap(text) if recipe.unwrap else text:
                yield part, block
        except texts.BadByteError as error:
            raise CorpusError(
                tr(
                    "not UTF-8: the byte 0x{byte:02x} is not part of any character; convert it to "
                    "UTF-8, or exclude it",
                    byte=error.byte,
                ),
                Place(document.shown, _line(document, position + error.position)),
            ) from None
        position += part.read - before


def _line(document: Document, position: int) -> int:
    """The line, from 1, of a byte."""
    line = 1
    for block in document.blocks():
        line += block.count(b"\n", 0, max(0, position))
        position -= len(block)
        if position <= 0:
            break
    return line


def _write_symbols(
    folder: Path,
    parts: Sequence[_PartText],
    seen: NDArray[np.bool_],
    unit: Unit,
    progress: _Progress,
) -> dict[str, Any]:
    """Turn the text files into arrays; what is known of them."""
    known = np.flatnonzero(seen)
    table = np.zeros(len(seen), find_type(len(known)))
    table[known] = np.arange(len(known))
    total = hashlib.sha256()
    facts = {}
    for name, part in zip(PARTS, parts, strict=True):
        total.update(f"{name}\0{part.characters}\0".encode())
        symbols = part.length if unit == "bytes" else part.characters
        source = folder / f"{name}.txt"
        blocks = _numbered(source, table, unit, total, progress)
        _write(folder / f"{name}.npy", chain([make_header(len(known), symbols)], blocks))
        source.unlink()
        facts[name] = {"symbols": symbols, "characters": part.characters, "bytes": part.read}
    vocabulary = "".join(map(chr, known.tolist()))
    return {"digest": total.hexdigest(), "unit": unit, "vocabulary": vocabulary, "parts": facts}


def _numbered(
    path: Path, table: NDArray[Any], unit: Unit, total: hashlib._Hash, progress: _Progress
) -> Iterator[memoryview]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            total.update(block)
            progress.add(len(block))
            yield table[to_units(decoder.decode(block), unit)].data


def _write(path: Path, blocks: Iterable[bytes | memoryview]) -> None:
    """A file of these blocks, on disk when this returns."""
    with path.open("wb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _stage(folder: Path, needed: int) -> Iterator[Path]:
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
def _disk(shown: Path, needed: int) -> Iterator[None]:
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
