"""What training will read of a corpus: files, parts, symbols, what is there twice, and what a
published model could tell of people."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.archives import BLOCK, Document
from escriba.corpora.cleaning import Cleaner, read_document
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.encoded import PARTS, Part
from escriba.corpora.encoder import Report
from escriba.corpora.sources import Found, find_sources
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe

RARE = 5  # a symbol that the training part has fewer of is hardly learnt
LINE = 20  # characters; shorter lines stand in many texts
LINES = 5_000_000  # that are remembered, the first of a corpus: half a gigabyte
FIRST = 3  # places that are told

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?![\w-])")
# With a country's number; as Spain and North America write theirs. A date, a price, or a number of
# more digits is none.
_PHONE = re.compile(
    r"(?<![\w.,/+-])(?:\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}"
    r"|(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}"
    r"|[6-9]\d\d([ .-]?)\d{3}\1\d{3}|[6-9]\d\d \d\d \d\d \d\d|[89]\d \d{3} \d\d \d\d)"
    r"(?![\w-]|[.,/]\d)"
)
_DIGITS = range(8, 16)  # of a telephone number, by ITU-T E.164


@dataclass(frozen=True)
class Trace:
    """Something that was found, and where it stands first: a file, and its line there if it is
    known."""

    text: str
    file: str
    line: int | None


@dataclass(frozen=True)
class Traces:
    """How many were found, how many that differ, and the first of these."""

    count: int
    different: int
    first: tuple[Trace, ...]


@dataclass(frozen=True)
class Survey:
    """A corpus as a person looks at it; sizes are bytes as the files have them, unpacked.

    `sources` have a name and (file, size) pairs; `parts` characters, bytes, and `documents` if
    whole ones were dealt out; `rare` the symbols of which the training part has fewer than RARE,
    with how many; `copies` pairs of files with the same text; `repeated_lines` how many lines of
    LINE characters or more stood before, and `repeated_characters` how many those have.
    """

    split_by: str
    unit: str
    characters: int
    sources: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    parts: Mapping[str, Mapping[str, int]]
    symbols: int
    rare: Mapping[str, int]
    copies: tuple[tuple[str, str], ...]
    repeated_lines: int
    repeated_characters: int
    emails: Traces
    phones: Traces

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        sources = [
            {"name": name, "files": [{"file": file, "bytes": size} for file, size in files]}
            for name, files in self.sources
        ]
        return {**vars(self), "sources": sources,
                "emails": _plain(self.emails), "phones": _plain(self.phones)}  # fmt: skip


def survey(
    recipe: CorpusRecipe, project: Project, report: Report = lambda done, total: None
) -> Survey:
    """Read the corpus of a recipe, as training would, and look through it. Raises CorpusError."""
    corpus = read_corpus(recipe, project, report)
    sources = find_sources(recipe, project)
    look = _Look(recipe)
    for found in sources:
        for document in found.documents:
            look.through(document)
    whole = corpus.vocabulary.mark is not None
    counts = [_count(part, len(corpus.vocabulary)) for part in corpus.parts]
    parts = {name: _describe(part, counts[at], corpus) for at, (name, part) in
             enumerate(zip(PARTS, corpus.parts, strict=True))}  # fmt: skip
    return Survey(
        split_by="files" if whole else "bytes",
        unit=corpus.unit,
        characters=corpus.characters,
        sources=tuple(map(_list, sources)),
        parts=parts,
        symbols=len(corpus.vocabulary),
        rare=_find_rare(counts[0], corpus),
        copies=tuple(look.copies),
        repeated_lines=look.repeated,
        repeated_characters=look.characters,
        emails=look.trace("email"),
        phones=look.trace("phone"),
    )


@dataclass
class _Look:
    """What was seen of documents so far."""

    recipe: CorpusRecipe
    copies: list[tuple[str, str]] = field(default_factory=list)
    repeated: int = 0
    characters: int = 0  # of these lines

    def __post_init__(self) -> None:
        self._cleaner = Cleaner(self.recipe)
        self._files: dict[bytes, str] = {}
        self._lines: set[bytes] = set()
        self._counts: dict[str, Counter[str]] = {"email": Counter(), "phone": Counter()}
        self._places: dict[tuple[str, str], Document] = {}

    def through(self, document: Document) -> None:
        """Look through one more; a copy that the recipe leaves out counts for nothing."""
        digest, size, waits = hashlib.sha256(), 0, "files" in self.recipe.dedupe
        waiting: list[str] = []
        for text in self._cleaner.read(document):
            digest.update(text.encode())
            size += len(text)
            if waits:  # whether it is a copy is known at its end
                waiting.append(text)
            else:
                self._see(text, document)
        name = document.shown.as_posix()
        first = self._files.setdefault(digest.digest(), name)
        if waits and first == name:
            self._see("".join(waiting), document)
        elif size and first != name and not waits:
            self.copies.append((first, name))

    def trace(self, kind: str) -> Traces:
        """What was found of a kind."""
        counts = self._counts[kind]
        first = [self._locate(*place, document) for place, document in self._places.items()
                 if place[0] == kind]  # fmt: skip
        return Traces(counts.total(), len(counts), tuple(first))

    def _see(self, text: str, document: Document) -> None:
        for line in text.split("\n"):
            if len(line.strip()) >= LINE:
                self._see_line(line.strip())
            for kind, found in find_traces(line):
                self._counts[kind][found] += 1
                if len(self._counts[kind]) <= FIRST:
                    self._places.setdefault((kind, found), document)

    def _see_line(self, line: str) -> None:
        digest = hashlib.blake2b(line.encode(), digest_size=12).digest()
        if digest in self._lines:
            self.repeated += 1
            self.characters += len(line)
        elif len(self._lines) < LINES:
            self._lines.add(digest)

    def _locate(self, kind: str, found: str, document: Document) -> Trace:
        """Where something stands in the file: cleaning may have moved its line."""
        line, before = 1, ""
        for text in read_document(document, self.recipe.encoding):
            text, after = before + text, line
            at = text.lower().find(found.lower())
            if at >= 0:
                return Trace(found, document.shown.as_posix(), line + text.count("\n", 0, at))
            before = text[-len(found) :]
            line = after + text.count("\n", 0, len(text) - len(before))
        return Trace(found, document.shown.as_posix(), None)


def find_traces(line: str) -> Iterator[tuple[str, str]]:
    """The e-mail addresses and telephone numbers in a line, each with what it is."""
    if "@" in line:
        yield from (("email", match.group()) for match in _EMAIL.finditer(line))
    for match in _PHONE.finditer(line):
        if sum(character.isdigit() for character in match.group()) in _DIGITS:
            yield "phone", match.group()


def _list(found: Found) -> tuple[str, tuple[tuple[str, int], ...]]:
    source = found.source
    name = source.file or source.ready or source.url or source.sha256 or ""
    return name, tuple((each.shown.as_posix(), each.size()) for each in found.documents)


def _count(part: Part, symbols: int) -> NDArray[np.int64]:
    """How often a part has each symbol: (symbols,)."""
    counts = np.zeros(symbols, np.int64)
    for start in range(0, len(part), BLOCK):
        counts += np.bincount(part[start : start + BLOCK], minlength=symbols)
    return counts


def _describe(part: Part, counts: NDArray[np.int64], corpus: Corpus) -> dict[str, int]:
    mark = corpus.vocabulary.mark
    known = {"characters": part.characters, "bytes": part.bytes}
    return known if mark is None else {**known, "documents": int(counts[mark])}


def _find_rare(counts: NDArray[np.int64], corpus: Corpus) -> dict[str, int]:
    """The symbols that are seldom in the training part, the rarest first."""
    vocabulary = corpus.vocabulary
    rare = [index for index in np.flatnonzero(counts < RARE).tolist() if index != vocabulary.mark]
    rare.sort(key=lambda index: counts[index])
    return {vocabulary.symbols[index]: int(counts[index]) for index in rare}


def _plain(traces: Traces) -> dict[str, Any]:
    return {**vars(traces), "first": [vars(trace) for trace in traces.first]}
