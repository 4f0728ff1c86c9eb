"""A text file that is not of the corpus, read as the corpus was, to measure a model on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.archives import BLOCK, Document, list_documents
from escriba.corpora.cleaning import Cleaner, uses
from escriba.corpora.corpus import encode
from escriba.corpora.foreign import refuse_foreign
from escriba.corpora.texts import compose, unwrap
from escriba.ground.errors import CorpusError, Place
from escriba.ground.files import read_bytes
from escriba.ground.language import plural, tr
from escriba.records.recipe import CorpusRecipe
from escriba.records.vocabulary import Vocabulary, name_character

LONGEST = 1 << 29  # bytes of a text, which is held in memory as four times as many


@dataclass(frozen=True)
class Outside:
    """The symbols (N,) of a text, the bytes of the file without those of the characters that were
    left out, how many those were, and the digest of the whole file."""

    symbols: NDArray[np.int32]
    bytes: int
    skipped: int
    sha256: str


def read_outside(
    path: Path, vocabulary: Vocabulary, model: str, recipe: CorpusRecipe, *, skip_unknown: bool
) -> Outside:
    """A file, normalised (LF, NFC, no BOM), unpacked, cleaned and unwrapped as a recipe's are.

    Raises CorpusError for a file that cannot be read, is no text, or has nothing to predict; and,
    unless `skip_unknown`, for characters that the vocabulary lacks and that nothing stands for.
    """
    document = _find_document(path, recipe.encoding)
    read = _Read(document)
    text = "".join(Cleaner(replace(recipe, dedupe=())).read(read))
    size = len(text.encode()) if uses(recipe) else read.length
    text = "".join(compose([text]))
    ready = "".join(unwrap([text])) if recipe.unwrap else text
    unknown = _find_unknown(ready, vocabulary)
    if unknown and recipe.rare and recipe.rare in vocabulary.symbols:
        ready = ready.translate(dict.fromkeys(map(ord, unknown), recipe.rare))
        unknown = Counter()
    if unknown and not skip_unknown:
        raise CorpusError(_describe(unknown, model), _first_place(text, unknown, path))
    kept = ready.translate(dict.fromkeys(map(ord, unknown))) if unknown else ready
    if not kept:
        reason = tr("no character of it is in the vocabulary") if ready else tr("it is empty")
        raise CorpusError(tr("there is nothing to predict: {reason}", reason=reason), Place(path))
    lost = sum(count * len(symbol.encode()) for symbol, count in unknown.items())
    digest = hashlib.sha256(read_bytes(path, kind=CorpusError, limit=LONGEST)).hexdigest()
    return Outside(encode(kept, vocabulary), size - lost, unknown.total(), digest)


def _find_document(path: Path, encoding: str) -> Document:
    documents = list_documents(path, path)
    if len(documents) > 1:
        raise CorpusError(
            tr("holds {number} texts; take out the one to measure on", number=len(documents)),
            Place(path),
        )
    refuse_foreign(documents, encoding, alone=True)
    return documents[0]


class _Read:
    """A document that counts the bytes it gives, and gives no more than can be held in memory."""

    def __init__(self, document: Document):
        self.document, self.shown, self.length = document, document.shown, 0

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Its bytes. Raises CorpusError."""
        self.length = 0
        for block in self.document.blocks(size):
            self.length += len(block)
            if self.length > LONGEST:
                raise CorpusError(
                    tr("is larger than {limit} MB, the most that is read", limit=LONGEST >> 20),
                    Place(self.shown),
                )
            yield block


def _find_unknown(text: str, vocabulary: Vocabulary) -> Counter[str]:
    """The characters that the vocabulary lacks (or a byte of which it lacks), first one first."""
    known = set(vocabulary.symbols)
    found = dict.fromkeys(text)
    if vocabulary.unit == "bytes":
        lacking = [c for c in found if not known.issuperset(c.encode().decode("latin-1"))]
    else:
        lacking = [c for c in found if c not in known]
    return Counter({symbol: text.count(symbol) for symbol in lacking})


def _describe(unknown: Counter[str], model: str) -> str:
    first, *others = unknown
    total = unknown.total()
    more = plural(", nor is {number} other", ", nor are {number} others", len(others))
    return tr(
        "the character {character} is not in the vocabulary of the model '{model}'{more} ({total} "
        "in the whole text); leave them out with: --skip-unknown",
        character=name_character(first), model=model, more=more if others else "", total=total,
    )  # fmt: skip


def _first_place(text: str, unknown: Iterable[str], path: Path) -> Place:
    """Where the first unknown character stands; a space that came of a line end has no place."""
    position = text.find(next(iter(unknown)))
    return Place(path, text.count("\n", 0, position) + 1) if position >= 0 else Place(path)
