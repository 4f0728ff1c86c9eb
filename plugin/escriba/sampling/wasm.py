"""The kernel in wasmtime: `kernel/kernel.wasm`, with a model's image in its memory."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from escriba.ground.errors import ModelError, Place
from escriba.ground.language import tr
from escriba.records.model import Model
from escriba.records.tensors import Tensor
from escriba.sampling.quantised import refuse_activation, refuse_sum, refuse_tensor
from escriba.sampling.stream import BATCH, Stream, free_places

PATH = Path(__file__).parent / "kernel" / "kernel.wasm"
PAGE = 1 << 16
CELLS = {"rnn": 0, "gru": 1, "lstm": 2}
HEADER, MATRIX = 48, 24  # bytes of the image's header, and of each matrix in it
REQUEST = struct.Struct("<Q9I4x")  # of a stream, as `start_all` of kernel.c reads it
LIST = 16  # bytes of the addresses of a part's tensors
LIMIT = 1 << 31  # bytes of memory: an image, and the weights that a part of it is made of
NOT_FINITE, ACTIVATION, SUM = 1, 2, 3  # what `pack` of pack.c can find


def is_available() -> bool:
    """Whether wasmtime is installed and knows this machine."""
    try:
        import wasmtime  # noqa: F401
    except (ImportError, OSError, RuntimeError):  # the last two on an unknown platform
        return False
    return True


class Wasm:
    """A kernel instance that holds one model. Raises ModelError if it cannot be run exactly."""

    def __init__(self, model: Model):
        import wasmtime

        self._model = model
        config = wasmtime.Config()
        with suppress(wasmtime.WasmtimeError):  # where there is no folder for it
            config.cache = True  # compiled once, for this user and version of wasmtime
        engine = wasmtime.Engine(config)
        self._instantiate(engine, wasmtime.Module(engine, PATH.read_bytes()))
        self._size = self._pack()
        self._prepare()

    def copy(self) -> Wasm:
        """Another instance with the same image, for another thread."""
        other = object.__new__(Wasm)
        other._model, other._size = self._model, self._size
        other._instantiate(self._engine, self._module)
        other.write(other._image, self.image)
        other._prepare()
        return other

    def _instantiate(self, engine: Any, module: Any) -> None:
        import wasmtime

        self._engine, self._module = engine, module
        self._store = wasmtime.Store(engine)
        self._exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._memory: Any = self._exports["memory"]
        self._image: int = self.call("heap")

    def _prepare(self) -> None:
        """What follows once the image is in its place."""
        self._free = self._image + self.call("room", self._image)
        self.reserve(self._free)
        self.call("prepare", self._image)
        self._stream_size: int = self.call("stream_size", self._image)
        self._current: WasmBatch | None = None

    @property
    def image(self) -> bytes:
        """The model in integers, as the kernel reads it: docs/exact-sampling.md, 6."""
        return self.read(self._image, self._size)

    def begin(self, room: int) -> WasmBatch:
        """A batch; the streams of an earlier one give up their memory, and cannot go on."""
        self._current = WasmBatch(self, room)
        return self._current

    def is_current(self, batch: WasmBatch) -> bool:
        return self._current is batch

    @property
    def logit_shift(self) -> int:
        """The shift of the logits: that of the head and that of the activations together."""
        header = struct.unpack("<12I", self.read(self._image, HEADER))
        head = self.read(self._image + HEADER + MATRIX * header[3], MATRIX)
        return int(header[7] + struct.unpack("<6I", head)[5])

    def score(self, symbols: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """After each symbol, read one after the other, the logits (V,) of the next one, in integers
        at 2^logit_shift. A batch gives up its memory for it, and cannot go on."""
        self._current = None
        stream, count = self._free, len(self._model.vocabulary)
        self.reserve(stream + self._stream_size)
        self.call("start", self._image, stream, 0, 1, 0, 0, 0, 1000, 0, 1_000_000, 0)
        for symbol in symbols:
            logits = self.call("feed", self._image, stream, symbol)
            yield struct.unpack(f"<{count}i", self.read(logits, 4 * count))

    def call(self, name: str, *arguments: int) -> Any:
        """Call a function of the kernel."""
        return self._exports[name](self._store, *arguments)

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into the memory, which grows as needed."""
        self.reserve(address + len(data))
        self._memory.write(self._store, data, address)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, address, address + size))

    def reserve(self, end: int) -> None:
        """Make the memory reach to an address."""
        missing = end - self._memory.data_len(self._store)
        if missing > 0:
            self._memory.grow(self._store, -(-missing // PAGE))

    def _pack(self) -> int:
        """Make the model's image, part by part; its size. After it lie the tensors of the part."""
        model = self._model
        net, symbols = model.network, len(model.vocabulary)
        shape = CELLS[net.cell], net.layers, net.hidden, symbols, int(net.residual)
        self.reserve(self._image + HEADER + MATRIX * (net.layers + 1))
        size: int = self.call("lay_out", self._image, *shape)
        parts = list(_divide(list(net.shapes(symbols))))
        most = max(sum(padded(model.tensors[name].size) for name in part) for part in parts)
        list_at = self._image + size
        if not size or list_at + LIST + most > LIMIT:
            raise ModelError(tr("the model is too large for the kernel"), Place(model.path))
        self.reserve(list_at + LIST + most)
        with model.path.open("rb") as file:
            for number, names in enumerate(parts):
                at = list_at + LIST
                addresses = []
                for name in names:
                    addresses.append(at)
                    self._read_into(file, model.tensors[name], at)
                    at += padded(model.tensors[name].size)
                self.write(list_at, struct.pack(f"<{len(names)}I", *addresses))
                fault = self.call("pack", self._image, number, list_at)
                if fault:
                    kind, where, value = struct.unpack("<2Id", self.read(fault, 16))
                    if kind == NOT_FINITE:
                        raise refuse_tensor(model, names[where])
                    if kind == ACTIVATION:
                        raise refuse_activation(model, value)
                    raise refuse_sum(model, where, value)
        return size

    def _read_into(self, file: BinaryIO, tensor: Tensor, address: int) -> None:
        """Read a tensor into the memory, without a copy of it anywhere else."""
        room = memoryview(self._memory.get_buffer_ptr(self._store, tensor.size, address)).cast("B")
        for piece in tensor.read(file):
            room[: len(piece)] = piece
            room = room[len(piece) :]


def _divide(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """The tensors of each part of an image: the embedding, each layer, the head."""
    yield names[:1]
    for first in range(1, len(names) - 2, 4):
        yield names[first : first + 4]
    yield names[-2:]


def padded(size: int) -> int:
    """A size as the kernel wants it: the next multiple of 16."""
    return -(-size // 16) * 16


@dataclass
class Running:
    """A stream in the memory: where it is, and how many steps it has taken."""

    stream: Stream
    at: int
    output: int
    steps: int = 0

    def drawn(self) -> int:
        """How many symbols it has drawn: one in each step from its prompt's last symbol on, up to
        its length."""
        return min(self.stream.length, max(0, self.steps - len(self.stream.prompt) + 1))


class WasmBatch:
    """Streams in the kernel's memory: addresses, requests, then places of equal size, each with a
    stream, its prompt and its output. A place has the same address in every copy of an instance, so
    that what is in it can move there as it is."""

    def __init__(self, wasm: Wasm, room: int):
        self._wasm = wasm
        self._room = room
        self._addresses_at = wasm._free
        self._requests_at = self._addresses_at + padded(4 * BATCH)
        self._places_at = self._requests_at + REQUEST.size * BATCH
        self._place_size = wasm._stream_size + padded(2 * room) + 16  # of two paddings
        self._places: dict[int, Running] = {}

    def add(self, streams: Sequence[Stream]) -> list[int]:
        wasm, requests = self._wasm, []
        self._check()
        places = free_places(self._places, len(streams))
        for number, stream in zip(places, streams, strict=True):
            if len(stream.prompt) + stream.length > self._room:
                raise ValueError(f"a stream has more symbols than the batch has room: {self._room}")
            at = self._places_at + number * self._place_size
            prompt = at + wasm._stream_size
            output = prompt + padded(2 * len(stream.prompt))
            wasm.reserve(output + padded(2 * stream.length))
            wasm.write(prompt, struct.pack(f"<{len(stream.prompt)}H", *stream.prompt))
            requests.append(
                REQUEST.pack(
                    stream.seed, at, prompt, len(stream.prompt), output, stream.length,
                    stream.temperature, stream.top_k, stream.top_p, stream.min_p,
                )
            )  # fmt: skip
            self._places[number] = Running(stream, at, output)
        wasm.write(self._requests_at, b"".join(requests))
        wasm.call("start_all", wasm._image, self._requests_at, len(streams))
        return places

    def advance(self, steps: int) -> dict[int, list[int]]:
        wasm, places = self._wasm, self._places
        self._check()
        addresses = [place.at for place in places.values()]
        wasm.write(self._addresses_at, struct.pack(f"<{len(addresses)}I", *addresses))
        wasm.call("run", wasm._image, self._addresses_at, len(addresses), steps)
        news = {}
        for number, place in places.items():
            before = place.drawn()
            place.steps += steps
            count = place.drawn() - before
            data = wasm.read(place.output + 2 * before, 2 * count)
            news[number] = list(struct.unpack(f"<{count}H", data))
        return news

    def remove(self, place: int) -> None:
        del self._places[place]

    def move(self, place: int, other: WasmBatch) -> None:
        moved = self._places[place]
        self._check()
        other._check()
        if place in other._places or self._room != other._room:
            raise ValueError(f"place {place} of the other batch is taken, or has other room")
        end = moved.output + 2 * moved.drawn()
        other._wasm.reserve(moved.output + padded(2 * moved.stream.length))
        other._wasm.write(moved.at, self._wasm.read(moved.at, end - moved.at))
        other._places[place] = self._places.pop(place)

    def _check(self) -> None:
        if not self._wasm.is_current(self):
            raise RuntimeError("another batch has begun on this engine")
