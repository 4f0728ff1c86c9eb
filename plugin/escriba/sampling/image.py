"""The image: a quantised model as the bytes that the kernel reads. docs/exact-sampling.md, 6.

One contiguous block, little-endian, to be put at an address that is a multiple of 16. It holds
no more than the network's integers, so a page in a browser can fetch it and run it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from escriba.errors import ModelError, Place
from escriba.model import Model
from escriba.sampling.quantised import Matrix, quantise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = int.from_bytes(b"escr", "little")
VERSION = 1
CELLS = {"rnn": 0, "gru": 1, "lstm": 2}
LIMIT = 2**30  # bytes, so that with the streams every address stays below 2^31


def pack(model: Model) -> bytes:
    """The image of a model.

    Raises ModelError if the model cannot be run exactly, or is too large for the kernel.
    """
    import numpy as np

    weights = quantise(model)
    hidden = model.network.hidden
    columns, head_columns = padded(2 * hidden), padded(hidden)
    parts: list[bytes] = []
    at = padded(12 * 4 + (1 + len(weights.layers)) * 16)
    header_size = at

    def place(array: NDArray[np.generic]) -> int:
        nonlocal at
        start = at
        data = array.tobytes()
        parts.append(data + bytes(padded(len(data)) - len(data)))
        at += len(parts[-1])
        if at > LIMIT:
            raise ModelError("the model is too large for the kernel", Place(model.path))
        return start

    def place_matrix(matrix: Matrix, columns: int) -> bytes:
        rows, width = matrix.weights.shape
        extra = -rows % 4
        wide = np.pad(matrix.weights, ((0, extra), (0, columns - width))).astype("<i2")
        # Four rows interleaved, 8 columns of each in turn: the order in which they are read.
        wide = wide.reshape(-1, 4, columns // 8, 8).transpose(0, 2, 1, 3)
        bias = np.pad(matrix.bias, (0, extra)).astype("<i4")
        return struct.pack("<4I", place(wide), place(bias), rows + extra, matrix.shift)

    embedding = place(weights.embedding.astype("<i2"))
    head = place_matrix(weights.head, head_columns)
    layers = b"".join(place_matrix(layer, columns) for layer in weights.layers)
    header = struct.pack(
        "<12I",
        MAGIC,
        VERSION,
        CELLS[model.network.cell],
        model.network.layers,
        hidden,
        len(model.vocabulary),
        model.network.residual,
        weights.activation_shift,
        columns,
        head_columns,
        embedding,
        0,
    )
    return (header + head + layers).ljust(header_size, b"\0") + b"".join(parts)


def padded(size: int) -> int:
    """A size as the kernel wants it: the next multiple of 16."""
    return -(-size // 16) * 16
