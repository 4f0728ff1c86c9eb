"""A model as a file: `models/<name>/weights.safetensors`, its header, and its digest.

The file is plain safetensors. One metadata key, `escriba`, holds the header as JSON: the
network's configuration, the vocabulary, and the record of corpus and training. The tensors
are float32, or the matrices have eight bits (`tensors`); they are named and laid out as in torch
(V symbols, H hidden units, G gate blocks per cell: rnn 1, gru 3 in the order r, z, n, lstm 4 in
the order i, f, g, o):

    embedding.weight         (V, H)
    layers.<l>.weight_ih     (G·H, H)     layers.<l>.bias_ih   (G·H,)
    layers.<l>.weight_hh     (G·H, H)     layers.<l>.bias_hh   (G·H,)
    head.weight              (V, H)       head.bias            (V,)

The network: x₀ = embedding[symbol]; for each layer hₗ = cell(xₗ, previous hₗ), then
xₗ₊₁ = xₗ + hₗ (residual) or hₗ (plain); logits = head(x_L).

Reading a header needs neither torch nor numpy nor the safetensors package.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from escriba.ground.digest import digest
from escriba.ground.errors import ModelError, Place, Problem
from escriba.ground.files import open_file, refusals, resolve
from escriba.ground.language import tr
from escriba.ground.numbers import read_json
from escriba.records.tensors import Tensor, read_tensors, write_tensors
from escriba.records.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = "escriba-charlm/1"
FILE = "weights.safetensors"
HEADER_LIMIT = 4 << 20  # bytes; a larger header is an attack or an accident
SYMBOLS = 1 << 16  # of a vocabulary, at most
LARGEST = 1 << 30  # bytes of weights: what a browser and the kernel's memory can hold

Cell = Literal["rnn", "gru", "lstm"]
GATES: Mapping[str, int] = {"rnn": 1, "gru": 3, "lstm": 4}


@dataclass(frozen=True)
class Network:
    """The configuration of a network, as far as running it needs."""

    cell: Cell
    layers: int
    hidden: int
    residual: bool

    def shapes(self, symbols: int) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor, for a vocabulary of that many symbols."""
        h, g = self.hidden, GATES[self.cell]
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (symbols, h)}
        for layer in range(self.layers):
            name = f"layers.{layer}"
            shapes[f"{name}.weight_ih"] = shapes[f"{name}.weight_hh"] = (g * h, h)
            shapes[f"{name}.bias_ih"] = shapes[f"{name}.bias_hh"] = (g * h,)
        shapes["head.weight"] = (symbols, h)
        shapes["head.bias"] = (symbols,)
        return shapes

    def count(self, symbols: int) -> int:
        """How many numbers training sets, for a vocabulary of that many symbols."""
        return sum(map(math.prod, self.shapes(symbols).values()))


@dataclass(frozen=True)
class Model:
    """What the header of a model file says; the weights stay on disk.

    `record` is what training wrote down: `corpus` (digest, characters, bytes, sources…) and
    `training` (validation loss in nats per character, characters seen, seconds, …).
    """

    name: str
    path: Path
    network: Network
    vocabulary: Vocabulary
    record: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    @property
    def parameters(self) -> int:
        """How many numbers training set. Of the two biases of a cell both count, as in torch."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors.values())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what determines the model's text: network, vocabulary and weights.

        The record of training and the layout of the file do not enter it.
        """
        with open_file(self.path, kind=ModelError) as file:
            tensors = {
                name: [list(tensor.shape), tensor.digest(file)]
                for name, tensor in self.tensors.items()
            }
        return digest(
            {
                "format": FORMAT,
                "network": asdict(self.network),
                "vocabulary": asdict(self.vocabulary),
                "tensors": tensors,
            }
        )


def header(network: Network, vocabulary: Vocabulary, record: Mapping[str, Any]) -> dict[str, str]:
    """The safetensors metadata of a model."""
    value = {"network": asdict(network), "vocabulary": asdict(vocabulary), "record": dict(record)}
    return {
        "format": FORMAT,
        "escriba": json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False),
    }


