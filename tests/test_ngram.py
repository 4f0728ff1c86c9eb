"""N-grams: the same probabilities as the formula written out with dictionaries, and they add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.charlm.evaluation.ngram import (
    FALLBACK,
    Stretch,
    count_levels,
    discounts,
    measure_ngrams,
)


class Plain:
    """Interpolated modified Kneser-Ney as a textbook has it: dictionaries and recursion."""

    def __init__(self, text: Sequence[int], symbols: int, order: int):
        self.symbols, self.order = symbols, order
        self.counts: list[Counter[tuple[int, ...]]] = [
            Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1))
            for n in range(order + 1)
        ]
        self.lefts: list[dict[tuple[int, ...], set[int]]] = []
        for n in range(order + 1):
            lefts = defaultdict(set)
            for i in range(1, len(text) - n + 1):
                lefts[tuple(text[i : i + n])].add(text[i - 1])
            self.lefts.append(lefts)

    def count(self, gram: tuple[int, ...]) -> int:
        n = len(gram)
        return self.counts[n][gram] if n == self.order else len(self.lefts[n].get(gram, ()))

    def discount(self, n: int, count: int) -> float:
        grams = [self.count(gram) for gram in self.counts[n]]
        of = {j: sum(c == j for c in grams) for j in (1, 2, 3, 4)}
        found = [0.0]
        if all(of.values()):
            y = of[1] / (of[1] + 2 * of[2])
            found += [j - (j + 1) * y * of[j + 1] / of[j] for j in (1, 2, 3)]
        usable = len(found) == 4 and min(found[1:]) > 0
        return (found if usable else FALLBACK)[min(count, 3)]

    def chance(self, symbol: int, context: tuple[int, ...], n: int | None = None) -> float:
        n = self.order if n is None else n
        if n == 0:
            return 1 / self.symbols
        lower = self.chance(symbol, context, n - 1)
        if len(context) < n - 1:
            return lower
        context = context[len(context) - n + 1 :]
        after = [self.count((*context, s)) for s in range(self.symbols)]
        total = sum(after)
        if not total:
            return lower
        mine = after[symbol]
        spare = sum(self.discount(n, count) for count in after)
        return (mine - self.discount(n, mine) + spare * lower) / total


TEXTS = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@settings(max_examples=60)
@given(
    train=TEXTS,
    text=TEXTS,
    before=st.lists(st.integers(0, 3), max_size=6),
    order=st.integers(1, 5),
)
def test_every_loss_is_the_formulas(
    train: list[int], text: list[int], before: list[int], order: int
) -> None:
    stretches = [
        Stretch(np.array(text), np.array(before, int)),
        Stretch(np.array([1]), np.array([])),
    ]
    ((found, (losses, single)),) = measure_ngrams(np.array(train), stretches, 5, [order])
    assert found == order
    plain = Plain(train, 5, order)
    whole = (*before, *text)
    expected = [plain.chance(s, whole[: len(before) + i]) for i, s in enumerate(text)]
    np.testing.assert_allclose(np.exp(-losses), expected, rtol=1e-12)
    np.testing.assert_allclose(np.exp(-single), [plain.chance(1, ())], rtol=1e-12)


def words(seed: int, length: int, symbols: int = 20) -> np.ndarray:
    """A text with structure: a Markov chain that strongly prefers a few successors."""
    random = np.random.default_rng(seed)
    chain = random.dirichlet(np.full(symbols - 1, 0.1), symbols - 1).cumsum(1)
    text = [0]
    for draw in random.random(length - 1):
        text.append(min(int(np.searchsorted(chain[text[-1]], draw)), symbols - 2))
    return np.array(text, np.uint8)


def test_estimated_discounts_also_give_the_formulas() -> None:
    train, text = words(1, 600), words(2, 40)
    plain = Plain(train.tolist(), 20, 4)
    used = [[plain.discount(n, j) for j in (1, 2, 3)] for n in (2, 3, 4)]
    assert sum(d != [*FALLBACK[1:]] for d in used) >= 2
    ((_, (losses,)),) = measure_ngrams(train, [Stretch(text, train[:3])], 20, [4])
    whole = (*train[:3].tolist(), *text.tolist())
    expected = [plain.chance(s, whole[: 3 + i]) for i, s in enumerate(text.tolist())]
    np.testing.assert_allclose(np.exp(-losses), expected, rtol=1e-12)


@pytest.mark.parametrize("order", [1, 3, 5, 10, 20])
def test_probabilities_add_up_to_one(order: int) -> None:
    train = words(1, 5000)
    random = np.random.default_rng(order)
    contexts = [
        random.integers(0, 20, 25),  # never counted
        train[100:125],
        np.concatenate([random.integers(0, 20, 20), train[7:12]]),
        train[-25:],
        train[:0],
    ]
    for context in contexts:
        stretches = [Stretch(np.array([symbol]), context) for symbol in range(20)]
        ((_, losses),) = measure_ngrams(train, stretches, 20, [order])
        assert np.exp(-np.concatenate(losses)).sum() == pytest.approx(1, abs=1e-12)


def test_a_longer_context_helps_where_the_text_repeats() -> None:
    text = np.tile(np.random.default_rng(3).integers(0, 8, 300), 4)
    losses = dict(measure_ngrams(text[:900], [Stretch(text[900:], text[:900])], 8, [1, 3, 20]))
    means = [float(losses[order][0].mean()) for order in (1, 3, 20)]
    assert means[0] > 2.0 > means[1] > 1.0 > 0.2 > means[2]


def test_levels_count_occurrences_and_left_neighbours() -> None:
    # a b r a c a d a b r a
    text = np.array([0, 1, 4, 0, 2, 0, 3, 0, 1, 4, 0])
    levels = list(count_levels(text, 5, 3))
    assert [level.order for level in levels] == [1, 2, 3]
    assert levels[0].counts.tolist() == [5, 2, 1, 1, 2]
    assert levels[0].extensions.tolist() == [3, 1, 1, 1, 1]  # r c d | a | a | a | b
    assert levels[1].keys.tolist() == [1, 2, 3, 9, 10, 15, 20]  # ab ac ad br ca da ra
    assert levels[1].counts.tolist() == [2, 1, 1, 2, 1, 1, 2]
    assert levels[1].extensions.tolist() == [1, 1, 1, 1, 1, 1, 1]
    assert levels[2].counts.tolist() == [2, 1, 1, 2, 1, 1, 1]


def test_an_order_longer_than_the_text() -> None:
    ((_, (losses,)),) = measure_ngrams(
        np.array([1, 0]), [Stretch(np.array([1, 0]), np.array([]))], 2, [20]
    )
    assert np.isfinite(losses).all()


def test_discounts_are_chen_and_goodmans() -> None:
    counts = np.repeat([1, 2, 3, 4, 9], [100, 40, 20, 10, 5])
    y = 100 / 180
    expected = [0, 1 - 2 * y * 40 / 100, 2 - 3 * y * 20 / 40, 3 - 4 * y * 10 / 20]
    assert discounts(counts) == pytest.approx(expected)
    assert tuple(discounts(np.repeat([1, 2, 3], 5))) == FALLBACK  # no count of four
    assert tuple(discounts(np.repeat([1, 2, 3, 4], [9, 9, 1, 50]))) == FALLBACK  # a negative one


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        next(count_levels(np.zeros((1 << 24) + 1, np.uint8), 2, 1))
