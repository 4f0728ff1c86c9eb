"""The tensors of a model file: where each of them lies, and the float32 numbers that it stands for.

A tensor is F32, or, if it is a matrix, I8: then an F32 tensor `<name>.factors` has a factor for
each of its rows, and a number of the matrix is the float32 nearest to the product of the two.
"""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from escriba.ground.errors import shorten
from escriba.ground.language import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACTORS = ".factors"
PIECE = 1 << 20  # bytes read at a time
_NAMES = {  # safetensors' own
    "float64": "F64", "int64": "I64", "float32": "F32", "uint16": "U16", "int8": "I8",
    "uint8": "U8",
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in the file: byte offsets from the file's start. One with `factors`
    (its rows' own tensor) has 8 bits for each number, one without them 32."""

    shape: tuple[int, ...]
    start: int
    end: int
    factors: Tensor | None = None

    @property
    def size(self) -> int:
        """Bytes of its numbers as float32."""
        return 4 * math.prod(self.shape)

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """It and its factors, if it has some."""
        return (self, self.factors) if self.factors else (self,)

    def read(self, file: BinaryIO) -> Iterator[bytes]:
        """Its numbers as float32, low byte first, a piece at a time."""
        if self.factors is None:
            yield from _read(file, self.start, self.end)
            return
        factors = array("f", b"".join(self.factors.read(file)))
        if not _IS_LITTLE:
            factors.byteswap()
        columns = self.shape[1]
        for row, factor in enumerate(factors):
            at = self.start + row * columns
            whole = memoryview(b"".join(_read(file, at, at + columns))).cast("b")
            # The product is exact in float64, and rounded once.
            numbers = array("f", map(factor.__mul__, whole))
            if not _IS_LITTLE:
                numbers.byteswap()
            yield numbers.tobytes()

    def digest(self, file: BinaryIO) -> str:
        """SHA-256 (hex) of its bytes in the file, its factors' after its own."""
        found = hashlib.sha256()
        for part in self.parts:
            for piece in _read(file, part.start, part.end):
                found.update(piece)
        return found.hexdigest()


_IS_LITTLE = array("H", [1]).tobytes()[0] == 1


def read_tensors(
    entries: Mapping[str, Any], base: int, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """The tensors of those names and shapes, from the header of a safetensors file, whose data
    begins at `base`. Raises ValueError, KeyError or TypeError for a header that has others."""
    compact = {name for name, shape in shapes.items() if _is_compact(entries.get(name), shape)}
    names = set(shapes) | {name + FACTORS for name in compact}
    if set(entries) != names:
        odd = sorted(set(entries) ^ names)[0]
        raise ValueError(tr("the tensor '{odd}' is missing or does not belong", odd=shorten(odd)))
    tensors = {}
    for name, shape in sorted(shapes.items()):
        if name not in compact:
            tensors[name] = _place(name, entries[name], base, "F32", shape)
            continue
        rows = _place(name + FACTORS, entries[name + FACTORS], base, "F32", shape[:1])
        tensors[name] = _place(name, entries[name], base, "I8", shape, rows)
    _refuse_gaps(tensors, base)
    return tensors


def write_tensors(
    file: BinaryIO, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]
) -> None:
    """Write a safetensors file of float32 and small whole numbers: the same bytes for the same
    content, where the package safetensors writes metadata in the order of a hash table.

    The largest numbers come first, so that all lie where a processor reads them at once.
    """
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name in names:
        start, end = end, end + tensors[name].nbytes
        header[name] = {
            "data_offsets": [start, end], "dtype": _NAMES[tensors[name].dtype.name],
            "shape": list(tensors[name].shape),
        }  # fmt: skip
    head = json.dumps(header, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    file.write(len(head).to_bytes(8, "little") + head)
    for name in names:
        whole = tensors[name] if _IS_LITTLE else tensors[name].byteswap()
        file.write(whole.tobytes())


def _is_compact(entry: Any, shape: tuple[int, ...]) -> bool:
    return isinstance(entry, dict) and entry.get("dtype") == "I8" and len(shape) == 2


def _place(
    name: str, entry: Any, base: int, dtype: str, shape: tuple[int, ...],
    factors: Tensor | None = None,
) -> Tensor:  # fmt: skip
    if entry["dtype"] != dtype or tuple(entry["shape"]) != shape:
        raise ValueError(
            tr(
                "the tensor '{name}' is {dtype} {shape}, not {right} {wanted}",
                name=name,
                dtype=entry["dtype"],
                shape=entry["shape"],
                right=dtype,
                wanted=list(shape),
            )
        )
    start, end = entry["data_offsets"]
    size = math.prod(shape) * (1 if dtype == "I8" else 4)
    if type(start) is not int or type(end) is not int or end - start != size:
        raise ValueError(tr("the tensor '{name}' has wrong offsets", name=name))
    return Tensor(shape, base + start, base + end, factors)


def _refuse_gaps(tensors: Mapping[str, Tensor], base: int) -> None:
    parts = [(part.start, part.end, name) for name, t in tensors.items() for part in t.parts]
    at = base
    for start, end, name in sorted(parts):
        if start != at:
            raise ValueError(tr("the tensor '{name}' has wrong offsets", name=name))
        at = end


def _read(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    left = end - start
    while left and (piece := file.read(min(left, PIECE))):
        yield piece
        left -= len(piece)
