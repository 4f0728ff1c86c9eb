"""The simpler models beside a model: uniform, and n-grams with interpolated modified Kneser-Ney.

S. F. Chen and J. Goodman, An Empirical Study of Smoothing Techniques for Language Modeling,
TR-10-98, Harvard University, 1998. With c the count of an n-gram, D the discount for that count
and a context h whose shortened form h' lacks the oldest symbol:

    p(s | h) = (c(hs) - D(c(hs)) + p(s | h') · Σ over t of D(c(ht))) / Σ over t of c(ht)

At the model's own order c counts occurrences; below it c(w) is the number of different symbols
that precede w. Under the unigrams lies the uniform distribution. A context that was never counted
leaves the distribution of its shortened form. Nothing here is hashed: an n-gram is the pair of its
context's number and its last symbol, and its own number is the rank of that pair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.evaluation.score import Tally
from escriba.corpora.encoded import Text
from escriba.records.evaluation import BASELINES, ORDERS

Integers = NDArray[np.integer]

FALLBACK = (0.0, 0.5, 1.0, 1.5)  # KenLM's, for counts of counts that give no estimate
TRAIN_LIMIT = 8_000_000  # symbols that the n-grams are counted on, of a longer training part
TEXT_LIMIT = 2_000_000  # symbols that are predicted at a time
# What is being done, and how much of it is done (0 to 1).
Report = Callable[[str, float], None]


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one order n in a text; U of them.

    keys (U,) ascending: number of the context (an n-gram of the order below) · V + last symbol;
    counts (U,): occurrences; extensions (U,): different symbols that precede it somewhere.
    """

    order: int
    symbols: int  # V
    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    extensions: NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """Part of a text, to predict: symbols (N,), and what stands before it (as much as there is)."""

    symbols: Integers
    before: Integers


def count_levels(text: Integers, symbols: int, highest: int) -> Iterator[Level]:
    """The n-grams of a text (N,) of order 1, 2, … `highest`, over V symbols.

    N is at most 2²⁴, so that context, symbol and position fit into 64 bits and are sorted at once.
    """
    size = len(text)
    if not 0 < size <= 1 << 24 or symbols > 1 << 16:
        raise ValueError(f"{size} symbols of {symbols} kinds do not fit")
    shift = np.uint64(24)
    places = np.arange(size, dtype=np.uint64)
    ids = np.zeros(size, np.int32)  # of the (n - 1)-gram that ends at each place
    previous: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    for order in range(1, highest + 2):
        first = order - 1  # the earliest place where such an n-gram can end
        packed = ids[: size - 1].astype(np.uint64) if order > 1 else np.zeros(size, np.uint64)
        packed = packed[max(first - 1, 0) :]
        packed *= np.uint64(symbols)
        packed += text[first:].astype(np.uint64)
        packed <<= shift
        packed |= places[first:]
        packed.sort()
        ends = (packed & np.uint64((1 << 24) - 1)).astype(np.int64)
        packed >>= shift
        fresh = np.ones(len(packed), bool)
        np.not_equal(packed[1:], packed[:-1], out=fresh[1:])
        starts = np.flatnonzero(fresh)
        suffixes = ids[ends[starts]]
        if previous is not None:
            keys, counts = previous
            extensions = np.bincount(suffixes, minlength=len(keys))
            yield Level(order - 1, symbols, keys, counts, extensions)
        previous = packed[starts].astype(np.int64), np.diff(starts, append=len(packed))
        ids[ends] = np.cumsum(fresh, dtype=np.int32) - np.int32(1)


def measure_ngrams(
    train: Integers, stretches: Sequence[Stretch], symbols: int, orders: Sequence[int]
) -> Iterator[tuple[int, list[NDArray[np.float64]]]]:
    """(order, losses): for each order, ascending, the nats of every symbol of each stretch (N,).

    Of the models that `train` gives; all symbols are numbers from 0 to `symbols` - 1. Takes about
    80 bytes of memory for each symbol of `train`, and as much for each of the stretches.
    """
    highest = max(orders)
    heads = [text.before[max(0, len(text.before) - highest) :] for text in stretches]
    whole = np.concatenate(
        [a for h, t in zip(heads, stretches, strict=True) for a in (h, t.symbols)]
    )
    lengths = [(len(h), len(t.symbols)) for h, t in zip(heads, stretches, strict=True)]
    begins = np.cumsum([0, *(sum(pair) for pair in lengths)])[:-1]
    chances = np.full(len(whole), 1 / symbols)
    contexts = np.zeros(len(whole), np.int64)  # number of the context of each place, or -1
    for level in count_levels(train, symbols, highest):
        places = np.flatnonzero(contexts >= 0)
        found, known = _look_up(level, contexts[places] * symbols + whole[places])
        seen = contexts[places]
        if level.order in orders:
            own = chances.copy()
            own[places] = _refine(level, level.counts, chances[places], seen, found, known)
            yield (
                level.order,
                [
                    -np.log(own[start + head : start + head + length])
                    for start, (head, length) in zip(begins, lengths, strict=True)
                ],
            )
        chances[places] = _refine(level, level.extensions, chances[places], seen, found, known)
        contexts[:] = -1
        inner = np.flatnonzero(known & (places + 1 < len(whole)))
        contexts[places[inner] + 1] = found[inner]
        contexts[begins[begins < len(whole)]] = -1


