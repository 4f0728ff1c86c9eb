"""The text a recipe names: found, normalised, split, and encoded as symbols, once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.cleaning import describe
from escriba.corpora.encoded import Encoded, Part, Symbols, find_type, read_encoded
from escriba.corpora.encoder import Report, encode_documents, to_units
from escriba.corpora.shares import may_go_by_files
from escriba.corpora.sources import Found, find_sources
from escriba.ground.digest import digest
from escriba.ground.errors import CorpusError
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe
from escriba.records.vocabulary import Unit, Vocabulary

NORMALISATION = 1  # what `texts` does to a text; another number for another result


@dataclass(frozen=True)
class Corpus:
    """A corpus in three parts: each that share of every file, or whole files, one after the other
    and a mark at the end of each.

    `digest` is the SHA-256 of the normalised text, part by part; `sources` and `licence` are for
    the record of the model.
    """

    train: Part
    validation: Part
    test: Part
    vocabulary: Vocabulary
    digest: str
    sources: tuple[Mapping[str, Any], ...]
    licence: str

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        return self.train, self.validation, self.test

    @property
    def unit(self) -> Unit:
        return self.vocabulary.unit

    @property
    def characters(self) -> int:
        return sum(part.characters for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def read_corpus(
    recipe: CorpusRecipe, project: Project, report: Report = lambda done, total: None
) -> Corpus:
    """The corpus of a recipe, encoded under `.escriba/encoded/` if it is not there yet.

    `report` gets the progress of that: bytes done, and in all. Raises CorpusError for what cannot
    be found, read or trusted.
    """
    found = find_sources(recipe, project)
    encoded = _encode_once(recipe, project, found, report)
    corpus = Corpus(
        *encoded.parts,
        vocabulary=encoded.vocabulary,
        digest=encoded.digest,
        sources=tuple(source.record() for source in found),
        licence=recipe.licence or _join_licences(found),
    )
    if corpus.train.characters < 2 or corpus.validation.characters < 2:
        raise CorpusError(
            tr(
                "the corpus is too small to train on: {characters} characters in all",
                characters=corpus.characters,
            )
        )
    return corpus


def _encode_once(
    recipe: CorpusRecipe, project: Project, found: Sequence[Found], report: Report
) -> Encoded:
    key = _key(recipe, found)
    folder = project.admit(project.cache / "encoded" / key, kind=CorpusError)
    shown = project.shown(folder)
    encoded = read_encoded(folder, shown)
    if encoded is not None:
        return encoded

    def confirm() -> None:
        if _key(recipe, find_sources(recipe, project)) != key:
            raise CorpusError(tr("the corpus changed while it was read; run the command again"))

    documents = [document for source in found for document in source.documents]
    encode_documents(documents, recipe, folder, shown, confirm, report)
    encoded = read_encoded(folder, shown, trusted=True)
    if encoded is None:
        raise CorpusError(tr("{shown} disappeared; run the command again", shown=shown.as_posix()))
    return encoded


def encode(text: str, vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Text → symbol indices, int32 of shape (symbols,). Every symbol must be in the vocabulary."""
    units = to_units(text, vocabulary.unit)
    known = to_units(vocabulary.symbols, "characters")
    indices = np.searchsorted(known, units).clip(max=len(known) - 1)
    wrong = np.flatnonzero(known[indices] != units)
    if wrong.size:
        vocabulary.encode(text)  # raises, naming the character
    return indices.astype(np.int32)


def _key(recipe: CorpusRecipe, found: Sequence[Found]) -> str:
    """The digest of all that determines an encoded corpus."""
    documents = [
        [sha256, document.kind, document.member]
        for source in found
        for document, sha256 in zip(source.documents, source.digests, strict=True)
    ]
    # What a recipe does not use is not in it: the keys of older encodings stay.
    used = describe(recipe)
    if may_go_by_files(recipe, len(documents)):
        used["split-by"] = recipe.split_by
    return digest(
        {
            "normalisation": [NORMALISATION, unicodedata.unidata_version],
            "documents": documents,
            "unit": recipe.unit,
            "unwrap": recipe.unwrap,
            "split": list(recipe.split),
            "stretches": recipe.stretches,
            **used,
        }
    )


def _join_licences(found: Sequence[Found]) -> str:
    """The sources' own licences, each once."""
    licences = [str(source.record().get("licence", "")) for source in found]
    return ", ".join(dict.fromkeys(filter(None, licences)))


@dataclass(frozen=True)
class Translated(Part):
    """A part whose symbols have other numbers than in its file: `table[n]` for n."""

    table: NDArray[np.unsignedinteger]

    def __getitem__(self, stretch: slice, /) -> Symbols:
        found: Symbols = self.table[super().__getitem__(stretch)]
        return found


def holds(vocabulary: Vocabulary, other: Vocabulary) -> bool:
    """Whether a vocabulary has every symbol of another."""
    return vocabulary.unit == other.unit and set(other.symbols) <= set(vocabulary.symbols)


def join(corpus: Corpus, vocabulary: Vocabulary) -> Corpus:
    """The same corpus over a vocabulary that holds its own."""
    if vocabulary == corpus.vocabulary:
        return corpus
    numbers = [vocabulary.indices[symbol] for symbol in corpus.vocabulary.symbols]
    table = np.array(numbers, find_type(len(vocabulary)))
    train, validation, test = (
        Translated(**{f.name: getattr(part, f.name) for f in fields(Part)}, table=table)
        for part in corpus.parts
    )
    return replace(
        corpus, train=train, validation=validation, test=test, vocabulary=vocabulary
    )  # fmt: skip
