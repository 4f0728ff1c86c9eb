"""Models that a site asks for, and that have a recipe and no weights: trained on the way."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from escriba.cli.output import tell
from escriba.ground.errors import EscribaError
from escriba.ground.language import tr

if TYPE_CHECKING:
    from escriba.ground.project import Project


NO = ("", "0", "false", "no")  # what an environment may say instead of nothing


def list_untrained(error: EscribaError) -> set[str]:
    """The models whose training would mend an error."""
    return {problem.untrained for problem in error.problems if problem.untrained}


def train_missing(project: Project, names: Iterable[str]) -> bool:
    """Train these models, if the project lets a build do that and their recipes take no longer than
    it says; whether any has weights then.

    What is longer is told, with its command, and so is what goes wrong. Raises KeyboardInterrupt at
    Ctrl-C, when the work is kept.
    """
    if project.settings.train == "never" or os.environ.get("CI", "").lower() not in NO:
        return False
    trained = []
    for name in sorted(names):
        try:
            trained.append(_train(project, name))
        except EscribaError as error:
            tell(str(error))
    return any(trained)


def _train(project: Project, name: str) -> bool:
    from escriba.charlm.training.setup import find_minutes
    from escriba.records.recipe import FILE, read_recipe

    if not (project.models / name / FILE).exists():
        return False
    recipe = read_recipe(project.models, name, project.root)
    minutes, most = find_minutes(recipe), project.settings.train_minutes
    if minutes is None or minutes > most:
        took = tr("nobody knows how long") if minutes is None else _show(minutes)
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

    tell(tr("models/{name}: no weights yet; training, for about {time}", name=name,
            time=_show(minutes)))  # fmt: skip
    with stopping() as stop, shown(name) as display:
        result = train(
            project, name, report=display.moment, reading=display.reading, began=display.began,
            wrote=display.wrote, stop=stop, aside=True,
        )  # fmt: skip
    if not result.finished:
        tell(tr("models/{name}: the training was interrupted, and its work is kept; the next build "
                "goes on with it", name=name))  # fmt: skip
        raise KeyboardInterrupt
    tell(tr("models/{name}: validation {best:.4f} nats", name=name, best=result.best))
    return True


def _show(minutes: float) -> str:
    return tr("{minutes:.2g} min", minutes=minutes)
