"""Whether a training goes well: explosion, collapse, and a validation loss that falls no more."""

from __future__ import annotations

import math
import statistics

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.training.run import Run
from escriba.corpora.encoded import Text

COLLAPSE_STEP = 600  # by now every network that learns has left the unigram entropy behind
COLLAPSE_SHARE = 0.97  # of the unigram entropy: above it, nothing but frequencies was learnt
ATTEMPTS = 3  # at training a network that collapses, each with another seed and a lower rate
PATIENCE = 1.5  # how many times as old as at its best a run must be
LEAST_PATIENCE = 4  # validations

RARE = 5  # times in the training text: what is seen less often is hardly learnt

_BLOCK = 1 << 24  # symbols counted at a time


def count_symbols(symbols: Text, size: int) -> NDArray[np.int64]:
    """(size,) how often each of the symbols stands in a text (N,)."""
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, len(symbols), _BLOCK):
        counts += np.bincount(symbols[start : start + _BLOCK], minlength=size)
    return counts


def unigram_entropy(counts: NDArray[np.int64]) -> float:
    """The entropy of the frequencies of symbols, in nats: the loss of knowing only these."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def count_rare(counts: NDArray[np.int64]) -> int:
    """How many symbols are seen, but so rarely that they are hardly learnt."""
    return int(np.count_nonzero((counts > 0) & (counts < RARE)))


def has_exploded(loss: float, symbols: int) -> bool:
    """Whether a loss is not finite, or far above that of guessing among so many symbols."""
    return not math.isfinite(loss) or loss > 2 * math.log(max(symbols, 2))


def has_learnt(loss: float, entropy: float) -> bool:
    """Whether a loss is below what knowing the symbols' frequencies alone gives."""
    return loss <= COLLAPSE_SHARE * entropy


def has_collapsed(loss: float, entropy: float, run: Run) -> bool:
    """Whether a run has gone on long enough to have learnt something, and has not."""
    return run.step >= COLLAPSE_STEP and not any(has_learnt(x, entropy) for x in (loss, run.best))


def falls_no_more(run: Run, interval: int) -> bool:
    """Whether the validation loss, taken about every `interval` steps, falls no more.

    It was best long ago (by the run's own age; once the rate falls, by the half of its fall), and
    in the last third of a run at a constant rate it was no lower than in the third before: single
    validations at a high rate scatter, so that one stroke of luck must not end a training.
    """
    if not run.settings.patience:
        return False
    cool, end = run.schedule.cool, run.schedule.end
    if cool is not None and end is not None and run.step >= cool:
        since, allowed = run.step - max(run.best_step, cool), (end - cool) / 2
        return since >= max(allowed, LEAST_PATIENCE * interval)
    known = max(run.best_step, run.since)
    since, allowed = run.step - known, (PATIENCE - 1) * known
    if since < max(allowed, LEAST_PATIENCE * interval):
        return False
    before = [loss for step, loss in run.validations if run.step < 3 * step <= 2 * run.step]
    lately = [loss for step, loss in run.validations if 3 * step > 2 * run.step]
    return not before or not lately or statistics.fmean(lately) >= statistics.fmean(before)
