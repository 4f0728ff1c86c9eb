"""When a training is taken to learn no more, from its validation losses alone."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from escriba.charlm.training.health import falls_no_more
from escriba.charlm.training.run import Run, begin
from escriba.charlm.training.settings import Limit, settle
from escriba.charlm.training.torch_engine import TorchBackend
from escriba.records.recipe import CorpusRecipe, NetworkRecipe, Recipe, Source, TrainingRecipe

EVERY = 100  # steps


def run_with(losses: list[float], *, patience: bool = True) -> Run:
    """A run that was validated so many times, at a constant rate."""
    training = TrainingRecipe(patience=patience)
    recipe = Recipe(
        CorpusRecipe((Source(file="text.txt"),)), NetworkRecipe(layers=1, hidden=8), training
    )
    network = recipe.architecture()
    settings = settle(recipe, Limit())
    run = begin(TorchBackend(torch.device("cpu"), "float32"), network, 4, settings)
    run.validations = [(EVERY * (n + 1), loss) for n, loss in enumerate(losses)]
    run.step = EVERY * len(losses)
    run.best, step = min((loss, step) for step, loss in run.validations)
    run.best_step = step
    return run


def ends_after(losses: list[float]) -> int | None:
    """The number of the validation at which a training with these losses ends."""
    counts = range(1, len(losses) + 1)
    return next((n for n in counts if falls_no_more(run_with(losses[:n]), EVERY)), None)


def test_a_loss_that_rises_ends_a_training() -> None:
    overfitted = [3.0 - 0.2 * n for n in range(10)] + [1.2 + 0.05 * n for n in range(20)]
    assert ends_after(overfitted) in range(15, 22)
    assert not falls_no_more(run_with(overfitted, patience=False), EVERY)


def test_a_loss_that_stays_where_it_is_ends_a_training() -> None:
    level = [3.0, 2.0, 1.5] + [1.4 + 0.01 * (n % 3) for n in range(40)]
    assert ends_after(level) in range(8, 20)


def test_a_lucky_validation_does_not_end_a_training_that_still_learns() -> None:
    falling = [2.0 / (n + 1) ** 0.1 for n in range(60)]
    assert ends_after(falling) is None
    lucky = list(falling)
    lucky[20] -= 0.1  # a loss like that comes at the 36th validation again
    assert ends_after(lucky) is None
