"""Reading a corpus side by side: B streams, cut into windows of T symbols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """One training step's symbols and the symbols that follow them, both (T, B) int64.

    `fresh` says that the streams begin here, so that no state is carried in.
    """

    symbols: Tensor
    targets: Tensor
    epoch: int
    index: int
    fresh: bool


@dataclass(frozen=True)
class Reader:
    """Endless windows over a text. Each epoch starts its streams at another offset, drawn from
    the seed and the epoch's number alone, so that a resumed run reads what it would have read."""

    text: Tensor  # (N,) integers
    batch: int
    window: int
    seed: int

    def fitted(self) -> Reader:
        """The same reader, with batch and window made small enough for a short text."""
        window = max(1, min(self.window, (len(self.text) - 1) // 4))
        batch = max(1, min(self.batch, (len(self.text) - 1) // (2 * window)))
        return Reader(self.text, batch, window, self.seed)

    @property
    def steps(self) -> int:
        """Windows in one epoch."""
        return (len(self.text) - 1 - (self.window - 1)) // self.batch // self.window or 1

    def read(self, epoch: int = 0, index: int = 0) -> Iterator[Window]:
        """Windows from that one of that epoch on."""
        while True:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            spare = len(self.text) - 1 - self.steps * self.window * self.batch
            limit = max(1, min(self.window, spare + 1))
            offset = int(torch.randint(limit, (1,), generator=generator))
            length = self.steps * self.window
            block = self.text[offset : offset + length * self.batch + 1].long()
            streams = block[:-1].view(self.batch, length)
            targets = block[1:].view(self.batch, length)
            while index < self.steps:
                cut = slice(index * self.window, (index + 1) * self.window)
                yield Window(
                    streams[:, cut].t().contiguous(),
                    targets[:, cut].t().contiguous(),
                    epoch,
                    index,
                    fresh=index == 0,
                )
                index += 1
            epoch, index = epoch + 1, 0
