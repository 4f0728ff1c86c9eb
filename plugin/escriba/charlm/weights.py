"""Weights on disk: a model file, written whole or not at all, and the network read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from escriba.charlm.network import CharLSTM, load_tensors, tensors
from escriba.ground.atomic import open_atomically
from escriba.ground.errors import ModelError, Place, TrainingError
from escriba.ground.files import read_bytes
from escriba.ground.language import tr
from escriba.records import model as modelfile
from escriba.records.model import LARGEST, Model, Network
from escriba.records.tensors import FACTORS
from escriba.records.vocabulary import Vocabulary


def write_weights(
    folder: Path,
    weights: Mapping[str, torch.Tensor],
    network: Network,
    vocabulary: Vocabulary,
    record: Mapping[str, Any],
    shown: Path,
) -> None:
    """Write `weights.safetensors` whole or not at all. Raises TrainingError."""
    metadata = modelfile.header(network, vocabulary, record)
    data = modelfile.in_order(save(dict(weights), metadata))
    path = folder / modelfile.FILE
    write_atomically(path, lambda file: file.write(data), shown / modelfile.FILE)


def load_network(model: Model, shown: Path | None = None) -> CharLSTM:
    """The network of a model file, ready to run (evaluation mode); `shown` is how errors name the
    file. Raises ModelError for one that is not what its header said, or has no numbers in it."""
    place = Place(shown or model.path)
    network = CharLSTM(model.network, len(model.vocabulary))
    try:
        data = load(read_bytes(model.path, place.path, kind=ModelError, limit=2 * LARGEST))
        weights = _widen(data)
        load_tensors(network, weights)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(tr("not a model of escriba: {reason}", reason=reason), place) from None
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(
                tr("the tensor '{name}' has numbers that are not finite", name=name), place
            )
    return network.eval()


def _widen(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of a file as float32, those of eight bits times the factors of their rows."""
    return {
        name: tensor.float() * weights[name + FACTORS][:, None]
        if tensor.dtype == torch.int8
        else tensor
        for name, tensor in weights.items()
        if not name.endswith(FACTORS)
    }


def copy_tensors(network: CharLSTM) -> dict[str, torch.Tensor]:
    """The weights as they are now, safe from further training."""
    return {name: tensor.clone() for name, tensor in tensors(network).items()}


def write_atomically(
    path: Path, write: Callable[[BinaryIO], object], shown: Path | None = None
) -> None:
    """Call `write` with a new file that then gets that name. Raises TrainingError at `shown`."""
    try:
        with open_atomically(path) as file:
            write(file)
    except OSError as error:
        reason = error.strerror or str(error)
    except RuntimeError as error:  # what torch makes of a full disk
        reason = str(error).splitlines()[0]
    else:
        return
    raise TrainingError(
        tr("cannot be written: {reason}; what was there before is kept", reason=reason),
        Place(shown or path),
    )
