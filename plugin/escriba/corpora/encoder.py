"""Documents → an encoded corpus: read once as text, then turned into symbols, block by block.

The text of each part, normalised, is first kept beside the arrays, since the vocabulary, which
numbers the symbols, is only known at its end; then it goes.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from escriba.corpora import texts
from escriba.corpora.archives import BLOCK, Document
from escriba.corpora.cleaning import FILE as CLEANED
from escriba.corpora.cleaning import (
    Readable,
    clean,
    count_points,
    find_kept,
    refuse_byte,
    rewrite,
    uses,
)
from escriba.corpora.digests import memory_folder, remember
from escriba.corpora.encoded import (
    FACTS,
    PARTS,
    disk,
    find_type,
    list_files,
    make_header,
    stage,
)
from escriba.corpora.foreign import refuse_foreign
from escriba.corpora.shares import Placed, measure, place
from escriba.ground.errors import CorpusError, Place
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.records.recipe import CorpusRecipe
from escriba.records.vocabulary import MARK, Unit

Report = Callable[[int, int], None]


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
    refuse_foreign(documents, recipe.encoding)
    sizes, cleans = measure(documents), bool(uses(recipe))
    ready: Sequence[Readable] = documents
    needed = (3 if cleans else 2) * sum(sizes)
    progress = _Progress(report, needed)
    with disk(shown, needed), stage(folder, needed) as staged:
        if cleans:
            ready = cleaned = clean(documents, recipe, staged / CLEANED, progress.add)
            sizes = [each.length for each in cleaned]
        parts, seen = _write_texts(place(ready, sizes, recipe), recipe, staged, progress)
        (staged / CLEANED).unlink(missing_ok=True)
        if recipe.min_count > 1:
            seen = _leave_rare(staged, parts, recipe)
        facts = _write_symbols(staged, parts, seen, recipe.unit, progress)
        _write(staged / FACTS, [json.dumps(facts).encode()])
        confirm()
        remember(list_files(staged), folder, memory_folder())
        report(progress.total, progress.total)


def to_units(text: str, unit: Unit) -> NDArray[np.unsignedinteger[Any]]:
    """The numbers of a text's characters, or its bytes: (symbols,) uint8 or uint32."""
    if text.isascii():
        return np.frombuffer(text.encode(), np.uint8)
    if unit == "bytes":
        return np.frombuffer(text.encode().replace(MARK.encode(), b"\xff"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))


@dataclass
class _PartText:
    """The text of one part, while it is written."""

    file: IO[bytes]
    symbols: int = 0
    characters: int = 0
    read: int = 0  # bytes of the sources

    def count(self, pieces: Iterable[tuple[int, bytes]], progress: _Progress) -> Iterator[bytes]:
        for _, piece in pieces:
            self.read += len(piece)
            progress.add(len(piece))
            yield piece

    def write(self, text: str, unit: Unit) -> NDArray[np.unsignedinteger[Any]]:
        units = to_units(text, unit)
        self.file.write(text.encode())
        self.symbols += len(units)
        self.characters += len(text)
        return units


@dataclass
class _Progress:
    report: Report
    total: int
    done: int = 0

    def add(self, count: int) -> None:
        self.done = min(self.done + count, self.total)
        self.report(self.done, self.total)


def _write_texts(
    placed: Sequence[Placed], recipe: CorpusRecipe, folder: Path, progress: _Progress
) -> tuple[list[_PartText], NDArray[np.bool_]]:
    """The normalised parts as text files; which code points or bytes they have, by number."""
    seen = np.zeros(0x110000, np.bool_)
    mistakes = Mistakes()
    with ExitStack() as files:
        parts = [
            _PartText(files.enter_context((folder / f"{name}.txt").open("wb"))) for name in PARTS
        ]
        for each in placed:
            with mistakes.collect():
                for part, text in _read(each, recipe, parts, progress):
                    seen[part.write(text, recipe.unit)] = True
    mistakes.check()
    return parts, seen


def _read(
    placed: Placed, recipe: CorpusRecipe, parts: Sequence[_PartText], progress: _Progress
) -> Iterator[tuple[_PartText, str]]:
    """The normalised text of a document, with the part that each block belongs to. One that is
    whole ends with a mark."""
    document, position = placed.document, 0  # bytes of the document before this part
    for number, group in groupby(_cut(placed, recipe), key=itemgetter(0)):
        part = parts[number % len(parts)]
        before = part.read
        text = texts.decode(part.count(group, progress), beginning=position == 0)
        text = texts.compose(text)
        try:
            for block in texts.unwrap(text) if recipe.unwrap else text:
                if placed.part is not None:
                    _refuse_mark(block, document)
                yield part, block
        except texts.BadByteError as error:
            raise refuse_byte(document, error, position) from None
        position += part.read - before
    if placed.part is not None and placed.size:
        yield parts[placed.part], MARK


def _cut(placed: Placed, recipe: CorpusRecipe) -> Iterator[tuple[int, bytes]]:
    blocks = placed.document.blocks()
    if placed.part is not None:
        return ((placed.part, block) for block in blocks)
    return texts.cut(blocks, placed.size, recipe.split, recipe.stretches)


def _refuse_mark(text: str, document: Readable) -> None:
    if MARK in text:
        raise CorpusError(
            tr(
                "has U+FFFF, which is no character, and which marks the end of a document where a "
                "corpus is split by files; take it out, or write split-by: bytes"
            ),
            Place(document.shown),
        )


def _leave_rare(
    folder: Path, parts: Sequence[_PartText], recipe: CorpusRecipe
) -> NDArray[np.bool_]:
    """Take out of the text files what the training part has too little of; what they then have."""
    kept = find_kept(count_points(folder / f"{PARTS[0]}.txt"), recipe)
    seen = np.zeros(len(kept), np.bool_)
    for name, part in zip(PARTS, parts, strict=True):
        counts = rewrite(folder / f"{name}.txt", kept, recipe.rare)
        part.symbols = part.characters = int(counts.sum())
        seen |= counts > 0
    return seen


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
        source = folder / f"{name}.txt"
        blocks = _numbered(source, table, unit, total, progress)
        _write(folder / f"{name}.npy", chain([make_header(len(known), part.symbols)], blocks))
        source.unlink()
        facts[name] = {"symbols": part.symbols, "characters": part.characters, "bytes": part.read}
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
