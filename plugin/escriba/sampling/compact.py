"""A model file of eight bits: the integers that a model is run in, and the factors of their rows.

Rounding is done once: the numbers of the new file give the very integers that are in it.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from escriba.ground.errors import ModelError, Place
from escriba.ground.language import tr
from escriba.records.model import Model, Network, write_model
from escriba.records.tensors import FACTORS
from escriba.sampling.quantised import Matrix, Quantised, fit, read_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROUNDS = 50  # of rounding; two or three are enough for trained weights


def compact(model: Model) -> bytes:
    """The model as a file whose matrices, but for the embedding, have eight bits.

    Its text is that of the integers which the model is run in, but that a row may be rounded again:
    numbers that are rounded have other largest ones, and these decide the factors. Raises
    ModelError for a model that cannot be run exactly.
    """
    import numpy as np

    weights = read_weights(model)
    for _ in range(ROUNDS):
        rounded = _split(fit(model, weights))
        numbers = {name: q * factors[:, None] for name, (q, factors) in rounded.items()}
        if all(np.array_equal(numbers[name], weights[name]) for name in numbers):
            break
        weights |= numbers
    else:
        raise ModelError(tr("its weights cannot be rounded to eight bits"), Place(model.path))
    tensors: dict[str, NDArray[np.generic]] = {}
    for name, values in weights.items():
        if name in rounded:
            q, factors = rounded[name]
            tensors[name] = q
            tensors[name + FACTORS] = factors.astype(np.float32)
        else:
            tensors[name] = values.astype(np.float32)
    file = BytesIO()
    write_model(file, tensors, model.network, model.vocabulary, model.record)
    return file.getvalue()


def _split(quantised: Quantised) -> dict[str, tuple[NDArray[np.int8], Floats]]:
    """The tensors that matrices over [x; h] were made of: integers (R, C), factors (R,)."""
    found = {}
    for index, matrix in enumerate(quantised.layers):
        parts = _split_layer(quantised.network, matrix)
        for kind, part in zip(("weight_ih", "weight_hh"), parts, strict=True):
            found[f"layers.{index}.{kind}"] = part
    found["head.weight"] = (quantised.head.q, quantised.head.factors / 2.0**quantised.head.shift)
    return found


def _split_layer(
    network: Network, matrix: Matrix
) -> tuple[tuple[NDArray[np.int8], Floats], tuple[NDArray[np.int8], Floats]]:
    import numpy as np

    hidden = network.hidden
    q, factors = matrix.q, matrix.factors / 2.0**matrix.shift
    if network.cell != "gru":
        return (q[:, :hidden], factors), (q[:, hidden:], factors)
    # The rows are r, z, the input's part of n, and the state's.
    of_x = np.arange(3 * hidden)
    of_h = np.r_[0 : 2 * hidden, 3 * hidden : 4 * hidden]
    return (q[of_x, :hidden], factors[of_x]), (q[of_h, hidden:], factors[of_h])
