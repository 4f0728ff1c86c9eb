"""The same arithmetic in numpy and Python's integers: the oracle, and the kernel's stand-in.

Written to be read beside docs/exact-sampling.md. Arrays are int64, so that nothing here can
overflow, and every shift to the right rounds down, as Python's does. Only the matrices are
float64, for speed: products and sums of whole numbers below 2^53 are exact, in any order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from escriba.sampling import tables
from escriba.sampling.quantised import GATE_SHIFT, Matrix, Quantised
from escriba.sampling.stream import Stream, free_places

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

STATE = 20  # the shift of the cells' state
STATE_LIMIT = 1 << 30
LOG2_E = 24204406  # log2(e) at 2^24
FARTHEST = 2**28 - 1  # 4096 nats at 2^16: at temperature 100 still a weight of 0


class Reference:
    """A runner that needs numpy alone."""

    def __init__(self, model: Quantised):
        self.network = Integers(model)

    def begin(self, room: int) -> ReferenceBatch:
        return ReferenceBatch(self.network)

    def copy(self) -> Reference:
        return self  # its batches share nothing that changes

    @property
    def logit_shift(self) -> int:
        return self.network.logit_shift

    def score(self, symbols: Iterable[int]) -> Iterator[tuple[int, ...]]:
        state = self.network.zero_state()
        for symbol in symbols:
            yield tuple(self.network.logits(self.network.step(symbol, state)).tolist())


class ReferenceBatch:
    """Streams one by one: what runs together cannot matter here."""

    def __init__(self, network: Integers):
        self._network = network
        self._walks: dict[int, Walk] = {}

    def add(self, streams: Sequence[Stream]) -> list[int]:
        places = free_places(self._walks, len(streams))
        self._walks.update(
            (p, Walk(self._network, s)) for p, s in zip(places, streams, strict=True)
        )
        return places

    def advance(self, steps: int) -> dict[int, list[int]]:
        return {place: walk.advance(steps) for place, walk in self._walks.items()}

    def remove(self, place: int) -> None:
        del self._walks[place]

    def move(self, place: int, other: ReferenceBatch) -> None:
        other._walks[place] = self._walks.pop(place)


class Walk:
    """One stream: the network's state, the generator, and the symbol to be read next."""

    def __init__(self, network: Integers, stream: Stream):
        self.network = network
        self.stream = stream
        self.state = network.zero_state()
        self.random = Pcg32(stream.seed)
        self.unread = list(reversed(stream.prompt))
        self.remaining = stream.length

    def advance(self, steps: int) -> list[int]:
        drawn: list[int] = []
        for _ in range(steps):
            if not self.remaining:
                break
            top = self.network.step(self.unread.pop(), self.state)
            if self.unread:
                continue
            logits = self.network.logits(top)
            symbol = self._draw(logits, self.random.next())
            self.unread.append(symbol)
            self.remaining -= 1
            drawn.append(symbol)
        return drawn

    def _draw(self, logits: Ints, random: int) -> int:
        """The symbol that a random number below 2^32 picks."""
        values: list[int] = logits.tolist()
        largest = max(values)
        if self.stream.temperature == 0:
            return values.index(largest)
        network = self.network
        differences = [largest - value for value in values]
        weights = weigh(differences, network.logit_shift, self.stream.temperature, network.power)
        weights = filter_weights(weights, self.stream)
        target = random * sum(weights) >> 32
        sums = itertools.accumulate(weights)
        return next(symbol for symbol, so_far in enumerate(sums) if so_far > target)


class Pcg32:
    """PCG XSH RR 64/32 of M. E. O'Neill, pcg-random.org, seeded as its pcg32_srandom does."""

    def __init__(self, seed: int, sequence: int = 54):
        self.state = 0
        self.increment = (sequence << 1 | 1) % 2**64
        self.next()
        self.state = (self.state + seed) % 2**64
        self.next()

    def next(self) -> int:
        """A whole number below 2^32."""
        old = self.state
        self.state = (old * 6364136223846793005 + self.increment) % 2**64
        mixed = ((old >> 18 ^ old) >> 27) % 2**32
        turn = old >> 59
        return (mixed >> turn | mixed << (32 - turn)) % 2**32


