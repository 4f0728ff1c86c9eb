"""The weights that stand in a model's folder, and those of a training that want their place.

A training of a model that has weights or a record already writes its own into `checkpoint/`. At its
end they take the place of the others, together, if they are better; these are kept there in turn.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from escriba.charlm.measure import measure
from escriba.charlm.training.checkpoint import FOLDER
from escriba.charlm.training.log import FILE as LOG
from escriba.charlm.training.run import Run
from escriba.charlm.training.training import Training
from escriba.charlm.weights import load_network
from escriba.ground import atomic
from escriba.ground.errors import ModelError, TrainingError
from escriba.ground.files import refusals
from escriba.ground.language import tr
from escriba.ground.lock import hold_project
from escriba.ground.project import Project
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import read_model

BEFORE = f"{FOLDER}/before"  # where what was replaced is kept, until the next time
PAIR = (LOG, WEIGHTS)  # in this order: a record without its weights is what a resumed run mends


@dataclass(frozen=True)
class Verdict:
    """Whether new weights take the place, and the loss of those that stood there, on the same text;
    None where there were none to compare with."""

    taken: bool
    standing: float | None = None


def judge(training: Training, run: Run, best: float, symbols: int, *, force: bool) -> Verdict:
    """Whether weights of that validation loss take the place. `symbols`: of how many it is, at
    most, as in `measure`."""
    place = training.folder / WEIGHTS
    if not training.is_beside or not os.path.lexists(place):
        return Verdict(True)
    try:
        model = read_model(training.folder, training.shown)
        network = load_network(model, training.shown / WEIGHTS).to(run.device)
    except ModelError:  # nothing that anybody could go back to; it is kept all the same
        return Verdict(True)
    if model.vocabulary != training.corpus.vocabulary:
        return Verdict(force)
    before = training.corpus.train[-1024:]
    loss = measure(network, training.held_out, before, symbols=symbols)
    return Verdict(force or best < loss, loss)


def take(project: Project, training: Training) -> None:
    """Put the weights and the record of a training into their place, and keep those that were
    there. Raises TrainingError, and SourceError if another command works in the project for too
    long."""
    folder, own = training.folder, training.own
    with (
        hold_project(project),
        refusals(TrainingError, training.shown, tr("the new weights cannot take their place")),
    ):
        for name in PAIR:
            if os.path.lexists(folder / name):
                _keep(folder / name, folder / BEFORE / name)
        for name in PAIR:
            if (own / name).exists():
                (own / name).replace(folder / name)
        atomic.sync([folder, own])


def _keep(path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    with atomic.open_atomically(copy) as target, path.open("rb") as source:
        shutil.copyfileobj(source, target)