def discounts(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is taken off counts of 0, 1, 2 and 3 or more: Chen & Goodman's closed form.

    Where the counts of counts give none that is above 0 and at most the count, `FALLBACK`.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == j)) for j in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return np.array(FALLBACK)
    y = n1 / (n1 + 2 * n2)
    found = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return found if np.all(found[1:] > 0) else np.array(FALLBACK)


def _look_up(
    level: Level, wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The number of each wanted n-gram (M,), and whether the level has it (M,)."""
    if not len(level.keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    found = np.searchsorted(level.keys, wanted).clip(max=len(level.keys) - 1)
    return found, level.keys[found] == wanted


def _refine(
    level: Level,
    counts: NDArray[np.int64],
    lower: NDArray[np.float64],
    contexts: NDArray[np.int64],
    found: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Probabilities (M,) of this order from those of the order below, by the formula above."""
    if not len(counts):
        return lower
    taken = discounts(counts)[np.minimum(counts, 3)]
    owners = level.keys // level.symbols
    size = int(max(owners[-1], contexts.max(initial=0))) + 1
    totals = np.bincount(owners, counts, size)[contexts]
    spare = np.bincount(owners, taken, size)[contexts]
    kept = np.where(known, (counts - taken)[found], 0.0)
    counted = totals > 0
    return np.where(counted, (kept + spare * lower) / np.where(counted, totals, 1), lower)


@dataclass(frozen=True)
class Subject:
    """A text to measure: symbols (N,), what stands before them, and the sums of their losses."""

    text: Text
    before: Text
    tally: Tally


def measure_baselines(
    train: Text, subjects: Sequence[Subject], symbols: int, report: Report
) -> None:
    """Add to each subject's tally what `BASELINES` lose on it; V `symbols`, with 0 … V - 1.

    The n-grams are counted on `train`, or on `TRAIN_LIMIT` symbols spread over it.
    """
    uniform, *names = BASELINES
    for subject in subjects:
        subject.tally.add_equal(uniform, math.log(symbols))
    counted = spread(train, TRAIN_LIMIT)
    passes = list(_share_out(subjects, TEXT_LIMIT))
    for done, pieces in enumerate(passes):
        stretches = [_read(*piece) for piece in pieces]
        losses_of = measure_ngrams(counted, stretches, symbols, ORDERS)
        for name, (order, losses) in zip(names, losses_of, strict=True):
            for (subject, stretch), each in zip(pieces, losses, strict=True):
                subject.tally.add(name, each, stretch)
            report("n-grams", (done + order / max(ORDERS)) / len(passes))


def spread(text: Text, limit: int, pieces: int = 64) -> NDArray[np.integer[Any]]:
    """All of a text, or of a longer one `limit` symbols in equal pieces, spread evenly over it."""
    if len(text) <= limit:
        return np.asarray(text[0 : len(text)])
    size = limit // pieces
    starts = [(len(text) - size) * piece // (pieces - 1) for piece in range(pieces)]
    return np.concatenate([text[start : start + size] for start in starts])


def _share_out(subjects: Sequence[Subject], limit: int) -> Iterator[list[tuple[Subject, slice]]]:
    """Stretches of the texts, so many together as have `limit` symbols."""
    pieces: list[tuple[Subject, slice]] = []
    room = limit
    for subject in subjects:
        start = 0
        while start < len(subject.text):
            end = min(start + room, len(subject.text))
            pieces.append((subject, slice(start, end)))
            room -= end - start
            start = end
            if not room:
                yield pieces
                pieces, room = [], limit
    if pieces:
        yield pieces


def _read(subject: Subject, stretch: slice) -> Stretch:
    """A stretch with as much of what stands before it as the longest n-gram looks at."""
    source, at = subject.text, stretch.start
    if not at:
        source, at = subject.before, len(subject.before)
    return Stretch(subject.text[stretch], source[max(0, at - max(ORDERS)) : at])
