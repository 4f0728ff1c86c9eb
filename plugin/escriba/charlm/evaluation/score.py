"""What a text cost: losses summed by predictor and by class of character.

Classes are by general category (Unicode, chapter 4.5): lowercase Ll; uppercase Lu and Lt; letters
the other L, and marks (M); digits N; line ends LF and the like, Zl, Zp; spaces tab and Zs;
punctuation P; symbols S; other C. A word is a run of L and M; an apostrophe inside does not end it
(as in UAX #29).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.encoded import Text
from escriba.corpora.encoder import to_units
from escriba.records.evaluation import CLASSES, POSITIONS
from escriba.records.vocabulary import Vocabulary

MODEL = "model"  # the predictor that is not a baseline
CODES = len(CLASSES) * (len(POSITIONS) + 1)
_APOSTROPHES = (0x27, 0x2019)
_LINE_ENDS = (0x0A, 0x0B, 0x0C, 0x0D, 0x85)


@dataclass(frozen=True)
class Group:
    """The characters of one class, or of one position in words.

    Their share of all characters, the model's nats per character on them, their share of its
    whole loss, and the nats per character of the best n-gram model.
    """

    name: str
    share: float
    nats: float
    loss: float
    ngram: float | None = None

    def to_dict(self) -> dict[str, str]:
        values = {"share": self.share, "nats": self.nats, "loss": self.loss}
        if self.ngram is not None:
            values["ngram"] = self.ngram
        return {name: f"{value:.4f}" for name, value in values.items()}


@dataclass(frozen=True)
class Score:
    """Cross-entropy of a model, and of simpler ones, on a text of that many characters and, before
    normalisation, bytes.

    `part` names the text and `model` is the digest of the weights. `nats` is the mean per
    character, of a model of bytes too; so are the `baselines`, from weak to strong. Characters
    that were left out (`skipped`) count in neither length. The n-grams were `counted` on that many
    symbols of a training part that has `countable`.
    """

    part: str
    model: str
    bytes: int
    characters: int = 0
    nats: float = 0.0
    baselines: Mapping[str, float] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    counted: int = 0
    countable: int = 0
    sha256: str = ""  # of the file, for a text that is not of the corpus
    skipped: int = 0

    @property
    def bits(self) -> float:
        return self.nats / math.log(2)

    @property
    def nats_per_byte(self) -> float:
        return self.per_byte(self.nats)

    @property
    def bits_per_byte(self) -> float:
        return self.nats_per_byte / math.log(2)

    @property
    def best_ngram(self) -> str:
        """The n-gram model with the lowest loss on this text; nothing if none was measured."""
        return best_ngram(self.baselines)

    def per_byte(self, nats: float) -> float:
        """Per byte of the source file: the whole loss over the file's own length. A byte that
        normalisation removes (BOM, the CR of CRLF) is certain, so it costs nothing."""
        return nats * self.characters / self.bytes

    def to_dict(self) -> dict[str, Any]:
        """The plain values of `evaluation.yml`."""
        values: dict[str, Any] = {"characters": self.characters, "bytes": self.bytes}
        if self.sha256:
            values |= {"sha256": self.sha256, "skipped": self.skipped}
        totals = {
            "nats": self.nats,
            "bits": self.bits,
            "nats-per-byte": self.nats_per_byte,
            "bits-per-byte": self.bits_per_byte,
        }
        for name, nats in self.baselines.items():
            totals |= {name: nats, f"{name}-per-byte": self.per_byte(nats)}
        values |= {name: f"{value:.4f}" for name, value in totals.items()}
        if self.best_ngram:
            values["best-ngram"] = int(self.best_ngram.removeprefix("ngram-"))
            values["ngram-symbols"] = self.counted
        return values | {group.name: group.to_dict() for group in self.groups}


@dataclass(frozen=True)
class Tally:
    """The losses of each predictor on a text, summed by the code of `classify`: (CODES,) nats."""

    classified: Classified
    sums: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, predictor: str, losses: NDArray[Any], where: NDArray[Any] | slice) -> None:
        """Losses (K,) in nats of the symbols that stand at those K positions of the text."""
        sums = self.sums.setdefault(predictor, np.zeros(CODES))
        sums += np.bincount(self.classified.codes[where], losses, CODES)

    def add_equal(self, predictor: str, loss: float) -> None:
        """The same loss, in nats, of every symbol."""
        counts = np.bincount(self.classified.codes, minlength=CODES)
        self.sums[predictor] = counts.astype(np.float64) * np.float64(loss)

    def complete(self, score: Score) -> Score:
        """The score, with what the sums say."""
        characters = int(np.count_nonzero(self.classified.begins))
        means = {name: float(sums.sum()) / characters for name, sums in self.sums.items()}
        nats = means.pop(MODEL)
        groups = self._groups(best_ngram(means))
        return replace(score, characters=characters, nats=nats, baselines=means, groups=groups)

    def _groups(self, ngram: str) -> tuple[Group, ...]:
        """The classes that the text has, then the positions in words."""
        codes = self.classified.codes[self.classified.begins]
        counts = np.bincount(codes, minlength=CODES).reshape(-1, len(CLASSES))
        losses = self.sums[MODEL].reshape(counts.shape)
        others = self.sums[ngram].reshape(counts.shape) if ngram else None
        cells: dict[str, Any] = {name: np.s_[:, i] for i, name in enumerate(CLASSES)}
        cells |= {name: np.s_[i, :] for i, name in enumerate(POSITIONS, start=1)}
        return tuple(
            Group(
                name,
                share=float(counts[cell].sum() / counts.sum()),
                nats=float(losses[cell].sum() / counts[cell].sum()),
                loss=float(losses[cell].sum() / max(losses.sum(), 1e-300)),
                ngram=None if others is None else float(others[cell].sum() / counts[cell].sum()),
            )
            for name, cell in cells.items()
            if counts[cell].any()
        )


def best_ngram(baselines: Mapping[str, float]) -> str:
    """The n-gram model with the lowest loss; of equal ones the shorter."""
    ngrams = {name: nats for name, nats in baselines.items() if name.startswith("ngram-")}
    return min(ngrams, key=lambda name: ngrams[name], default="")


@dataclass(frozen=True)
class Classified:
    """What every symbol of a text (N,) is; a byte is what the character is that it is part of.

    codes (N,) uint8: the number of its class + len(CLASSES) · (0 in no word, 1 first, 2 inner).
    begins (N,) bool: it is a whole character, or the first byte of one.
    """

    codes: NDArray[np.uint8]
    begins: NDArray[np.bool_]


def classify(text: Text, vocabulary: Vocabulary, *, block: int = 1 << 20) -> Classified:
    """The class of every symbol of a text (N,), which begins a word. 2 bytes of memory each."""
    codes = np.empty(len(text), np.uint8)
    begins = np.ones(len(text), bool)
    before = np.zeros(2, np.uint32)  # the two characters before a block
    for start, units in _read_blocks(text, vocabulary, block):
        here = slice(start, start + len(units))
        points = units
        if vocabulary.unit == "bytes":
            begins[here] = (units & 0xC0) != 0x80
            marked = units.astype(np.uint8).tobytes().replace(b"\xff", b"\0")  # of a class, too
            points = to_units(marked.decode(), "characters")
        whole = np.concatenate([before, points])
        found = _codes(whole)[2:]
        if vocabulary.unit == "bytes":
            found = np.repeat(found, np.diff(np.flatnonzero(begins[here]), append=len(units)))
        codes[here], before = found, whole[-2:]
    return Classified(codes, begins)


def _read_blocks(
    text: Text, vocabulary: Vocabulary, block: int
) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Where each block begins, and its code points or bytes; no character of bytes is cut."""
    known = to_units(vocabulary.symbols, "characters").astype(np.uint32)
    start = 0
    while start < len(text):
        units = known[np.asarray(text[start : start + block + 3])]
        size = min(block, len(units))
        while vocabulary.unit == "bytes" and size < len(units) and (units[size] & 0xC0) == 0x80:
            size += 1
        yield start, units[:size]
        start += size


def _codes(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The code of each code point (M,); of the first two without what stands before them."""
    kinds, places = np.unique(points, return_inverse=True)
    classes = np.array([_class(point) for point in kinds.tolist()], np.uint8)[places]
    letter = np.array([unicodedata.category(chr(p))[0] in "LM" for p in kinds.tolist()])[places]
    goes_on = letter.copy()
    goes_on[1:] |= np.isin(points[1:], _APOSTROPHES) & letter[:-1]
    inner = np.zeros(len(points), bool)
    inner[1:] = letter[1:] & goes_on[:-1]
    return (classes + len(CLASSES) * (letter.astype(np.uint8) + inner)).astype(np.uint8)


def _class(point: int) -> int:
    category = unicodedata.category(chr(point))
    if point in _LINE_ENDS or category in ("Zl", "Zp"):
        name = "line-ends"
    elif point == 0x09 or category == "Zs":
        name = "spaces"
    elif category in ("Ll", "Lu", "Lt"):
        name = "lowercase" if category == "Ll" else "uppercase"
    else:
        major = {"L": "letters", "M": "letters", "N": "digits", "P": "punctuation", "S": "symbols"}
        name = major.get(category[0], "other")
    return CLASSES.index(name)
