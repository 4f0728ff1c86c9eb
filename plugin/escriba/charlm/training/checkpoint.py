"""The state of a training on disk: what a run that was stopped or killed goes on from."""

from __future__ import annotations

import math
import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch

from escriba.charlm.weights import write_atomically
from escriba.ground.atomic import remove_temporaries
from escriba.ground.errors import Place, TrainingError
from escriba.ground.files import open_file, refusals
from escriba.ground.language import tr
from escriba.records import model as modelfile

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
        """Whether there is anything of that name."""
        return os.path.lexists(self.folder / FOLDER / name)

    def write(self, name: str, state: Mapping[str, Any]) -> None:
        """Raises TrainingError for what cannot be written."""
        whole = {"identity": self.identity, **state}
        shown = self.shown / FOLDER / name
        write_atomically(self.folder / FOLDER / name, lambda file: torch.save(whole, file), shown)

    def read(self, name: str) -> dict[str, Any]:
        """Raises TrainingError for a file that torch cannot read, or of another training."""
        path, shown = self.folder / FOLDER / name, self.shown / FOLDER / name
        with open_file(path, shown, kind=TrainingError) as file:
            try:
                _refuse_bomb(file)
                state = torch.load(file, map_location="cpu", weights_only=True)
                if not isinstance(state, dict):
                    raise TypeError
            except Exception as error:
                raise self.refuse(name, error) from None
        if state.pop("identity", None) != self.identity:
            raise TrainingError(
                tr(
                    "the recipe or the corpus has changed since the checkpoint was written; undo "
                    "the change, or {again}",
                    again=self._again,
                ),
                Place(self.shown / "recipe.yml"),
            )
        return state

    def refuse(self, name: str, error: Exception) -> TrainingError:
        """The error for a checkpoint that nothing can go on from, because of what is in it."""
        problem = tr(
            "the checkpoint cannot be read ({error}); {again}",
            error=type(error).__name__, again=self._again,
        )  # fmt: skip
        return TrainingError(problem, Place(self.shown / FOLDER / name))

    @property
    def _again(self) -> str:
        return tr("begin again with: escriba train {name} --restart", name=self.folder.name)

    def sweep(self) -> None:
        """Remove the drafts of a process that was killed while it wrote. Raises TrainingError."""
        with refusals(TrainingError, self.shown, tr("cannot be tidied up")):
            for name in (f"{FOLDER}/{LATEST}", f"{FOLDER}/{CONSTANT}", modelfile.FILE,
                         f"{FOLDER}/{modelfile.FILE}"):  # fmt: skip
                remove_temporaries(self.folder / name)

    def remove(self) -> None:
        """Also of the weights beside. Raises TrainingError."""
        for name in (LATEST, CONSTANT, modelfile.FILE):
            with refusals(TrainingError, self.shown / FOLDER / name, tr("cannot be removed")):
                (self.folder / FOLDER / name).unlink(missing_ok=True)


def check_chosen(state: Mapping[str, Any], checkpoint: Checkpoint) -> dict[str, Any]:
    """What a state says that the recipe left open: batch, learning rate, dropout, precision; and
    the number of threads. Raises TrainingError for what no training chooses, or attempts."""
    try:
        chosen = state["chosen"]
        threads = chosen.get("threads")
        right = (
            type(chosen) is dict
            and chosen.keys() - {"threads"} == {"batch", "learning_rate", "dropout", "precision"}
            and _is_whole(chosen["batch"], 1, 65536)
            and _is_number(chosen["learning_rate"], 10)
            and _is_number(chosen["dropout"], 0.9)
            and chosen["precision"] in ("float32", "bfloat16")
            and (threads is None or _is_whole(threads, 1, 65536))
            and _is_whole(state["attempt"], 0, 65536)
        )
        if not right:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise checkpoint.refuse(LATEST, error) from None
    return {**chosen}


def _refuse_bomb(file: BinaryIO) -> None:
    """Raise for what torch.save has not made: in its archives nothing is compressed, so that none
    unpacks to more than it is."""
    if not zipfile.is_zipfile(file):
        raise pickle.UnpicklingError
    with zipfile.ZipFile(file) as archive:
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise zipfile.BadZipFile
        size = file.seek(0, os.SEEK_END)
        if sum(info.file_size for info in archive.infolist()) > size:
            raise zipfile.BadZipFile
    file.seek(0)


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _is_number(value: object, high: float) -> bool:
    return type(value) in (int, float) and 0 <= value <= high and math.isfinite(value)  # type: ignore[operator, arg-type]
