"""The simpler models beside a model, on the same texts: uniform, unigram, n-grams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.evaluation.ngram import Stretch, measure_ngrams
from escriba.charlm.evaluation.score import Tally
from escriba.corpora.encoded import Text
from escriba.records.evaluation import BASELINES, ORDERS

TRAIN_LIMIT = 8_000_000  # symbols that the n-grams are counted on, of a longer training part
TEXT_LIMIT = 2_000_000  # symbols that are predicted at a time

# What is being done, and how much of it is done (0 to 1).
Report = Callable[[str, float], None]


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
