"""The state of a training on disk: what a run that was stopped or killed goes on from.

A checkpoint is a safetensors file: arrays, and one metadata key, `escriba`, with plain values as
JSON. It is a file like any other, which somebody else may have made.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escriba.charlm.memory import find_machine_memory
from escriba.charlm.training.engine import Arrays
from escriba.ground.atomic import remove_temporaries, write_atomically
from escriba.ground.errors import Place, TrainingError
from escriba.ground.files import open_file, refusals
from escriba.ground.language import tr
from escriba.ground.numbers import read_json
from escriba.records import model as modelfile
from escriba.records.tensors import write_tensors

FOLDER = "checkpoint"
LATEST = "latest.safetensors"  # where the run is
# Where its rate began to fall: a longer training goes on from there.
CONSTANT = "constant.safetensors"


@dataclass(frozen=True)
class State:
    """What a checkpoint holds: plain values, and arrays by their names."""

    values: Mapping[str, Any]
    arrays: Arrays


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on.

    `identity` is of what must not change under it; `shown` is how errors name the folder of the
    model.
    """

    folder: Path
    shown: Path
    identity: str

    def exists(self, name: str) -> bool:
        """Whether there is anything of that name."""
        return os.path.lexists(self.folder / FOLDER / name)

    def write(self, name: str, state: State) -> None:
        """Raises TrainingError for what cannot be written."""
        values = json.dumps({"identity": self.identity, **state.values}, allow_nan=False)
        path, shown = self.folder / FOLDER / name, self.shown / FOLDER / name
        write_atomically(
            path, lambda file: write_tensors(file, state.arrays, {"escriba": values}), shown,
            kind=TrainingError,
        )  # fmt: skip

    def read(self, name: str) -> State:
        """Raises TrainingError for a file that is no checkpoint, or one of another training."""
        path, shown = self.folder / FOLDER / name, self.shown / FOLDER / name
        open_file(path, shown, kind=TrainingError).close()
        there = find_machine_memory()
        try:
            if there is not None and path.stat().st_size > there:
                raise MemoryError
            state = _read(path)
            identity = state.values["identity"]
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of the library is no Exception
            raise self.refuse(name, error) from None
        if identity != self.identity:
            raise TrainingError(
                tr(
                    "the recipe, what --set changes in it, or the corpus is another than that of "
                    "the checkpoint; undo the change, {again}, or with what it has learnt: escriba "
                    "train {name} --restart --from {name}",
                    again=self._again,
                    name=self.folder.name,
                ),
                Place(self.shown / "recipe.yml"),
            )
        return state

    def refuse(self, name: str, error: BaseException) -> TrainingError:
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


def check_chosen(state: State, checkpoint: Checkpoint) -> dict[str, Any]:
    """What a state says that the recipe left open: batch, learning rate, dropout, precision; and
    the number of threads. Raises TrainingError for what no training chooses, or attempts."""
    try:
        chosen = state.values["chosen"]
        threads = chosen.get("threads")
        right = (
            type(chosen) is dict
            and chosen.keys() - {"threads"} == {"batch", "learning_rate", "dropout", "precision"}
            and _is_whole(chosen["batch"], 1, 65536)
            and _is_number(chosen["learning_rate"], 10)
            and _is_number(chosen["dropout"], 0.9)
            and chosen["precision"] in ("float32", "bfloat16")
            and (threads is None or _is_whole(threads, 1, 65536))
            and _is_whole(state.values["attempt"], 0, 65536)
        )
        if not right:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise checkpoint.refuse(LATEST, error) from None
    return {**chosen}


def _read(path: Path) -> State:
    """A file's arrays and values. Raises whatever a library makes of a file that is none."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        values = read_json(file.metadata()["escriba"])
        if not isinstance(values, dict):
            raise TypeError
        # It has its own place in memory: the file may be replaced.
        return State(values, {name: file.get_tensor(name).copy() for name in file.keys()})  # noqa: SIM118


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _is_number(value: object, high: float) -> bool:
    return type(value) in (int, float) and 0 <= value <= high and math.isfinite(value)  # type: ignore[operator, arg-type]
