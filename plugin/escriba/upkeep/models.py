"""Exact models trained again: a proof that the weights are those of recipe, corpus and record."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from escriba.ground.errors import (
    EscribaError,
    FrozenError,
    Place,
    Problem,
    SourceError,
    suggest,
)
from escriba.ground.files import exists, refusals
from escriba.ground.language import plural, tr
from escriba.ground.progress import Report
from escriba.ground.project import Project
from escriba.records.library import Library
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Model, read_model
from escriba.records.recipe import FILE as RECIPE

ENGINE, VERSION = "exact", "1"  # whose weights are the same everywhere, and its arithmetic


@dataclass(frozen=True)
class Proofs:
    """The models whose weights a training gave again, and those that no training can, and why."""

    proved: tuple[str, ...]
    unproved: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"models/{name}: {reason}" for name, reason in sorted(self.unproved.items())]
        right = plural(
            "{number} model has the weights that its recipe, corpus and record give, bit for bit",
            "{number} models have the weights that their recipes, corpora and records give, bit "
            "for bit",
            len(self.proved),
        )
        return "\n".join([*lines, right])


@dataclass(frozen=True)
class Terms:
    """What a record says of a training beside its recipe: how long, what a command set, dropout,
    and the model it began with."""

    limit: Mapping[str, float]
    changes: tuple[str, ...]
    origin: str | None


def prove_models(
    project: Project, names: Sequence[str] = (), report: Report = lambda what, share: None
) -> Proofs:
    """Train the exact models of a project again, or those named, in a folder of their own.

    Raises FrozenError with every model that ends in other weights, or cannot be trained;
    SourceError for a name that no model has.
    """
    found = Library(project).names()
    for name in names:
        if name not in found:
            raise SourceError(
                tr("there is no model '{name}'{hint}", name=name, hint=suggest(name, found))
            )
    proved, unproved, problems = [], {}, []
    for name in names or found:
        place = Place(project.shown(project.models / name / WEIGHTS))
        try:
            model = _read(project, name)
            digest = _train_again(project, model, _read_terms(project, model), report)
        except _NotProvedError as error:
            unproved[name] = str(error)
            continue
        except EscribaError as error:
            problems += [Problem(each.message, place) for each in error.problems]
            continue
        if digest == model.digest:
            proved.append(name)
            continue
        problem = tr(
            "its recipe and its corpus give other weights: {found}…, and these are {own}…; train "
            "it again with: escriba train {name} --restart",
            found=digest[:12], own=model.digest[:12], name=name,
        )  # fmt: skip
        problems.append(Problem(problem, place))
    if problems:
        raise FrozenError(problems)
    return Proofs(tuple(proved), unproved)


class _NotProvedError(Exception):
    """Why a model is none that training it again could prove."""


def _read(project: Project, name: str) -> Model:
    if not exists(project.models / name / WEIGHTS):
        raise _NotProvedError(tr("not trained"))
    if not exists(project.models / name / RECIPE):
        raise _NotProvedError(tr("it has no recipe"))
    return read_model(project.models / name, project.shown(project.models / name))


def _read_terms(project: Project, model: Model) -> Terms:
    """What the record of a model says, which anybody can have written."""
    training = model.record.get("training")
    training = training if isinstance(training, dict) else {}
    version, limit = training.get(ENGINE), training.get("limit")
    if version is None:
        raise _NotProvedError(tr("not of the exact engine, whose weights alone can be proved"))
    if version != VERSION:
        raise _NotProvedError(
            tr("of another arithmetic ({found}, not {own})", found=version, own=VERSION)
        )
    changes, dropout = training.get("set", []), training.get("dropout")
    right = (
        isinstance(limit, dict)
        and limit.keys() <= {"epochs", "steps"}
        and all(type(value) in (int, float) for value in limit.values())
        and isinstance(changes, list)
        and all(isinstance(change, str) for change in changes)
        and isinstance(dropout, str)
    )
    if not right or limit is None:
        raise _NotProvedError(
            tr("its record does not say how long it was trained: it is not finished, or was gone "
               "on with in a way of its own")
        )  # fmt: skip
    own = (*changes, f"training.engine={ENGINE}", f"network.dropout={dropout}")
    return Terms(limit, own, _find_origin(project, model, training.get("from")))


def _find_origin(project: Project, model: Model, begun: Any) -> str | None:
    """The model that a training began with, if it still has the weights that it had then."""
    if begun is None:
        return None
    name = begun.get("model") if isinstance(begun, dict) else None
    if not isinstance(name, str) or name not in Library(project).names() or name == model.name:
        raise _NotProvedError(tr("the model that it began with is not here"))
    origin = _read(project, name)
    if origin.digest != begun.get("digest"):
        raise _NotProvedError(
            tr("it began with other weights than those that '{name}' has now", name=name)
        )
    return name


def _train_again(project: Project, model: Model, terms: Terms, report: Report) -> str:
    """The digest of the weights that the recipe of a model gives."""
    from escriba.charlm.training.train import train

    with _stage(project, model.name, terms.origin) as staged:
        train(
            staged, model.name, epochs=terms.limit.get("epochs"), steps=_steps(terms),
            budget=None if terms.limit else "best", changes=terms.changes, start=terms.origin,
            report=lambda moment: report(f"models/{model.name}", moment.share or 0.0),
        )  # fmt: skip
        return read_model(staged.models / model.name).digest


def _steps(terms: Terms) -> int | None:
    steps = terms.limit.get("steps")
    return None if steps is None else int(steps)


@contextmanager
def _stage(project: Project, name: str, origin: str | None) -> Iterator[Project]:
    """The project, with a folder of models that has no more than what a training begins with."""
    with refusals(SourceError, project.shown(project.cache)):
        project.cache.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="proof-", dir=project.cache))
    try:
        with refusals(SourceError, project.shown(folder)):
            (folder / name).mkdir()
            shutil.copyfile(project.models / name / RECIPE, folder / name / RECIPE)
            if origin is not None:
                (folder / origin).mkdir()
                shutil.copyfile(project.models / origin / WEIGHTS, folder / origin / WEIGHTS)
        models = folder.relative_to(project.root)
        yield replace(project, settings=replace(project.settings, models=models))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
