"""The weights of a training: their file and its record, and whether they take the place of others.

A training of a model that has weights or a record already writes its own into `checkpoint/`. At its
end they take the place of the others, together, if they are better; these are kept there in turn.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escriba.charlm.training.checkpoint import FOLDER
from escriba.charlm.training.log import FILE as LOG
from escriba.charlm.training.novelty import Memory
from escriba.charlm.training.run import Run
from escriba.charlm.training.training import Training
from escriba.corpora.cleaning import describe as describe_cleaning
from escriba.ground import atomic
from escriba.ground.atomic import write_atomically
from escriba.ground.errors import ModelError, TrainingError
from escriba.ground.files import refusals
from escriba.ground.language import tr
from escriba.ground.lock import hold_project
from escriba.ground.project import Project
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import read_model, write_model

BEFORE = f"{FOLDER}/before"  # where what was replaced is kept, until the next time
PAIR = (LOG, WEIGHTS)  # in this order: a record without its weights is what a resumed run mends


@dataclass(frozen=True)
class Verdict:
    """Whether new weights take the place, and the loss of those that stood there, on the same text;
    None where there were none to compare with."""

    taken: bool
    standing: float | None = None


def describe_engine(training: Training, run: Run, *, finished: bool) -> dict[str, Any]:
    """What trained, in its version; of a finished training of the exact engine also how long, if
    with that the weights can be had again: one that was gone on with may have its own path."""
    backend = training.backend
    own = run.path != "straight" or (run.stale is not None and run.since > 0)
    if backend.name != "exact" or not finished or own:
        return {backend.name: backend.version}
    _, epochs, steps = run.asked or (None, None, None)
    limit = {"epochs": epochs, "steps": steps}
    limit = {name: value for name, value in limit.items() if value is not None}
    return {backend.name: backend.version, "limit": limit}


def judge(training: Training, best: float, symbols: int, *, force: bool) -> Verdict:
    """Whether weights of that validation loss take the place. `symbols`: of how many it is, at
    most, as in `measure`."""
    place = training.folder / WEIGHTS
    if not training.is_beside or not os.path.lexists(place):
        return Verdict(True)
    try:
        model = read_model(training.folder, training.shown)
        if model.vocabulary != training.corpus.vocabulary:
            return Verdict(force)
        before = training.corpus.train[-1024:]
        loss = training.backend.measure(
            model, training.shown / WEIGHTS, training.held_out, before, symbols
        )
    except ModelError:  # nothing that anybody could go back to; it is kept all the same
        return Verdict(True)
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


def write(
    training: Training, run: Run, loss: float, memory: Memory | None = None, *, finished: bool
) -> None:
    """Write the best weights of a run, with that validation loss in their record. Raises
    TrainingError."""
    record = describe(training, run, loss, memory, finished=finished)
    vocabulary = training.corpus.vocabulary
    write_atomically(
        training.own / WEIGHTS,
        lambda file: write_model(file, run.best_weights, run.network, vocabulary, record),
        training.log.shown.with_name(WEIGHTS),
        kind=TrainingError,
    )


def describe(
    training: Training, run: Run, loss: float, memory: Memory | None = None, *, finished: bool
) -> dict[str, Any]:
    """The record of the best weights, at the moment when they were the best: their validation loss
    is given, and what they repeat of the training text.
    Numbers with a fraction are decimal text."""
    recipe, corpus, origin = training.recipe, training.corpus, training.origin
    characters = run.characters // max(run.step, 1) * run.best_step  # as many at each step
    seconds = run.seconds if run.best_seconds is None else run.best_seconds
    return {
        "corpus": {
            "name": recipe.corpus.name,
            "language": recipe.corpus.language,
            "licence": corpus.licence,
            "digest": corpus.digest,
            "characters": corpus.characters,
            "bytes": corpus.bytes,
            "sources": [dict(source) for source in corpus.sources],
            **({} if corpus.vocabulary.mark is None else {"split-by": "files"}),
            **describe_cleaning(recipe.corpus),
        },
        "training": {
            "validation": f"{loss:.4f}",
            "steps": run.best_step,
            "characters": characters,
            "epochs": f"{characters / max(1, len(corpus.train)):.1f}",
            "seconds": round(seconds),
            "dropout": str(run.settings.dropout),
            **({"set": list(training.changes)} if training.changes else {}),
            **({} if origin is None else {"from": origin.to_record()}),
            **({} if training.has_learnt(loss) else {"untrained": True}),
            **({} if memory is None else memory.to_record()),
            **describe_engine(training, run, finished=finished),
        },
    }
