"""A model's weights as integers. docs/exact-sampling.md, section 2.

Every real number r becomes the integer nearest to r·2ˢ, for a shift s that is chosen here, one
for the activations and one for each matrix, such that no sum of the kernel can overflow. A weight
is kept as 8 bits times the factor of its row. The kernel does the same by itself (`kernel/pack.c`);
this is what the tests compare it with, and what the reference runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escriba.ground.errors import ModelError, Place
from escriba.ground.language import tr
from escriba.records.model import Model, Network
from escriba.records.model import read_weights as read_numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Int8 = NDArray[np.int8]
    Int16 = NDArray[np.int16]
    Int32 = NDArray[np.int32]

ACTIVATION_SHIFT = 11  # at most
WEIGHT_SHIFT = 14  # at most
LIMIT8 = 2**7 - 1
GATE_SHIFT = 12  # the gates' arguments have this shift, so no sum of a layer may have less
LIMIT16 = 2**15 - 1
LIMIT32 = 2**31 - 1 - 2**12  # leaves room for the half that rounding to GATE_SHIFT adds


@dataclass(frozen=True)
class Matrix:
    """Rows of weights (R, C), each `q` times the factor of its row (R,), at 2^shift, and their
    biases (R,) at 2^(shift + activation shift)."""

    q: Int8
    factors: Int32
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
    return fit(model, read_weights(model))


def read_weights(model: Model) -> dict[str, Floats]:
    """The numbers of each tensor. Raises ModelError if one is not finite."""
    import numpy as np

    return {name: array.astype(np.float64) for name, array in read_numbers(model).items()}


def fit(model: Model, tensors: Mapping[str, Floats]) -> Quantised:
    """The integers of a model that had these weights. Raises ModelError like `quantise`."""
    import numpy as np

    network = model.network
    embedding = tensors["embedding.weight"]
    additions = network.layers if network.residual else 0
    # |h| ≤ 1 always, so no activation is ever above this, in any state.
    largest = float(np.abs(embedding).max())
    shift = ACTIVATION_SHIFT
    while shift >= 0 and round(largest * 2**shift) + (additions << shift) > LIMIT16:
        shift -= 1
    if shift < 0:
        raise refuse_activation(model, largest + additions)
    quantised = np.rint(embedding * 2.0**shift).astype(np.int16)
    column = np.abs(quantised.astype(np.int64)).max(axis=0)
    one = 1 << shift
    layers = []
    for index in range(network.layers):
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights, bias = _join(network, *(tensors[f"layers.{index}.{kind}"] for kind in kinds))
        if network.residual:
            inputs = column + index * one
        else:
            inputs = column if index == 0 else np.full_like(column, one)
        bounds = np.concatenate([inputs, np.full_like(column, one)])
        layers.append(_fit(model, index, weights, bias, bounds, shift, GATE_SHIFT - shift))
    bounds = column + network.layers * one if network.residual else np.full_like(column, one)
    weights, bias = tensors["head.weight"], tensors["head.bias"]
    head = _fit(model, network.layers, weights, bias, bounds, shift, 0)
    return Quantised(network, shift, quantised, tuple(layers), head)


def _join(
    network: Network, weight_ih: Floats, weight_hh: Floats, bias_ih: Floats, bias_hh: Floats
) -> tuple[Floats, Floats]:
    """The rows of one layer over [x; h], and their biases."""
    import numpy as np

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
    index: int,
    weights: Floats,
    bias: Floats,
    bounds: NDArray[np.int64],
    activation_shift: int,
    lowest: int,
) -> Matrix:
    """The matrix of a layer (or the head, after the last) in integers, with the largest shift that
    cannot overflow. `bounds` (C,) are the largest integers that the activations can be."""
    import numpy as np

    lowest = max(lowest, 0)
    largest = np.abs(weights).max(axis=1)
    for shift in range(WEIGHT_SHIFT, lowest - 1, -1):
        unit = 2.0**shift
        factors = np.maximum(1.0, np.ceil(largest * unit / LIMIT8))
        q = np.rint(weights * (unit / factors)[:, None])
        offsets = np.rint(bias * unit * 2.0**activation_shift)
        # Exact in float64: integers below 2⁵³ throughout, or far beyond the limit anyway.
        sums = np.abs(q) @ bounds.astype(np.float64) * factors + np.abs(offsets)
        if sums.max() <= LIMIT32:
            whole = factors.astype(np.int32), offsets.astype(np.int32)
            return Matrix(q.astype(np.int8), *whole, shift)
    raise refuse_sum(model, index, float(sums.max()) / 2.0 ** (lowest + activation_shift))


def refuse_tensor(model: Model, name: str) -> ModelError:
    """The error for a tensor with infinities or what is not a number."""
    return ModelError(
        tr("the tensor '{name}' has numbers that are not finite", name=name), Place(model.path)
    )


def refuse_activation(model: Model, reached: float) -> ModelError:
    """The error for activations that no shift fits into 16 bits."""
    return _refuse(model, tr("an activation can reach {reached:.3g}", reached=reached))


def refuse_sum(model: Model, index: int, reached: float) -> ModelError:
    """The error for a matrix, of a layer or (after the last) of the head, whose sums no shift fits
    into 32 bits."""
    name = tr("the head") if index == model.network.layers else tr("layer {index}", index=index)
    return _refuse(model, tr("a sum of {name} can reach {reached:.3g}", name=name, reached=reached))


def _refuse(model: Model, reason: str) -> ModelError:
    reason = tr("its weights are too large to be run exactly: {reason}", reason=reason)
    return ModelError(reason, Place(model.path))
