"""A corpus over more symbols than it has: those of a model that has read others before."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.corpus import Corpus
from escriba.corpora.encoded import Part, Symbols, find_type
from escriba.records.vocabulary import Vocabulary


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
