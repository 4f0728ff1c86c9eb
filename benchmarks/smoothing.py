"""Which way to smooth an n-gram model, of those known, is the best on War and Peace?

    python benchmarks/smoothing.py [--corpora FOLDER]

Counted on the training part of models/tolstoi, measured on its validation part, in nats per
character. All are interpolated, and differ in what they take off a count and in what they count
below the highest order: occurrences, or (Kneser-Ney) the different symbols that precede.
Last, modified Kneser-Ney of order 20 on the test part, per byte of the file, and the same for the
split that char-rnn's loader makes: the file's bytes as 100 streams side by side, of each the first
80 % to train on, then 10 % to validate and 10 % to test.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.evaluation.ngram import Level, Stretch, count_levels, discounts, measure_ngrams
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.sources import find_sources
from escriba.ground import project
from escriba.ground.mistakes import ending
from escriba.records.recipe import read_recipe

ORDERS = (3, 5, 8, 10, 20)
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def modified(counts: Counts) -> Floats:
    """Chen & Goodman (1998): three discounts, from the counts of counts."""
    return discounts(counts)[np.minimum(counts, 3)]


def absolute(counts: Counts) -> Floats:
    """Ney, Essen & Kneser (1994): one discount."""
    once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
    share = once / (once + 2 * twice) if once and twice else 0.5
    return np.where(counts > 0, share, 0.0)


def half(counts: Counts) -> Floats:
    """Howard (1993), PPM method D: half of each."""
    return np.where(counts > 0, 0.5, 0.0)


# Name, what is taken off the counts (None: Witten & Bell 1991), and whether Kneser-Ney's counts
# stand below the highest order.
WAYS: tuple[tuple[str, Callable[[Counts], Floats] | None, bool], ...] = (
    ("modified Kneser-Ney", modified, True),
    ("Kneser-Ney", absolute, True),
    ("modified absolute", modified, False),
    ("absolute", absolute, False),
    ("PPM D, interpolated", half, False),
    ("Witten-Bell", None, False),
    ("Witten-Bell over Kneser-Ney", None, True),
)


def measure_way(
    levels: list[Level], way: Callable[[Counts], Floats] | None, neighbours: bool, text: Stretch
) -> Iterator[float]:
    """Mean nats per symbol of the text, of the models of each of `ORDERS`."""
    whole = np.concatenate([text.before, text.symbols])
    chances = np.full(len(whole), 1 / levels[0].symbols)
    contexts = np.zeros(len(whole), np.int64)
    for level in levels:
        places = np.flatnonzero(contexts >= 0)
        wanted = contexts[places] * level.symbols + whole[places]
        found = np.searchsorted(level.keys, wanted).clip(max=len(level.keys) - 1)
        known = level.keys[found] == wanted
        if level.order in ORDERS:
            own = chances.copy()
            own[places] = blend(level, level.counts, way, chances[places], wanted, found, known)
            yield float(-np.log(own[len(text.before) :]).mean())
        counts = level.extensions if neighbours else level.counts
        chances[places] = blend(level, counts, way, chances[places], wanted, found, known)
        contexts[:] = -1
        on = known & (places + 1 < len(whole))
        contexts[places[on] + 1] = found[on]


def blend(
    level: Level,
    counts: Counts,
    way: Callable[[Counts], Floats] | None,
    lower: Floats,
    wanted: Counts,
    found: Counts,
    known: NDArray[np.bool_],
) -> Floats:
    """Probabilities of this order from those of the order below."""
    owners, contexts = level.keys // level.symbols, wanted // level.symbols
    size = int(max(owners[-1], contexts.max(initial=0))) + 1
    spared = (counts > 0).astype(np.float64) if way is None else way(counts)
    kept = counts.astype(np.float64) if way is None else counts - spared
    spare = np.bincount(owners, spared, size)[contexts]
    totals = np.bincount(owners, kept, size)[contexts] + spare
    mine = np.where(known, kept[found], 0.0)
    counted = totals > 0
    return np.where(counted, (mine + spare * lower) / np.where(counted, totals, 1), lower)


def measure_contiguous(corpus: Corpus) -> float:
    """The 20-gram's nats per byte on the corpus's own test part."""
    train, before, test = (np.asarray(part[0 : len(part)]) for part in corpus.parts)
    stretch = Stretch(test, before[-20:])
    ((_, (losses,)),) = measure_ngrams(train, [stretch], len(corpus.vocabulary), [20])
    return float(losses.sum()) / corpus.test.bytes


def measure_streams(data: bytes, batch: int = 100, window: int = 100) -> float:
    """The 20-gram's nats per byte on the test part of char-rnn's split."""
    kinds, symbols = np.unique(np.frombuffer(data, np.uint8), return_inverse=True)
    steps = len(symbols) // (batch * window)
    streams = symbols[: steps * batch * window].reshape(batch, steps * window)
    first, second = steps * 8 // 10 * window, steps * 9 // 10 * window
    stretches = [Stretch(stream[second:], stream[second - 20 : second]) for stream in streams]
    counted = streams[:, :first].flatten()
    ((_, losses),) = measure_ngrams(counted, stretches, len(kinds), [20])
    return float(np.concatenate(losses).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    site = project.load(Path(__file__).parents[1])
    recipe = read_recipe(site.models, "tolstoi", site.root).corpus
    corpus = read_corpus(recipe, site)
    train, validation, _ = (np.asarray(part[0 : len(part)]) for part in corpus.parts)
    print(f"{'order':<28}" + "".join(f"{order:>8}" for order in ORDERS))
    levels = list(count_levels(train, len(corpus.vocabulary), max(ORDERS)))
    for name, way, neighbours in WAYS:
        losses = measure_way(levels, way, neighbours, Stretch(validation, train[-20:]))
        print(f"{name:<28}" + "".join(f"{loss:8.4f}" for loss in losses), flush=True)
    del levels
    ((document, *_), *_) = (found.documents for found in find_sources(recipe, site))
    print(f"20-gram, test part in one piece:    {measure_contiguous(corpus):.4f} nats per byte")
    data = document.path.read_bytes()
    print(f"20-gram, test part of 100 streams:  {measure_streams(data):.4f} nats per byte")


if __name__ == "__main__":
    with ending():
        main()
