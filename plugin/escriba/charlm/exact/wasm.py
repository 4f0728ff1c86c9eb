"""The training kernel in wasmtime: `kernel/train.wasm`, with one network in its memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.records.model import Network

PATH = Path(__file__).parent / "kernel" / "train.wasm"
PAGE = 1 << 16
CELLS = {"rnn": 0, "gru": 1, "lstm": 2}
LIMIT = 1 << 32  # bytes that a memory can have

Floats = NDArray[np.float32]


@cache
def _compile() -> tuple[Any, Any]:
    """The engine and the module, compiled once."""
    import wasmtime

    config = wasmtime.Config()
    with suppress(wasmtime.WasmtimeError):  # where there is no folder for it
        config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, PATH.read_bytes())


class Instance:
    """A network, for windows of `steps` symbols of `streams` streams; with `moments`, one that is
    trained. Everything is a view of its memory: (n,) or as is said. Raises MemoryError."""

    def __init__(
        self, network: Network, symbols: int, steps: int, streams: int, *, moments: bool = False
    ):
        import wasmtime

        engine, module = _compile()
        self.network, self.steps, self.streams = network, steps, streams
        self.count = network.count(symbols)
        self._store = wasmtime.Store(engine)
        self._exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._memory: Any = self._exports["memory"]
        shape = (network.layers, network.hidden, symbols, int(network.residual), steps, streams)
        needed: int = self.call("lay_out", CELLS[network.cell], *shape, int(moments))
        try:
            if not needed:
                raise MemoryError
            self._reserve(needed)
        except wasmtime.WasmtimeError:
            raise MemoryError from None
        self.width: int = self.call("width")

    def call(self, name: str, *arguments: float) -> Any:
        """Call a function of the kernel."""
        return self._exports[name](self._store, *arguments)

    @property
    def weights(self) -> Floats:
        return self._view("weights")

    @property
    def gradients(self) -> Floats:
        return self._view("gradients")

    @property
    def moments(self) -> tuple[Floats, Floats]:
        return self._view("first"), self._view("second")

    def set_window(self, read: NDArray[np.int64], targets: NDArray[np.int64]) -> None:
        """What is read next, and what follows it, (T, S); a target of -1 counts for nothing."""
        size = self.steps * self.streams
        self._look(self.call("read"), size, np.int32)[:] = read.ravel()
        self._look(self.call("targets"), size, np.int32)[:] = targets.ravel()

    def states(self) -> list[Floats]:
        """What is carried into the next window: of each layer h, and of an lstm c, (S, H)."""
        parts = 2 if self.network.cell == "lstm" else 1
        size, hidden = self.streams * self.width, self.network.hidden
        return [
            self._look(self.call("state", layer, part), size, np.float32)
            .reshape(self.streams, self.width)[:, :hidden]
            for layer in range(self.network.layers)
            for part in range(parts)
        ]  # fmt: skip

    def losses(self) -> NDArray[np.float64]:
        """(T, S) those of the last window."""
        size = self.steps * self.streams
        found = self._look(self.call("losses"), size, np.float64)
        return found.reshape(self.steps, self.streams)

    def keep_all(self) -> None:
        """Masks of no dropout."""
        self.call("drop", 0, 0, 0, 0, 1.0)

    def _view(self, name: str) -> Floats:
        return self._look(self.call(name), self.count, np.float32)

    def _look(self, address: int, count: int, kind: Any) -> NDArray[Any]:
        size = count * np.dtype(kind).itemsize
        return np.frombuffer(
            self._memory.get_buffer_ptr(self._store, size, address % LIMIT), kind, count
        )

    def _reserve(self, end: int) -> None:
        missing = end % LIMIT - self._memory.data_len(self._store)
        if missing > 0:
            self._memory.grow(self._store, -(-missing // PAGE))


def join(weights: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    """All weights in a row, in the order of names."""
    return np.concatenate([weights[name].ravel() for name in names])


def part(flat: Floats, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """The inverse of `join`: copies, by name."""
    found, at = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        found[name] = flat[at : at + size].reshape(shape).copy()
        at += size
    return found
