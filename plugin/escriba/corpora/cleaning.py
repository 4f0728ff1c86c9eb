"""What a recipe wants done to each document before it is split: another encoding, marks taken out,
lines and documents left out.

A cleaned document is UTF-8, and all that follows (parts, normalisation, symbols) reads it as it
would a file. Whoever does not ask for anything pays nothing.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from escriba.corpora import texts
from escriba.corpora.archives import BLOCK, Document
from escriba.corpora.stripping import strip_front_matter, strip_html, strip_markdown
from escriba.ground.errors import CorpusError, Place
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.unicode import normalize
from escriba.records.recipe import CorpusRecipe
from escriba.records.vocabulary import MARK

FILE = "cleaned.bin"
WHOLE = 64 << 20  # characters of a document that must be looked at as one, or of a line, at most
POINTS = 0x110000  # code points
_STRIPS = {"front-matter": strip_front_matter, "markdown": strip_markdown, "html": strip_html}


@dataclass(frozen=True)
class Cleaned:
    """A document that lies cleaned in a file, among others. `shown` is the original."""

    path: Path
    shown: Path
    start: int
    length: int

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Its bytes."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.length
            while left and (block := file.read(min(size, left))):
                left -= len(block)
                yield block


class Readable(Protocol):
    """A document of whatever kind; `shown` is how messages name it."""

    @property
    def shown(self) -> Path: ...

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]: ...


def uses(recipe: CorpusRecipe) -> dict[str, object]:
    """The keys of a recipe that clean, with their values; those that do nothing are not there."""
    found = {
        "encoding": codecs.lookup(recipe.encoding).name,
        "strip": sorted(set(recipe.strip)),
        "lower-case": recipe.lower_case,
        "drop-lines": sorted(set(recipe.drop_lines)),
        "dedupe": sorted(set(recipe.dedupe)),
    }
    return {key: value for key, value in found.items() if value and value != "utf-8"}


def describe(recipe: CorpusRecipe) -> dict[str, object]:
    """All that a recipe changes in its text, key by key: of what is read, and of rare symbols."""
    if recipe.min_count == 1:
        return uses(recipe)
    return {**uses(recipe), "min-count": [recipe.min_count, recipe.rare]}


def read_document(document: Readable, encoding: str = "utf-8") -> Iterator[str]:
    """The text of a document: LF, NFC, no BOM. Raises CorpusError at the line that is not so
    encoded."""
    try:
        yield from texts.compose(texts.decode(document.blocks(), beginning=True, encoding=encoding))
    except texts.BadByteError as error:
        raise refuse_byte(document, error, 0, encoding) from None


def refuse_byte(
    document: Readable, error: texts.BadByteError, position: int, encoding: str = "utf-8"
) -> CorpusError:
    """What is said of a byte, so many bytes behind `position`."""
    place = Place(document.shown, _line(document, position + error.position))
    if encoding != "utf-8":
        problem = tr(
            "not {encoding}: the byte 0x{byte:02x} is not part of any character; name another "
            "'encoding', or exclude it",
            encoding=encoding, byte=error.byte,
        )  # fmt: skip
        return CorpusError(problem, place)
    problem = tr(
        "not UTF-8: the byte 0x{byte:02x} is not part of any character; convert it (iconv -f "
        "WINDOWS-1252 -t UTF-8), name its encoding (encoding: windows-1252), or exclude it",
        byte=error.byte,
    )
    return CorpusError(problem, place)


@dataclass
class Cleaner:
    """Cleans the documents of a corpus, one after the other: what is a duplicate depends on those
    before."""

    recipe: CorpusRecipe
    _lines: set[bytes] = field(default_factory=set)
    _files: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        patterns = [translate(normalize(pattern)) for pattern in self.recipe.drop_lines]
        self._drops = re.compile("|".join(patterns)).match if patterns else None

    def read(self, document: Readable) -> Iterator[str]:
        """The text of a document, whole lines at a time. Raises CorpusError."""
        blocks: Iterable[str] = read_document(document, self.recipe.encoding)
        if self.recipe.strip:
            blocks = [self.strip("".join(_bounded(blocks, document.shown)))]
        chooses = self._drops is not None or "lines" in self.recipe.dedupe
        for text in whole_lines(blocks, document.shown):
            if chooses:
                lines = text.split("\n")
                kept = [line for line in lines[:-1] if self._keeps(line)]
                kept += lines[-1:] if self._keeps(lines[-1]) else [""]
                text = "\n".join(kept)
            yield text.lower() if self.recipe.lower_case else text

    def strip(self, text: str) -> str:
        """A document without what `strip` names."""
        for name, strip in _STRIPS.items():
            if name in self.recipe.strip:
                text = strip(text)
        return text

    def is_new(self, digest: bytes) -> bool:
        """Whether a document is one to keep; it counts as seen from then on."""
        if "files" not in self.recipe.dedupe:
            return True
        known = digest in self._files
        self._files.add(digest)
        return not known

    def _keeps(self, line: str) -> bool:
        if self._drops is not None and self._drops(line):
            return False
        if "lines" not in self.recipe.dedupe or not line.strip():
            return True
        digest = hashlib.blake2b(line.strip().encode(), digest_size=12).digest()
        known = digest in self._lines
        self._lines.add(digest)
        return not known


def clean(
    documents: Sequence[Document], recipe: CorpusRecipe, path: Path, report: Callable[[int], None]
) -> list[Cleaned]:
    """The documents, cleaned, in a file at `path`; those that are left out are not in the list.
    `report` gets bytes as they are written. Raises CorpusError with the mistakes of all."""
    cleaner, found, mistakes = Cleaner(recipe), [], Mistakes()
    with path.open("wb") as file:
        for document in documents:
            start, digest = file.tell(), hashlib.sha256()
            with mistakes.collect():
                for text in cleaner.read(document):
                    data = text.encode()
                    digest.update(data)
                    file.write(data)
                    report(len(data))
                length = file.tell() - start
                if length and cleaner.is_new(digest.digest()):
                    found.append(Cleaned(path, document.shown, start, length))
                else:
                    file.seek(start)
                    file.truncate()
    mistakes.check()
    return found


def whole_lines(blocks: Iterable[str], shown: Path) -> Iterator[str]:
    """The same text in blocks that end where lines do. Raises CorpusError for too long a line."""
    held: list[str] = []
    size = 0
    for text in blocks:
        end = text.rfind("\n") + 1
        if end:
            yield "".join((*held, text[:end]))
            held, size = [], 0
        held.append(text[end:])
        size += len(text) - end
        if size > WHOLE:
            raise CorpusError(
                tr("a line of more than {most} MB cannot be cleaned", most=WHOLE >> 20),
                Place(shown),
            )
    if size:
        yield "".join(held)


def _bounded(blocks: Iterable[str], shown: Path) -> Iterator[str]:
    size = 0
    for text in blocks:
        size += len(text)
        if size > WHOLE:
            raise CorpusError(
                tr("of more than {most} MB, and 'strip' takes no more in one text; split it",
                   most=WHOLE >> 20),
                Place(shown),
            )  # fmt: skip
        yield text


def _line(document: Readable, position: int) -> int:
    """The line, from 1, of a byte."""
    line = 1
    for block in document.blocks():
        line += block.count(b"\n", 0, max(0, position))
        position -= len(block)
        if position <= 0:
            break
    return line


def count_points(path: Path) -> NDArray[np.int64]:
    """How often each code point stands in a UTF-8 file: (POINTS,)."""
    counts = np.zeros(POINTS, np.int64)
    for units in _read_units(path):
        counts += np.bincount(units, minlength=POINTS)
    return counts


def find_kept(counts: NDArray[np.int64], recipe: CorpusRecipe) -> NDArray[np.bool_]:
    """Which code points a recipe keeps, of those counted in the training part: (POINTS,)."""
    kept: NDArray[np.bool_] = counts >= recipe.min_count
    kept[[ord(character) for character in (MARK, *recipe.rare)]] = True
    return kept


def rewrite(path: Path, kept: NDArray[np.bool_], rare: str) -> NDArray[np.int64]:
    """Write a file without what is not kept, or with `rare` for it; what it then has (POINTS,)."""
    counts = np.zeros(POINTS, np.int64)
    aside = path.with_suffix(".rare")
    with aside.open("wb") as file:
        for units in _read_units(path):
            keeps = kept[units]
            units = np.where(keeps, units, ord(rare)) if rare else units[keeps]
            counts += np.bincount(units, minlength=POINTS)
            file.write(units.astype("<u4").tobytes().decode("utf-32-le").encode())
    aside.replace(path)
    return counts


def _read_units(path: Path) -> Iterator[NDArray[np.uint32]]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            yield np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))
