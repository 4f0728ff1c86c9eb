"""Whether a training goes well, and what would help: explosion, collapse, a validation loss that
falls no more; what it came to beside n-grams, and a sentence each of advice.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.evaluation.ngram import Stretch, measure_ngrams, spread
from escriba.charlm.training.run import Run
from escriba.corpora.corpus import Corpus
from escriba.corpora.encoded import Text
from escriba.ground.language import tr

COLLAPSE_STEP = 600  # by now every network that learns has left the unigram entropy behind
COLLAPSE_SHARE = 0.97  # of the unigram entropy: above it, nothing but frequencies was learnt
ATTEMPTS = 3  # at training a network that collapses, each with another seed and a lower rate
PATIENCE = 1.5  # how many times as old as at its best a run must be
LEAST_PATIENCE = 4  # validations

RARE = 5  # times in the training text: what is seen less often is hardly learnt

_BLOCK = 1 << 24  # symbols counted at a time
ORDERS = (3, 5, 10, 20)
COUNTED, PREDICTED = 1_000_000, 250_000  # symbols, at most, of the n-grams: two seconds
GAP = 0.1  # of the validation loss: by more than that the training loss is far below it
BESIDE = 0.01  # nats by which n-grams must be better to be worth a word
# What ended a training: its number of steps, of passes, its minutes, or its patience.
Cause = Literal["steps", "epochs", "minutes", "patience", "interrupted"]


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


@dataclass(frozen=True)
class Findings:
    """Losses of the best weights, in nats per symbol, and what they stand beside.

    `train` and `validation` are on the two parts; `ngram` is the best of the n-grams on the
    validation part and its order, None where they were not counted. `unigram` is what knowing the
    symbols' frequencies alone gives, `cause` what ended the training, and `since` the best step
    when it was seen that the validation loss falls no more.
    """

    train: float
    validation: float
    unigram: float
    cause: Cause
    since: int | None = None
    ngram: tuple[int, float] | None = None
    untrained: bool = False


def measure_beside(corpus: Corpus) -> tuple[int, float] | None:
    """The order and the loss of the best n-grams on the validation part; None if there is none."""
    part = corpus.validation
    symbols = len(corpus.vocabulary)
    size = min(len(part), PREDICTED)
    if not size:
        return None
    before = corpus.train[max(0, len(corpus.train) - max(ORDERS)) : len(corpus.train)]
    losses = measure_ngrams(
        spread(corpus.train, COUNTED), [Stretch(part[0:size], before)], symbols, ORDERS
    )
    found = [(float(each[0].mean()), order) for order, each in losses]
    nats, order = min(found)
    return order, nats


def advise(findings: Findings) -> Iterator[str]:
    """What would help, a sentence each; nothing if all is well."""
    if findings.untrained:
        yield tr(
            "these weights are untrained: their loss is {loss:.4f}, and knowing only how frequent "
            "each symbol is gives {unigram:.4f}; train longer, or set another learning-rate",
            loss=findings.validation, unigram=findings.unigram,
        )  # fmt: skip
        return
    if findings.ngram is not None and not has_learnt(findings.ngram[1], findings.unigram):
        yield tr(
            "this text has hardly more to learn than how frequent each symbol is: that alone gives "
            "{unigram:.4f} nats, and {order}-grams {nats:.4f}",
            unigram=findings.unigram, order=findings.ngram[0], nats=findings.ngram[1],
        )  # fmt: skip
        return
    yield from _advise_beside(findings)


def _advise_beside(findings: Findings) -> Iterator[str]:
    """What its training text, and n-grams, say of a model that has learnt."""
    gap = findings.validation - findings.train
    overfits = gap > GAP * findings.validation
    if overfits and findings.cause == "patience":
        yield tr(
            "it overfits: what it reads again it knows {gap:.2f} nats better than what it has not "
            "read; more text, or fewer units, or more dropout", gap=gap,
        )  # fmt: skip
    elif overfits:
        yield tr(
            "it knows its training text {gap:.2f} nats better than what it has not read: it begins "
            "to overfit, or the parts of the corpus are of different kinds", gap=gap,
        )  # fmt: skip
    if findings.ngram is None or findings.ngram[1] > findings.validation - BESIDE:
        if not overfits and findings.cause == "minutes":
            yield tr("it was still learning when its time was up; a longer training helps")
        return
    order, nats = findings.ngram
    if findings.cause == "patience" or overfits:
        remedy = tr("there is too little text for a network; add some")
    elif findings.cause == "minutes":
        remedy = tr("it was still learning when its time was up; train longer")
    else:
        remedy = tr("train longer")
    yield tr("{order}-grams do better ({nats:.4f} nats): {remedy}",
             order=order, nats=nats, remedy=remedy)  # fmt: skip
