"""Exact models trained again: a proof that the weights are those of recipe and corpus."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from escriba.ground.errors import FrozenError, Place, Problem, SourceError, suggest
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
            "{number} model has the weights that its recipe and its corpus give, bit for bit",
            "{number} models have the weights that their recipes and corpora give, bit for bit",
            len(self.proved),
        )
        return "\n".join([*lines, right])


def prove_models(
    project: Project, names: Sequence[str] = (), report: Report = lambda what, share: None
) -> Proofs:
    """Train the exact models of a project again, or those named, in a folder of their own.

    Raises FrozenError with every model that ends in other weights; SourceError for a name that no
    model has; what `train` raises where it cannot train.
    """
    found = Library(project).names()
    for name in names:
        if name not in found:
            raise SourceError(
                tr("there is no model '{name}'{hint}", name=name, hint=suggest(name, found))
            )
    proved, unproved, problems = [], {}, []
    for name in names or found:
        model = read_model(project.models / name, project.shown(project.models / name))
        reason = _refuse(model, project)
        if reason:
            unproved[name] = reason
            continue
        digest = _train_again(project, model, report)
        if digest == model.digest:
            proved.append(name)
            continue
        problem = tr(
            "its recipe and its corpus give other weights: {found}…, and these are {own}…; train "
            "it again with: escriba train {name} --restart",
            found=digest[:12], own=model.digest[:12], name=name,
        )  # fmt: skip
        problems.append(Problem(problem, Place(project.shown(model.path))))
    if problems:
        raise FrozenError(problems)
    return Proofs(tuple(proved), unproved)


def _refuse(model: Model, project: Project) -> str:
    """Why a model cannot be proved by training it again; nothing if it can."""
    training = model.record.get("training", {})
    version = training.get(ENGINE)
    if version is None:
        return tr("not of the exact engine, whose weights alone can be proved")
    if version != VERSION:
        return tr("of another arithmetic ({found}, not {own})", found=version, own=VERSION)
    if "limit" not in training:
        return tr("its record does not say how long it was trained")
    if not exists(project.models / model.name / RECIPE):
        return tr("it has no recipe")
    return ""


def _train_again(project: Project, model: Model, report: Report) -> str:
    """The digest of the weights that the recipe of a model gives."""
    from escriba.charlm.training.train import train

    training: Mapping[str, Any] = model.record["training"]
    with _stage(project, model) as staged:
        train(
            staged, model.name, **training["limit"], changes=training.get("set", ()),
            start=training.get("from", {}).get("model"),
            report=lambda moment: report(f"models/{model.name}", moment.share or 0.0),
        )  # fmt: skip
        return read_model(staged.models / model.name).digest


@contextmanager
def _stage(project: Project, model: Model) -> Iterator[Project]:
    """The project, with a folder of models that has no more than what a training begins with."""
    with refusals(SourceError, project.shown(project.cache)):
        project.cache.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="proof-", dir=project.cache))
    try:
        with refusals(SourceError, project.shown(folder)):
            (folder / model.name).mkdir()
            own = project.models / model.name / RECIPE
            shutil.copyfile(own, folder / model.name / RECIPE)
            origin = model.record["training"].get("from", {}).get("model")
            if origin is not None and exists(project.models / origin / WEIGHTS):
                (folder / origin).mkdir(exist_ok=True)
                shutil.copyfile(project.models / origin / WEIGHTS, folder / origin / WEIGHTS)
        models = folder.relative_to(project.root)
        yield replace(project, settings=replace(project.settings, models=models))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
