"""How well a network predicts a text: mean cross-entropy in nats per symbol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from escriba.charlm.network import CharLSTM, State
from escriba.corpora.encoded import Text

LOGITS = 1 << 28  # scores of symbols that are in memory at a time

Collect = Callable[[NDArray[np.float32], NDArray[np.int64]], None]


@torch.inference_mode()
def measure(
    network: CharLSTM, text: Text, before: Text | None = None, *, symbols: int | None = None,
    streams: int = 64, context: int = 256, window: int = 256, collect: Collect | None = None,
) -> float:  # fmt: skip
    """The mean of -ln p(symbol | everything before it) over a text, in nats.

    text (N,) and before (M,) are symbol indices, in memory or on disk. The text is read in parallel
    streams; each first reads the `context` symbols that stand before its share, so that the result
    differs from one sequential reading by less than 1e-3. If only about so many `symbols` are to be
    predicted, the shares are shorter, and spread over the whole text. `before` is what precedes the
    text (the validation part, for a test part); without it the first symbol is not predicted.
    Memory does not grow with the text. `collect` gets the nats of single symbols (K,) and their
    positions in the text (K,), a few thousand at a time.
    """
    was_training = network.training
    network.eval()
    first_weight = next(network.parameters())  # of the embedding: a row for each symbol
    device = first_weight.device
    whole = _Whole.of(before, text, context)
    starts, share = _place_streams(whole, symbols, streams, context)
    window = max(1, min(window, LOGITS // (len(starts) * len(first_weight))))
    losses = _Losses(whole, collect)
    state: State | None = None
    edges = sorted({*range(0, context, window), *range(context, context + share, window)})
    for start, end in zip(edges, [*edges[1:], context + share], strict=True):
        if start == context and state is not None:
            state = _warm_short(network, whole, starts, context, state)
        read = torch.from_numpy(whole.read(starts + start - context, end - start + 1))
        read = read.t().to(device)  # (end - start + 1, streams)
        logits, state = network(read[:-1], state)
        if start >= context:
            places = starts + np.arange(start - context, end - context)[:, None]
            losses.add(logits, read[1:], places)
    network.train(was_training)
    return losses.total / max(losses.count, 1)


@dataclass(frozen=True)
class _Whole:
    """The end of what stands before a text, and the text, as one."""

    head: NDArray[np.int64]
    text: Text
    length: int  # of the text

    @classmethod
    def of(cls, before: Text | None, text: Text, context: int) -> _Whole:
        head = np.zeros(0, np.int64)
        if before is not None:
            head = np.asarray(before[max(0, len(before) - context) :]).astype(np.int64)
        return cls(head, text, len(text))

    def __len__(self) -> int:
        return len(self.head) + self.length

    def read(self, starts: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """(len(starts), count) symbols; 0 stands where there is none."""
        found = np.zeros((len(starts), count), np.int64)
        border = len(self.head)
        for row, start in zip(found, starts.tolist(), strict=True):
            low, high = max(start, 0), min(start + count, len(self))
            if low < min(high, border):
                row[low - start : min(high, border) - start] = self.head[low : min(high, border)]
            if max(low, border) < high:
                low = max(low, border)
                row[low - start : high - start] = self.text[low - border : high - border]
        return found


def _place_streams(
    whole: _Whole, symbols: int | None, streams: int, context: int
) -> tuple[NDArray[np.int64], int]:
    """Where in `whole` each stream begins to count, and how many symbols each is to predict; from
    `context` before on it reads."""
    first = max(len(whole.head), 1)  # index in `whole` of the first symbol to predict
    there = len(whole) - first
    wanted = there if symbols is None else min(symbols, there)
    streams = max(1, min(streams, wanted // (2 * context) or 1))
    share = -(-wanted // streams)
    return first - 1 + max(share, there // streams) * np.arange(streams), share


class _Losses:
    """The losses of the symbols of a text, added up as they come."""

    def __init__(self, whole: _Whole, collect: Collect | None):
        self.whole = whole
        self.collect = collect
        self.total = 0.0
        self.count = 0

    def add(self, logits: Tensor, symbols: Tensor, places: NDArray[np.int64]) -> None:
        """logits (T, B, V) of symbols (T, B); places (T, B) are those in `whole` that stand before
        them, and beyond its end nothing counts."""
        losses = F.cross_entropy(logits.float().flatten(0, 1), symbols.flatten(), reduction="none")
        counted = torch.from_numpy(places < len(self.whole) - 1).flatten().to(losses.device)
        self.total += float((losses.double() * counted).sum())
        self.count += int(counted.sum())
        if self.collect is not None:
            positions = places.flatten() + 1 - len(self.whole.head)
            self.collect(losses[counted].cpu().numpy(), positions[counted.cpu().numpy()])


def _warm_short(
    network: CharLSTM, whole: _Whole, starts: NDArray[np.int64], context: int, state: State
) -> State:
    """Streams that begin nearer to the start than `context` have read padding: let them read
    instead what there is."""
    device = next(network.parameters()).device
    short = np.flatnonzero(starts < context)
    padded = torch.from_numpy(starts < context).to(device)
    state = [tuple(part.masked_fill(padded[None, :, None], 0) for part in s) for s in state]
    for stream in short.tolist():
        real = int(starts[stream])
        if real > 0:
            read = torch.from_numpy(whole.read(np.zeros(1, np.int64), real))
            _, warm = network(read.t().to(device))
            for layer, part in zip(state, warm, strict=True):
                for kept, new in zip(layer, part, strict=True):
                    kept[:, stream] = new[:, 0]
    return state
