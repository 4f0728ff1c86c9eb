"""How much of a text stands word for word in the text that a model was trained on.

The texts are read into a suffix automaton (Blumer et al., *The smallest automaton recognizing the
subwords of a text*, 1985), made complete so that each symbol is one look into a table. The training
text then runs through it once, many stretches of it side by side: the time is that of its length,
however often it repeats itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.encoded import Text
from escriba.records.model import SYMBOLS
from escriba.records.vocabulary import Vocabulary

SAMPLES = 24  # of the model, and as many pieces of the validation part
CHANCE = 0.01  # at most, that the author is said to repeat less and does not
SEARCHED = 1 << 28  # symbols of the training text, at most
LANES = 4096  # stretches that are read side by side
LOOK = 1 << 16  # symbols in which a line's end is looked for
TABLE = 1 << 22  # entries of an automaton's tables, of 12 bytes, about

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Run:
    """The most symbols in a row of a text that also stand in a row in the training text: `length`
    of them, from `start` on."""

    start: int
    length: int


@dataclass(frozen=True)
class Memory:
    """What a model repeats of its training text, beside what unseen text of the same corpus does.

    `longest` is the run, in symbols, of the sample that is shown; `model` those of some samples as
    the model draws them, at temperature 1, and `author` those of as many pieces of the validation
    part, of the same length. `passage` is the longest of the model's.
    """

    longest: int
    model: tuple[int, ...]
    author: tuple[int, ...]
    passage: str

    @property
    def beyond(self) -> int:
        """How many of the model's runs are longer than every one of the author's."""
        return sum(run > max(self.author) for run in self.model) if self.author else 0

    @property
    def repeats(self) -> bool:
        """Whether the model repeats more than the author does: by Rosenbaum's test (S. Rosenbaum,
        *Tables for a nonparametric test of location*, 1954), whose one assumption is that the
        texts were drawn apart from each other. docs/decisions.md."""
        chance, models, both = 1.0, len(self.model), len(self.model) + len(self.author)
        for number in range(self.beyond):
            chance *= (models - number) / (both - number)
        return chance <= CHANCE

    def to_record(self) -> dict[str, int]:
        """As a model file says it: of the comparison, the medians."""
        record = {"longest-run": self.longest}
        if self.author:
            record["typical-run"] = median_low(self.model)
            record["typical-run-unseen"] = median_low(self.author)
        return record


def hold_against(
    shown: NDArray[np.integer], samples: Sequence[NDArray[np.integer]], unseen: Text, text: Text,
    vocabulary: Vocabulary,
) -> Memory:  # fmt: skip
    """Samples of a model that was trained on `text`, each begun on a new line, held against pieces
    of `unseen` that begin so where one does, spread over it."""
    pieces = _cut(unseen, len(samples[0]), len(samples), vocabulary.indices.get("\n", -1))
    runs = find_runs([shown, *samples, *pieces], text)
    lengths = tuple(run.length for run in runs)
    last = 1 + len(samples)
    most = max(range(1, last), key=lengths.__getitem__)
    start = runs[most].start
    passage = samples[most - 1][start : start + lengths[most]]
    return Memory(lengths[0], lengths[1:last], lengths[last:], vocabulary.decode(passage.tolist()))


def _cut(
    text: Text, size: int, most: int, line_end: int
) -> list[NDArray[np.integer]]:  # fmt: skip
    """Pieces of a text, so long, spread over it, apart from each other, and `most` at most."""
    room = max(size, len(text) // most)
    pieces = []
    for at in range(min(most, len(text) // size)):
        stretch = text[at * room : at * room + min(room, size + LOOK)].astype(np.int64)
        ends = np.flatnonzero(stretch[: len(stretch) - size] == line_end)
        start = int(ends[0]) + 1 if len(ends) else 0
        pieces.append(stretch[start : start + size].copy())  # a view would keep the whole
    return pieces


def find_runs(texts: Sequence[NDArray[np.integer]], text: Text) -> list[Run]:
    """The longest run of each of some texts (N,) that also stands in `text`, of the same
    vocabulary; of a longer one its first SEARCHED symbols are searched."""
    runs = []
    for group in _divide(texts):
        automaton = _Automaton(group)
        longest = automaton.read(text, max(map(len, group)))
        for ends in automaton.ends:
            lengths = longest[ends]
            end = int(lengths.argmax()) if len(ends) else 0
            length = int(lengths[end]) if len(ends) else 0
            runs.append(Run(end + 1 - length, length) if length else Run(0, 0))
    return runs


def _divide(texts: Sequence[NDArray[np.integer]]) -> Iterator[list[NDArray[np.integer]]]:
    """Texts, in order, in groups whose automata have no larger tables than TABLE."""
    group: list[NDArray[np.integer]] = []
    symbols, distinct = 0, np.empty(0, np.int64)
    for text in texts:
        symbols, distinct = symbols + len(text), np.union1d(distinct, text)
        if group and 2 * symbols * (len(distinct) + 1) > TABLE:  # an automaton has so many states
            yield group
            group, symbols, distinct = [], len(text), np.unique(text)
        group.append(text)
    if group:
        yield group


class _Automaton:
    """All substrings of some texts. A state is a set of them that end at the same places: the
    longest has `length`, and the next shorter one that also ends elsewhere is of the state `link`.

    `target` (S·K,) is the state after a symbol, be it from a shorter substring; `most` (S·K,) is
    how long a substring may be to be kept in that. The last of the K symbols are those that part
    the texts, and any that is not in them.
    """

    def __init__(self, texts: Sequence[NDArray[np.integer]]):
        known = np.unique(np.concatenate(texts))
        symbols = len(known)
        self.names = np.full(SYMBOLS, symbols, np.int32)  # of all that a vocabulary can have
        self.names[known] = np.arange(symbols)
        moves: list[dict[int, int]] = [{}]
        self.length, self.link = [0], [-1]
        last = 0
        self.ends: list[Ints] = []  # of each text, the states at the places in it
        for number, text in enumerate(texts):
            ends = []
            for symbol in self.names[text].tolist():
                last = self._append(moves, last, symbol)
                ends.append(last)
            self.ends.append(np.array(ends, np.int32))
            last = self._append(moves, last, symbols + number)  # what no text has
        self.symbols = symbols + 1
        self._complete(moves)

    def _append(self, moves: list[dict[int, int]], last: int, symbol: int) -> int:
        """The state of all that is written so far and a symbol."""
        length, link = self.length, self.link
        new, state = len(length), last
        moves.append({})
        length.append(length[last] + 1)
        link.append(0)
        while state >= 0 and symbol not in moves[state]:
            moves[state][symbol] = new
            state = link[state]
        if state < 0:
            return new
        found = moves[state][symbol]
        if length[found] == length[state] + 1:
            link[new] = found
            return new
        copy = len(length)
        moves.append(dict(moves[found]))
        length.append(length[state] + 1)
        link.append(link[found])
        while state >= 0 and moves[state].get(symbol) == found:
            moves[state][symbol] = copy
            state = link[state]
        link[found] = link[new] = copy
        return new

    def _complete(self, moves: list[dict[int, int]]) -> None:
        """Where a substring cannot be gone on with, its longest end that can is."""
        states, symbols = len(moves), self.symbols
        target = np.zeros((states, symbols), np.int64)
        most = np.full((states, symbols), -1, np.int32)
        self.order = sorted(range(states), key=self.length.__getitem__)
        for state in self.order:
            if state:
                link = self.link[state]
                target[state] = target[link]
                most[state] = np.minimum(most[link], self.length[link])
            for symbol, after in moves[state].items():
                if symbol < symbols - 1:
                    target[state, symbol], most[state, symbol] = after, np.iinfo(np.int32).max
        self.target, self.most = target.ravel(), most.ravel()

    def read(self, text: Text, overlap: int) -> Ints:
        """(S,) the longest substring of each state, or of one that it ends with, that stands in the
        text; none is longer than `overlap`."""
        longest = np.zeros(len(self.length), np.int32)
        size = min(len(text), SEARCHED)
        steps = max(4 * overlap, 1024)
        for start in range(0, size, LANES * steps):
            end = min(start + LANES * steps, size)
            first = max(0, start - overlap)
            symbols = self.names[text[first:end]]
            lanes = -(-(end - start) // steps)
            # Each lane begins where the one before has `overlap` symbols left.
            padded = np.full(overlap + lanes * steps, self.symbols - 1, np.int32)
            at = overlap - (start - first)
            padded[at : at + len(symbols)] = symbols
            rows = np.lib.stride_tricks.sliding_window_view(padded, overlap + steps)[::steps]
            self._run(np.ascontiguousarray(rows.T), longest)
        for state in reversed(self.order[1:]):
            if longest[state]:
                link = self.link[state]
                longest[link] = self.length[link]
        for state in self.order[1:]:
            longest[state] = max(longest[state], longest[self.link[state]])
        return longest

    def _run(self, rows: Ints, longest: Ints) -> None:
        """Read lanes side by side, rows (steps, lanes), and keep in `longest` what they reach."""
        state = np.zeros(rows.shape[1], np.int64)
        length = np.zeros(rows.shape[1], np.int32)
        for row in rows:
            place = state * self.symbols + row
            state = self.target.take(place)
            length = np.minimum(length, self.most.take(place)) + 1
            np.maximum.at(longest, state, length)
