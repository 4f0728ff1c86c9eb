"""A model's weights as integers. docs/exact-sampling.md, section 2.

Every real number r becomes the integer nearest to r·2ˢ, for a shift s that is chosen here, one
for the activations and one for each matrix, such that no sum of the kernel can overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escriba.errors import ModelError, Place
from escriba.model import Model, Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Int16 = NDArray[np.int16]
    Int32 = NDArray[np.int32]

ACTIVATION_SHIFT = 11  # at most
WEIGHT_SHIFT = 14  # at most
GATE_SHIFT = 12  # the gates' arguments have this shift, so no sum of a layer may have less
LIMIT16 = 2**15 - 1
LIMIT32 = 2**31 - 1 - 2**12  # leaves room for the half that rounding to GATE_SHIFT adds


@dataclass(frozen=True)
class Matrix:
    """Rows of weights (R, C) at 2^shift, and their biases (R,) at 2^(shift + activation shift)."""

    weights: Int16
    bias: Int32
    shift: int


@dataclass(frozen=True)
class Quantised:
    """A network in integers.

    `embedding` is (V, H) at 2^activation_shift. A layer is one matrix over [x; h]: H rows (rnn),
    4H rows i, f, g, o (lstm), or 4H rows r, z, and the input's and the state's part of n (gru).
    The head is (V, H), over the last layer's output.
    """

    network: Network
    activation_shift: int
    embedding: Int16
    layers: tuple[Matrix, ...]
    head: Matrix


def quantise(model: Model) -> Quantised:
    """The integers of a model.

    Raises ModelError if a weight is not a number, or if the weights are so large that sums of
    32 bits could overflow.
    """
    import numpy as np

    tensors = _read(model)
    network = model.network
    embedding = tensors["embedding.weight"]
    additions = network.layers if network.residual else 0
    # |h| ≤ 1 always, so no activation is ever above this, in any state.
    largest = float(np.abs(embedding).max()) + additions
    shift = _largest_shift(largest, ACTIVATION_SHIFT, additions)
    if shift < 0:
        raise _refuse(model, f"an activation can reach {largest:.3g}")
    quantised = np.rint(embedding * 2.0**shift).astype(np.int16)
    column = np.abs(quantised.astype(np.int64)).max(axis=0)
    one = 1 << shift
    layers = []
    for index in range(network.layers):
        weights, bias = _join(tensors, index, network)
        if network.residual:
            inputs = column + index * one
        else:
            inputs = column if index == 0 else np.full_like(column, one)
        bounds = np.concatenate([inputs, np.full_like(column, one)])
        name = f"layer {index}"
        layers.append(_fit(model, name, weights, bias, bounds, shift, GATE_SHIFT - shift))
    bounds = column + network.layers * one if network.residual else np.full_like(column, one)
    head = _fit(
        model, "the head", tensors["head.weight"], tensors["head.bias"], bounds, shift, -shift
    )
    return Quantised(network, shift, quantised, tuple(layers), head)


def _read(model: Model) -> dict[str, Floats]:
    import numpy as np

    data = model.path.read_bytes()
    tensors = {}
    for name, tensor in model.tensors.items():
        array = np.frombuffer(data[tensor.start : tensor.end], dtype="<f4")
        if not np.isfinite(array).all():
            raise ModelError(f"the tensor '{name}' has numbers that are not finite", _place(model))
        tensors[name] = array.reshape(tensor.shape).astype(np.float64)
    return tensors


def _largest_shift(largest: float, limit: int, additions: int = 0) -> int:
    """The largest shift up to `limit` with which `largest` fits 16 bits; below 0 if none does."""
    shift = limit
    while shift >= 0 and round((largest - additions) * 2.0**shift) + (additions << shift) > LIMIT16:
        shift -= 1
    return shift


def _join(tensors: dict[str, Floats], index: int, network: Network) -> tuple[Floats, Floats]:
    """The rows of one layer over [x; h], and their biases."""
    import numpy as np

    weight_ih = tensors[f"layers.{index}.weight_ih"]
    weight_hh = tensors[f"layers.{index}.weight_hh"]
    bias_ih = tensors[f"layers.{index}.bias_ih"]
    bias_hh = tensors[f"layers.{index}.bias_hh"]
    if network.cell != "gru":
        return np.hstack([weight_ih, weight_hh]), bias_ih + bias_hh
    both, hidden = 2 * network.hidden, network.hidden
    nothing = np.zeros((hidden, hidden))
    rows = [
        np.hstack([weight_ih[:both], weight_hh[:both]]),
        np.hstack([weight_ih[both:], nothing]),
        np.hstack([nothing, weight_hh[both:]]),
    ]
    bias = [bias_ih[:both] + bias_hh[:both], bias_ih[both:], bias_hh[both:]]
    return np.vstack(rows), np.concatenate(bias)


def _fit(
    model: Model,
    name: str,
    weights: Floats,
    bias: Floats,
    bounds: NDArray[np.int64],
    activation_shift: int,
    lowest: int,
) -> Matrix:
    """The matrix in integers, with the largest shift that cannot overflow.

    `bounds` (C,) are the largest integers that the activations can be.
    """
    import numpy as np

    largest = float(np.abs(weights).max())
    shift = _largest_shift(largest, WEIGHT_SHIFT)
    lowest = max(lowest, 0)
    if shift < lowest:
        raise _refuse(model, f"a weight of {name} reaches {largest:.3g}")
    while shift >= lowest:
        integers = np.rint(weights * 2.0**shift)
        offsets = np.rint(bias * 2.0 ** (shift + activation_shift))
        # Exact in float64: integers below 2⁵³ throughout, or far beyond the limit anyway.
        sums = np.abs(integers) @ bounds.astype(np.float64) + np.abs(offsets)
        if sums.max() <= LIMIT32:
            return Matrix(integers.astype(np.int16), offsets.astype(np.int32), shift)
        shift -= 1
    reached = sums.max() / 2.0 ** (lowest + activation_shift)
    raise _refuse(model, f"a sum of {name} can reach {reached:.3g}")


def _refuse(model: Model, reason: str) -> ModelError:
    return ModelError(f"its weights are too large to be run exactly: {reason}", _place(model))


def _place(model: Model) -> Place:
    return Place(model.path)
