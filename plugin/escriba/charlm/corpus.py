"""The text a recipe names: found, read, normalised, split, and turned into symbols."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from escriba.charlm.recipe import CorpusRecipe, Source
from escriba.digest import file_digest
from escriba.draft import open_draft
from escriba.errors import CorpusError, Place
from escriba.project import Project
from escriba.vocabulary import Unit, Vocabulary, collect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """One share of a corpus. `bytes` counts the sources' own bytes, before normalisation."""

    text: str
    bytes: int


@dataclass(frozen=True)
class Corpus:
    """A corpus in three parts, each the concatenation of that share of every source."""

    train: Part
    validation: Part
    test: Part
    unit: Unit

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return collect((part.text for part in self.parts), self.unit)

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        return self.train, self.validation, self.test

    @property
    def characters(self) -> int:
        return sum(len(part.text) for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the normalised text, part by part."""
        total = hashlib.sha256()
        for name, part in zip(PARTS, self.parts, strict=True):
            total.update(f"{name}\0{len(part.text)}\0".encode())
            total.update(part.text.encode())
        return total.hexdigest()


def read_corpus(recipe: CorpusRecipe, project: Project) -> Corpus:
    """The corpus of a recipe. Raises CorpusError for what cannot be found, read or trusted."""
    texts: tuple[list[str], ...] = ([], [], [])
    sizes = [0, 0, 0]
    for path in find_files(recipe.sources, project):
        data = path.read_bytes()
        start = 0
        for index, end in enumerate(split_points(data, recipe.split)):
            piece = data[start:end]
            text = normalise(decode(piece, data, start, project.shown(path)))
            texts[index].append(unwrap(text) if recipe.unwrap else text)
            sizes[index] += len(piece)
            start = end
    train, validation, test = (
        Part("".join(text), size) for text, size in zip(texts, sizes, strict=True)
    )
    corpus = Corpus(train, validation, test, recipe.unit)
    if len(train.text) < 2 or len(validation.text) < 2:
        raise CorpusError(
            f"the corpus is too small to train on: {corpus.characters} characters in all"
        )
    return corpus


def encode(text: str, vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Text → symbol indices, int32 of shape (symbols,). Every symbol must be in the vocabulary."""
    import numpy as np

    if vocabulary.unit == "bytes":
        units = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.uint32)
    else:
        units = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    known = np.array([ord(symbol) for symbol in vocabulary.symbols], dtype=np.uint32)
    indices = np.searchsorted(known, units).clip(max=len(known) - 1)
    wrong = np.flatnonzero(known[indices] != units)
    if wrong.size:
        vocabulary.encode(text[wrong[0]])  # raises, naming the character
    return indices.astype(np.int32)


def split_points(data: bytes, split: Sequence[int]) -> tuple[int, int, int]:
    """Where the three parts of a text end: byte positions, moved forward off the middle of a
    character or of a CRLF."""
    first = _boundary(data, len(data) * split[0] // 100)
    second = _boundary(data, len(data) * (split[0] + split[1]) // 100)
    return first, second, len(data)


def decode(piece: bytes, data: bytes, start: int, shown: Path) -> str:
    """UTF-8, without BOM; `piece` begins at byte `start` of the file's `data`."""
    try:
        return piece.decode("utf-8-sig" if start == 0 else "utf-8")
    except UnicodeDecodeError as error:
        at = start + error.start
        raise CorpusError(
            f"not UTF-8: the byte 0x{data[at]:02x} is not part of any character; "
            "convert the file to UTF-8",
            Place(shown, data.count(b"\n", 0, at) + 1),
        ) from None


def normalise(text: str) -> str:
    """NFC, and every line end as LF."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def unwrap(text: str) -> str:
    """Join the hard-wrapped lines of each paragraph; indented lines (verse, lists) stay."""
    return re.sub(r"(?<=\S)[ \t]*\n(?=[^\s])", " ", text)


def find_files(sources: Sequence[Source], project: Project) -> Iterator[Path]:
    """The files of the sources, in the recipe's order and, within a glob, sorted by name."""
    for source in sources:
        if source.sha256 is not None:
            yield _find_digest(source, source.sha256, project)
        elif source.file is not None:
            paths = sorted(p for p in project.root.glob(source.file) if p.is_file())
            if not paths:
                raise CorpusError(f"no file matches '{source.file}' in {project.root.name}/")
            yield from paths


def corpora_folders(project: Project) -> list[Path]:
    """Where to look for corpora by content: the cache, `corpora` of escriba.yml, and the folders
    of the environment variable ESCRIBA_CORPORA."""
    named = os.environ.get("ESCRIBA_CORPORA", "")
    folders = [project.root / folder for folder in project.settings.corpora]
    folders += [Path(folder) for folder in named.split(os.pathsep) if folder]
    return [project.cache / "corpora", *folders]


def _find_digest(source: Source, sha256: str, project: Project) -> Path:
    """The file with that content: the named file, the cache, a local folder, or the URL."""
    if source.file is not None:
        for path in sorted(project.root.glob(source.file)):
            found = file_digest(path)
            if found != sha256:
                raise CorpusError(
                    f"its sha256 is {found}, and the recipe names {sha256}",
                    Place(project.shown(path)),
                )
            return path
    cached = project.cache / "corpora" / sha256
    if cached.is_file() and file_digest(cached) == sha256:
        return cached
    for folder in corpora_folders(project)[1:]:
        for path in sorted(folder.glob("*")):
            if path.is_file() and file_digest(path) == sha256:
                return path
    if source.url is None:
        raise CorpusError(
            f"no file with the sha256 {sha256} was found; put it in a folder and name the folder "
            f"in ESCRIBA_CORPORA{' (' + source.origin.strip() + ')' if source.origin else ''}"
        )
    return _download(source.url, sha256, cached)


def _download(url: str, sha256: str, target: Path) -> Path:
    """Fetch into the cache; only a file with the right digest ever gets its name."""
    found = hashlib.sha256()
    try:
        with open_draft(target) as file, urlopen(url, timeout=60) as response:
            while block := response.read(1 << 20):
                found.update(block)
                file.write(block)
            if found.hexdigest() != sha256:
                raise CorpusError(
                    f"{url} has the sha256 {found.hexdigest()}, and the recipe names {sha256}"
                )
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CorpusError(
            f"{url} cannot be fetched: {reason}; download it yourself into a folder and name the "
            "folder in ESCRIBA_CORPORA"
        ) from None
    return target


def _boundary(data: bytes, position: int) -> int:
    while 0 < position < len(data) and (
        data[position] & 0xC0 == 0x80 or data[position - 1 : position + 1] == b"\r\n"
    ):
        position += 1
    return position
