"""What training leaves on disk: the best weights, and the state to go on from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load, save

from escriba import model as modelfile
from escriba.charlm.network import CharLSTM, load_tensors, tensors
from escriba.draft import open_draft, remove_drafts
from escriba.errors import Place, TrainingError
from escriba.model import Model, Network
from escriba.vocabulary import Vocabulary

FOLDER = "checkpoint"
LATEST = "latest.pt"  # where the run is
CONSTANT = "constant.pt"  # where its rate began to fall: a longer training goes on from there


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on: plain values and tensors only (never pickled code).

    `identity` is of what must not change under it; `shown` is how errors name the folder of the
    model.
    """

    folder: Path
    shown: Path
    identity: str

    def exists(self, name: str) -> bool:
        return (self.folder / FOLDER / name).is_file()

    def write(self, name: str, state: Mapping[str, Any]) -> None:
        """Raises TrainingError for what cannot be written."""
        whole = {"identity": self.identity, **state}
        shown = self.shown / FOLDER / name
        write_atomically(self.folder / FOLDER / name, lambda file: torch.save(whole, file), shown)

    def read(self, name: str) -> dict[str, Any]:
        """Raises TrainingError for a file that torch cannot read, or of another training."""
        again = f"begin again with: escriba train {self.folder.name} --restart"
        try:
            state: dict[str, Any] = torch.load(
                self.folder / FOLDER / name, map_location="cpu", weights_only=True
            )
        except Exception as error:
            raise TrainingError(
                f"the checkpoint cannot be read ({type(error).__name__}); {again}",
                Place(self.shown / FOLDER / name),
            ) from None
        if state.pop("identity", None) != self.identity:
            raise TrainingError(
                "the recipe or the corpus has changed since the checkpoint was written; "
                f"undo the change, or {again}",
                Place(self.shown / "recipe.yml"),
            )
        return state

    def sweep(self) -> None:
        """Remove the drafts of a process that was killed while it wrote."""
        for name in (f"{FOLDER}/{LATEST}", f"{FOLDER}/{CONSTANT}", modelfile.FILE):
            remove_drafts(self.folder / name)

    def remove(self) -> None:
        for name in (LATEST, CONSTANT):
            (self.folder / FOLDER / name).unlink(missing_ok=True)


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
    data = _in_order(save(dict(weights), metadata))
    path = folder / modelfile.FILE
    write_atomically(path, lambda file: file.write(data), shown / modelfile.FILE)


def _in_order(data: bytes) -> bytes:
    """The same file with the keys of its header in order: safetensors writes its metadata in the
    order of a hash table, another one each time."""
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(
        json.loads(data[8 : 8 + size]), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + size :]


def load_network(model: Model) -> CharLSTM:
    """The network of a model file, ready to run (evaluation mode)."""
    network = CharLSTM(model.network, len(model.vocabulary))
    load_tensors(network, load(model.path.read_bytes()))
    return network.eval()


def copy_tensors(network: CharLSTM) -> dict[str, torch.Tensor]:
    """The weights as they are now, safe from further training."""
    return {name: tensor.clone() for name, tensor in tensors(network).items()}


def write_atomically(
    path: Path, write: Callable[[BinaryIO], object], shown: Path | None = None
) -> None:
    """Call `write` with a new file that then gets that name. Raises TrainingError at `shown`."""
    try:
        with open_draft(path) as file:
            write(file)
    except OSError as error:
        reason = error.strerror or str(error)
    except RuntimeError as error:  # what torch makes of a full disk
        reason = str(error).splitlines()[0]
    else:
        return
    raise TrainingError(
        f"cannot be written: {reason}; what was there before is kept", Place(shown or path)
    )
