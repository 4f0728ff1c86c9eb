"""What training leaves on disk: the best weights, and the state to go on from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load, save

from escriba import model as modelfile
from escriba.charlm.network import CharLSTM, load_tensors, tensors
from escriba.draft import open_draft
from escriba.errors import Place, TrainingError
from escriba.model import Model, Network
from escriba.vocabulary import Vocabulary

FOLDER = "checkpoint"
FILE = "state.pt"


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on: plain values and tensors only (never pickled code)."""

    path: Path

    def exists(self) -> bool:
        return self.path.is_file()

    def write(self, state: Mapping[str, Any]) -> None:
        write_atomically(self.path, lambda file: torch.save(dict(state), file))

    def read(self) -> dict[str, Any]:
        """Raises TrainingError for a file that torch cannot read."""
        try:
            state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:
            name = self.path.parent.parent.name
            raise TrainingError(
                f"the checkpoint cannot be read ({type(error).__name__}); "
                f"begin again with: escriba train {name} --restart",
                Place(Path(*self.path.parts[-4:])),
            ) from None
        return state


def write_weights(
    folder: Path,
    weights: Mapping[str, torch.Tensor],
    network: Network,
    vocabulary: Vocabulary,
    record: Mapping[str, Any],
) -> None:
    """Write `weights.safetensors` whole or not at all."""
    metadata = modelfile.header(network, vocabulary, record)
    data = save(dict(weights), metadata)
    write_atomically(folder / modelfile.FILE, lambda file: file.write(data))


def load_network(model: Model) -> CharLSTM:
    """The network of a model file, ready to run (evaluation mode)."""
    network = CharLSTM(model.network, len(model.vocabulary))
    load_tensors(network, load(model.path.read_bytes()))
    return network.eval()


def copy_tensors(network: CharLSTM) -> dict[str, torch.Tensor]:
    """The weights as they are now, safe from further training."""
    return {name: tensor.clone() for name, tensor in tensors(network).items()}


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write` with a new file that then gets that name. Raises TrainingError."""
    try:
        with open_draft(path) as file:
            write(file)
    except OSError as error:
        raise TrainingError(f"cannot be written: {error.strerror}", Place(path)) from None
