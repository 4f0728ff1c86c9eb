"""The models of a project beside each other: what each is, and how well it has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from escriba.ground.errors import EscribaError
from escriba.ground.project import Project
from escriba.records.library import Library
from escriba.records.model import Model, read_model
from escriba.records.recipe import read_recipe


@dataclass(frozen=True)
class Entry:
    """A model, as far as its files say. `validation` is in nats per symbol, as recorded; `bytes`
    those of its weights; what is not known is None, and of one without weights all but its corpus.
    `problem` says what is wrong with its files."""

    name: str
    trained: bool
    corpus: str | None = None
    cell: str | None = None
    layers: int | None = None
    hidden: int | None = None
    residual: bool | None = None
    parameters: int | None = None
    bytes: int | None = None
    symbols: int | None = None
    unit: str | None = None
    characters: int | None = None  # of its corpus
    validation: str | None = None
    steps: int | None = None
    untrained: bool = False
    begun_from: str | None = None
    engine: str | None = None  # and its version: exact 1, torch 2.13.0
    digest: str | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def list_models(project: Project) -> list[Entry]:
    """The models of a project, in the order of their names. Raises ModelError for a folder that
    cannot be read; a model that cannot be is told in its entry."""
    library = Library(project)
    return [_describe(project, library, name) for name in library.names()]


def _describe(project: Project, library: Library, name: str) -> Entry:
    folder = project.models / name
    try:
        if not library.has_weights(name):
            recipe = read_recipe(project.models, name, project.root)
            return Entry(name, False, corpus=recipe.corpus.name or None)
        project.admit(folder)
        return _read(read_model(folder, project.shown(folder)))
    except EscribaError as error:
        return Entry(name, False, problem=str(error.problems[0]))


def _read(model: Model) -> Entry:
    network = model.network
    corpus, training = (_section(model, name) for name in ("corpus", "training"))
    begun = training.get("from")
    return Entry(
        model.name, True, _text(corpus.get("name")), network.cell, network.layers, network.hidden,
        network.residual, model.parameters, model.path.stat().st_size, len(model.vocabulary),
        model.vocabulary.unit, _whole(corpus.get("characters")), _text(training.get("validation")),
        _whole(training.get("steps")), training.get("untrained") is True,
        _text(begun.get("model")) if isinstance(begun, dict) else None, _engine(training),
        model.digest,
    )  # fmt: skip


def _engine(training: Mapping[str, Any]) -> str | None:
    found = (f"{name} {training[name]}" for name in ("exact", "torch") if _text(training.get(name)))
    return next(found, None)


def _section(model: Model, name: str) -> Mapping[str, Any]:
    found = model.record.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None