def write_model(
    file: BinaryIO, weights: Mapping[str, NDArray[Any]], network: Network, vocabulary: Vocabulary,
    record: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write a model file: the same bytes for the same content."""
    write_tensors(file, weights, header(network, vocabulary, record))


def read_model(folder: Path, shown: Path | None = None) -> Model:
    """The model of a folder `models/<name>`; `shown` is how messages name the folder.

    Raises ModelError for a file that is missing, truncated, or not a model of escriba.
    """
    path = folder / FILE
    place = Place((shown or folder) / FILE)
    remedy = tr("train it with: escriba train {name}", name=folder.name)
    if not os.path.lexists(path):
        problem = tr("the model '{name}' has no weights; {remedy}", name=folder.name, remedy=remedy)
        raise ModelError(Problem(problem, place, untrained=folder.name))
    return _read(path, folder.name, place, remedy)


def read_weights(model: Model, shown: Path | None = None) -> dict[str, NDArray[np.float32]]:
    """The numbers of each tensor, by its name; `shown` is how errors name the file. Raises
    ModelError if one is not finite, or the file is not what its header said."""
    import numpy as np

    place, weights = Place(shown or model.path), {}
    with open_file(model.path, place.path, kind=ModelError) as file:
        for name, tensor in model.tensors.items():
            array = np.frombuffer(b"".join(tensor.read(file)), "<f4")
            if len(array) != math.prod(tensor.shape):
                raise ModelError(tr("has changed while it was read"), place)
            if not np.isfinite(array).all():
                raise ModelError(
                    tr("the tensor '{name}' has numbers that are not finite", name=name), place
                )
            weights[name] = array.astype(np.float32).reshape(tensor.shape)
    return weights


def read_file(path: Path) -> Model:
    """The model of a file that lies anywhere; it has the name of its file, or of its folder if the
    file has the usual name. Raises ModelError for what is not a model of escriba."""
    name = resolve(path).parent.name if path.name == FILE else path.stem
    return _read(path, name, Place(path), tr("fetch it again"))


def _read(path: Path, name: str, place: Place, remedy: str) -> Model:
    head, size = _read_head(path, place, remedy)
    try:
        model = _parse_head(head, name, path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = tr("lacks {key}", key=error) if isinstance(error, KeyError) else error
        raise ModelError(
            tr("not a model of escriba: {reason}; {remedy}", reason=reason, remedy=remedy), place
        ) from None
    end = max(part.end for tensor in model.tensors.values() for part in tensor.parts)
    if end != size:
        raise ModelError(
            tr(
                "the file is truncated or padded: {size} bytes instead of {end}; restore it, "
                "or {remedy}",
                size=size,
                end=end,
                remedy=remedy,
            ),
            place,
        )
    return model


def _read_head(path: Path, place: Place, remedy: str) -> tuple[bytes, int]:
    """The header of a file, and the size of the whole in bytes. Raises ModelError."""
    with (
        refusals(ModelError, place.path, path=path),
        open_file(path, place.path, kind=ModelError) as file,
    ):
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, HEADER_LIMIT):
            raise ModelError(
                tr(
                    "not a whole model file ({size} bytes); restore it, or {remedy}",
                    size=size,
                    remedy=remedy,
                ),
                place,
            )
        return file.read(length), size


def _parse_head(head: bytes, name: str, path: Path) -> Model:
    """The model that a header tells. Raises ValueError, KeyError, TypeError or AttributeError for
    one that is not escriba's."""
    entries = read_json(head)
    metadata = entries.pop("__metadata__")
    if metadata["format"] != FORMAT:
        raise ValueError(
            tr(
                "its format is {found!r}, not '{format}'",
                found=str(metadata["format"])[:40],
                format=FORMAT,
            )
        )
    value = read_json(metadata["escriba"])
    network = Network(**value["network"])
    vocabulary = Vocabulary(**value["vocabulary"])
    _refuse_nonsense(network, vocabulary, value["record"])
    shapes = network.shapes(len(vocabulary))
    weight = 4 * sum(map(math.prod, shapes.values()))
    if weight > LARGEST:
        raise ValueError(
            tr("it has {size} MB of weights, of at most {largest}",
               size=weight >> 20, largest=LARGEST >> 20)
        )  # fmt: skip
    tensors = read_tensors(entries, 8 + len(head), shapes)
    return Model(name, path, network, vocabulary, value["record"], tensors)


def _refuse_nonsense(network: Network, vocabulary: Vocabulary, record: object) -> None:
    """Raise ValueError for a header that training never writes: anybody can make a file."""
    sizes = (network.layers, network.hidden)
    if (
        network.cell not in GATES
        or any(type(size) is not int for size in sizes)
        or not (0 < network.layers <= 64 and 0 < network.hidden <= 8192)
        or type(network.residual) is not bool
    ):
        raise ValueError(tr("a network of {network}", network=network))
    symbols = vocabulary.symbols
    if vocabulary.unit not in ("characters", "bytes") or not isinstance(symbols, str):
        raise ValueError(tr("its vocabulary is not one of characters or bytes"))
    if not 0 < len(symbols) <= SYMBOLS:
        raise ValueError(tr("a vocabulary of {number} symbols", number=len(symbols)))
    if any(first >= second for first, second in pairwise(symbols)):
        raise ValueError(tr("the symbols of its vocabulary are not in order, each once"))
    last = "\xff" if vocabulary.unit == "bytes" else "\U0010ffff"
    if symbols[-1] > last or any("\ud800" <= symbol <= "\udfff" for symbol in symbols):
        raise ValueError(tr("its vocabulary has symbols that no text has"))
    if not isinstance(record, dict):
        raise ValueError(tr("its record is not a mapping"))
