"""Reading a corpus side by side: B streams, cut into windows of T symbols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.encoded import Text

AHEAD = 1 << 20  # symbols, about, read from the text at a time


@dataclass(frozen=True)
class Window:
    """One training step's symbols and the symbols that follow them, both (T, B) int64.

    `fresh` says that the streams begin here, so that no state is carried in.
    """

    symbols: NDArray[np.int64]
    targets: NDArray[np.int64]
    epoch: int
    index: int
    fresh: bool


@dataclass(frozen=True)
class Reader:
    """Endless windows over a text. Each epoch starts its streams at another offset, drawn from
    the seed and the epoch's number alone, so that a resumed run reads what it would have read.

    Of `world` processes, the one with that `rank` reads its share of the same streams: B is
    batch / world, and the windows of all, side by side, are those of a single process.
    """

    text: Text  # (N,) symbols, in memory or on disk
    batch: int  # streams, of all processes; a multiple of `world`
    window: int
    seed: int
    rank: int = 0
    world: int = 1

    def fitted(self) -> Reader:
        """The same reader, with batch and window made small enough for a short text."""
        symbols, world = len(self.text) - 1, self.world
        window = max(1, min(self.window, symbols // (4 * world)))
        batch = max(1, min(self.batch, symbols // (2 * window)))
        return replace(self, batch=max(world, batch - batch % world), window=window)

    @property
    def steps(self) -> int:
        """Windows in one epoch."""
        return (len(self.text) - 1 - (self.window - 1)) // self.batch // self.window or 1

    def read(self, epoch: int = 0, index: int = 0) -> Iterator[Window]:
        """Windows from that one of that epoch on. Raises CorpusError if the text is gone."""
        share = self.batch // self.world
        ahead = max(1, AHEAD // (share * self.window))  # windows
        while True:
            length = self.steps * self.window  # of a stream
            offset = self._offset(epoch)
            columns = range(self.rank * share, (self.rank + 1) * share)
            starts = [offset + column * length for column in columns]
            while index < self.steps:
                first, end = index, min(index + ahead, self.steps)
                # (B, (end - first) * T + 1): as read, so that it takes little room
                streams = np.stack(
                    [self.text[s + first * self.window : s + end * self.window + 1] for s in starts]
                )
                for index in range(first, end):
                    at = (index - first) * self.window
                    cut = streams[:, at : at + self.window + 1].T.astype(np.int64, order="C")
                    yield Window(cut[:-1], cut[1:], epoch, index, fresh=index == 0)
                index = end
            epoch, index = epoch + 1, 0

    def _offset(self, epoch: int) -> int:
        """Where the first stream of an epoch starts. Of a generator of numpy only the bits are
        the same in every version."""
        spare = len(self.text) - 1 - self.steps * self.window * self.batch
        limit = max(1, min(self.window, spare + 1))
        return int(np.random.PCG64((self.seed, epoch)).random_raw()) % limit
