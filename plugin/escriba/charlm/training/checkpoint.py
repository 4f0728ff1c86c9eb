"""The state of a training on disk: what a run that was stopped or killed goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from escriba import model as modelfile
from escriba.charlm.weights import write_atomically
from escriba.draft import remove_drafts
from escriba.errors import Place, TrainingError
from escriba.language import tr

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
        again = tr("begin again with: escriba train {name} --restart", name=self.folder.name)
        try:
            state: dict[str, Any] = torch.load(
                self.folder / FOLDER / name, map_location="cpu", weights_only=True
            )
        except Exception as error:
            raise TrainingError(
                tr(
                    "the checkpoint cannot be read ({error}); {again}",
                    error=type(error).__name__,
                    again=again,
                ),
                Place(self.shown / FOLDER / name),
            ) from None
        if state.pop("identity", None) != self.identity:
            raise TrainingError(
                tr(
                    "the recipe or the corpus has changed since the checkpoint was written; undo "
                    "the change, or {again}",
                    again=again,
                ),
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
