"""A text file that is not of the corpus, read as the corpus was, to measure a model on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.corpora.corpus import encode
from escriba.charlm.corpora.texts import BadByteError, compose, decode, unwrap
from escriba.ground.errors import CorpusError, Place
from escriba.ground.files import read_bytes
from escriba.ground.language import plural, tr
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
    path: Path, vocabulary: Vocabulary, model: str, *, unwrapped: bool, skip_unknown: bool
) -> Outside:
    """A UTF-8 file, normalised (LF, NFC, no BOM) and, if `unwrapped`, its paragraphs joined.

    Raises CorpusError for a file that cannot be read, is not UTF-8, or has nothing to predict;
    and, unless `skip_unknown`, for characters that the vocabulary lacks.
    """
    data = read_bytes(path, kind=CorpusError, limit=LONGEST)
    text = _normalise(data, path)
    ready = "".join(unwrap([text])) if unwrapped else text
    unknown = _find_unknown(ready, vocabulary)
    if unknown and not skip_unknown:
        raise CorpusError(_describe(unknown, model), _first_place(text, unknown, path))
    kept = ready.translate(dict.fromkeys(map(ord, unknown))) if unknown else ready
    if not kept:
        reason = tr("no character of it is in the vocabulary") if ready else tr("it is empty")
        raise CorpusError(tr("there is nothing to predict: {reason}", reason=reason), Place(path))
    lost = sum(count * len(symbol.encode()) for symbol, count in unknown.items())
    digest = hashlib.sha256(data).hexdigest()
    return Outside(encode(kept, vocabulary), len(data) - lost, unknown.total(), digest)


def _normalise(data: bytes, path: Path) -> str:
    try:
        return "".join(compose(decode([data], beginning=True)))
    except BadByteError as error:
        raise CorpusError(
            tr(
                "not UTF-8: the byte 0x{byte:02x} is not part of any character; convert the "
                "file to UTF-8",
                byte=error.byte,
            ),
            Place(path, data.count(b"\n", 0, error.position) + 1),
        ) from None


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