class Integers:
    """The network's arithmetic. A state is (activations h (L, H), cells c (L, H))."""

    def __init__(self, model: Quantised):
        import numpy as np

        self.model = model
        self.shift = model.activation_shift
        self.logit_shift = model.head.shift + model.activation_shift
        self.embedding = model.embedding.astype(np.int64)
        self.layers = [_widen(layer) for layer in model.layers]
        self.head = _widen(model.head)
        data = tables.load()
        self.tanh_table = np.array(data.tanh, dtype=np.int64)
        self.power = data.power

    def zero_state(self) -> tuple[Ints, Ints]:
        import numpy as np

        shape = (self.model.network.layers, self.model.network.hidden)
        return np.zeros(shape, np.int64), np.zeros(shape, np.int64)

    def step(self, symbol: int, state: tuple[Ints, Ints]) -> Ints:
        """Read one symbol: changes the state, gives the last layer's output (H,)."""
        import numpy as np

        h, c = state
        x: Ints = self.embedding[symbol]
        for index, (weights, bias) in enumerate(self.layers):
            sums = multiply(weights, np.concatenate([x, h[index]])) + bias
            z = round_shift(sums, self.model.layers[index].shift + self.shift - GATE_SHIFT)
            h[index] = self._cell(z, c[index])
            x = np.add(x, h[index]) if self.model.network.residual else h[index].copy()
        return x

    def logits(self, top: Ints) -> Ints:
        """The logits (V,) at 2^logit_shift."""
        weights, bias = self.head
        return multiply(weights, top) + bias

    def tanh(self, u: Ints) -> Ints:
        """tanh(u / 2^13) at 2^15, for u of any size."""
        import numpy as np

        size = np.minimum(np.abs(u), (8 << 13) - 1)
        index, rest = size >> 7, size & 127
        low, high = self.tanh_table[index], self.tanh_table[index + 1]
        value: Ints = np.sign(u) * (low + ((high - low) * rest + 64 >> 7))
        return value

    def sigma(self, z: Ints) -> Ints:
        """σ(z / 2^12) at 2^16."""
        return 32768 + self.tanh(z)

    def _cell(self, z: Ints, c: Ints) -> Ints:
        """The new h (H,) at the activations' shift, from the gates' arguments; changes c (H,)."""
        import numpy as np

        network, hidden = self.model.network, self.model.network.hidden
        if network.cell == "rnn":
            return round_shift(self.tanh(2 * z), 15 - self.shift)
        a, b, p, q = z.reshape(4, hidden)
        if network.cell == "gru":
            r, keep = self.sigma(a), self.sigma(b)
            n = self.tanh(2 * (p + round_shift(r * q, 16)))
            c[:] = round_shift(keep * c + (65536 - keep) * n * 2 ** (STATE - 15), 16)
            return round_shift(c, STATE - self.shift)
        i, f, g, o = self.sigma(a), self.sigma(b), self.tanh(2 * p), self.sigma(q)
        new = round_shift(f * c + i * g * 2 ** (STATE - 15), 16)
        c[:] = np.clip(new, -STATE_LIMIT, STATE_LIMIT)
        return round_shift(o * self.tanh(round_shift(c, STATE - 13)), 31 - self.shift)


def multiply(weights: Floats, x: Ints) -> Ints:
    """Weights (R, C) times activations (C,), both whole numbers."""
    import numpy as np

    return (weights @ x.astype(np.float64)).astype(np.int64)


def round_shift(value: Ints, shift: int) -> Ints:
    """value / 2^shift to the nearest integer, halves upwards."""
    return (value + (1 << shift - 1)) >> shift if shift else value


def weigh(
    differences: Sequence[int], shift: int, temperature: int, power: Sequence[int]
) -> list[int]:
    """exp(-d / temperature) at 2^30 of differences at 2^shift; `power` is the table."""
    factor = LOG2_E * 1000 // temperature
    weights = []
    for d in differences:
        d = (d + (1 << shift - 17)) >> shift - 16 if shift > 16 else d << 16 - shift
        whole, part = divmod(min(d, FARTHEST) * factor >> 24, 1 << 16)
        index, rest = divmod(part, 64)
        weight = power[index] - ((power[index] - power[index + 1]) * rest >> 6)
        weights.append(weight >> whole if whole < 31 else 0)
    return weights


def filter_weights(weights: Sequence[int], stream: Stream) -> list[int]:
    """The weights, with 0 for those that top-k, top-p and min-p leave out, in this order."""
    order = sorted(range(len(weights)), key=lambda symbol: (-weights[symbol], symbol))
    order = order[: stream.top_k or None]
    total = sum(weights[symbol] for symbol in order)
    kept: set[int] = set()
    so_far = 0
    for symbol in order:
        kept.add(symbol)
        so_far += weights[symbol]
        if so_far * 10**6 >= stream.top_p * total:
            break
    largest = max(weights)
    return [
        weight if symbol in kept and weight * 10**6 >= stream.min_p * largest else 0
        for symbol, weight in enumerate(weights)
    ]


def _widen(matrix: Matrix) -> tuple[Floats, Ints]:
    import numpy as np

    weights = matrix.q.astype(np.float64) * matrix.factors[:, None]
    return weights, matrix.bias.astype(np.int64)
