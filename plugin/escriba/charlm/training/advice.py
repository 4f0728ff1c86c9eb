"""What a training came to, and what would help: numbers beside each other, and a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from escriba.charlm.evaluation.baselines import spread
from escriba.charlm.evaluation.ngram import Stretch, measure_ngrams
from escriba.corpora.corpus import Corpus
from escriba.ground.language import tr

ORDERS = (3, 4, 5)
COUNTED, PREDICTED = 2_000_000, 500_000  # symbols, at most, of the n-grams: a second or two
GAP = 0.1  # of the validation loss: by more than that the training loss is far below it
BESIDE = 0.01  # nats by which n-grams must be better to be worth a word

# What ended a training: its number of steps, of passes, its minutes, or its patience.
Cause = Literal["steps", "epochs", "minutes", "patience", "interrupted"]


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
    gap = findings.validation - findings.train
    if findings.untrained:
        yield tr(
            "these weights are untrained: their loss is {loss:.4f}, and knowing only how frequent "
            "each symbol is gives {unigram:.4f}; train longer, or set another learning-rate",
            loss=findings.validation, unigram=findings.unigram,
        )  # fmt: skip
        return
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
    else:
        remedy = tr("train longer")
    yield tr("{order}-grams do better ({nats:.4f} nats): {remedy}",
             order=order, nats=nats, remedy=remedy)  # fmt: skip
