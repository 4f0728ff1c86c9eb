"""Models that a site asks for, and that have a recipe and no weights: trained on the way."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from escriba.cli.output import tell
from escriba.ground.errors import EscribaError, TrainingError
from escriba.ground.language import tr

if TYPE_CHECKING:
    from escriba.ground.project import Project


def list_untrained(error: EscribaError) -> set[str]:
    """The models whose training would mend an error."""
    return {problem.untrained for problem in error.problems if problem.untrained}


def train_missing(project: Project, names: Iterable[str]) -> bool:
    """Train these models, if the project lets a build do that and their recipes take no longer than
    it says; whether any has weights then.

    What is longer is told, with its command. Raises KeyboardInterrupt at Ctrl-C, when the work is
    kept; SourceError, CorpusError and TrainingError.
    """
    if project.settings.train == "never" or os.environ.get("CI"):
        return False
    trained = [_train(project, name) for name in sorted(names)]  # not only the first
    return any(trained)


def _train(project: Project, name: str) -> bool:
    from escriba.charlm.training.setup import find_minutes
    from escriba.records.recipe import FILE, read_recipe

    if not (project.models / name / FILE).exists():
        return False
    recipe = read_recipe(project.models, name, project.root)
    minutes, most = find_minutes(recipe), project.settings.train_minutes
    if minutes is None or minutes > most:
        took = tr("without end") if minutes is None else tr("{minutes:g} min", minutes=minutes)
        tell(
            tr(
                "models/{name}: a build trains for {most:g} min at most ('train-minutes'), and "
                "this recipe takes: {took}; train it with: escriba train {name}",
                name=name, most=most, took=took,
            )
        )  # fmt: skip
        return False
    from escriba.charlm.training.train import train
    from escriba.cli.display import shown, stopping

    tell(tr("models/{name}: no weights yet; training {minutes:g} min", name=name, minutes=minutes))
    with stopping() as stop, shown(name) as display:
        result = train(
            project, name, report=display.moment, reading=display.reading, began=display.began,
            wrote=display.wrote, stop=stop,
        )  # fmt: skip
    if not result.finished:
        raise TrainingError(
            tr("models/{name}: the training was interrupted, and its work is kept; go on with: "
               "escriba train {name}", name=name)
        )  # fmt: skip
    tell(tr("models/{name}: validation {best:.4f} nats", name=name, best=result.best))
    return True
