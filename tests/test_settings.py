"""A recipe and a budget → settings, and how far a training goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training.clock import count_steps, goes_further
from escriba.charlm.training.settings import Limit, Schedule, settle
from escriba.ground import schema
from escriba.ground.errors import Place, SourceError
from escriba.records.recipe import Recipe

CORPUS = "corpus: {sources: [{file: a}]}\n"


def read(text: str) -> Recipe:
    return schema.read(Recipe, CORPUS + text, Place(Path("recipe.yml"), 1))


@pytest.mark.parametrize(
    ("recipe", "asked", "budget", "expected"),
    [
        ("", Limit(), None, Limit(minutes=10)),
        ("training: {budget: 1 minute}", Limit(), None, Limit(minutes=1)),
        ("training: {budget: 1 hour}", Limit(), None, Limit(minutes=60)),
        ("training: {budget: best}", Limit(), None, Limit()),
        ("training: {epochs: 3}", Limit(), None, Limit(epochs=3)),
        ("training: {minutes: 5, steps: 9}", Limit(), None, Limit(minutes=5, steps=9)),
        ("training: {minutes: 5}", Limit(steps=7), None, Limit(steps=7)),
        ("training: {minutes: 5}", Limit(), "1 hour", Limit(minutes=60)),
        ("training: {budget: best, minutes: 5}", Limit(), None, Limit(minutes=5)),
    ],
)
def test_what_is_asked_for_takes_the_place_of_the_recipe(
    recipe: str, asked: Limit, budget: Any, expected: Limit
) -> None:
    assert settle(read(recipe), asked, budget).limit == expected


@pytest.mark.parametrize(
    ("asked", "symbols", "expected"),
    [
        (Limit(epochs=5), 10**6, 0.0),
        (Limit(epochs=10), 10**6, 0.1),
        (Limit(steps=10**6), 10**7, 0.2),
        (Limit(minutes=10), 10**8, 0.0),
        (Limit(minutes=10), 10**6, 0.1),
        (Limit(minutes=60), 10**6, 0.2),
        (Limit(minutes=10), 40_000, 0.4),
        (Limit(minutes=10, epochs=2), 40_000, 0.0),
    ],
)
def test_a_text_that_is_read_often_has_more_dropout(
    asked: Limit, symbols: int, expected: float
) -> None:
    assert settle(read(""), asked, symbols=symbols).dropout == expected
    assert settle(read("network: {dropout: 0.3}"), asked, symbols=symbols).dropout == 0.3


def test_muon_has_a_rate_of_its_own() -> None:
    assert settle(read(""), Limit()).learning_rate == 0.012
    assert settle(read("training: {optimiser: muon}"), Limit()).learning_rate == 0.02


def test_a_recipe_of_a_minute_has_fewer_layers_and_a_higher_rate() -> None:
    short = read("training: {budget: 1 minute}")
    assert short.architecture() == replace(read("").architecture(), layers=2)
    assert settle(short, Limit()).learning_rate == 0.016
    own = read("network: {layers: 3}\ntraining: {budget: 1 minute, learning-rate: 0.01}")
    assert (own.architecture().layers, settle(own, Limit()).learning_rate) == (3, 0.01)


def test_a_command_does_not_change_the_network() -> None:
    """What was trained for a minute on the command's word can be trained for an hour."""
    assert settle(read(""), Limit(), "1 minute").learning_rate == 0.012
    short = read("training: {budget: 1 minute}")
    assert settle(short, Limit(), "1 hour").learning_rate == 0.016


def test_a_wrong_budget_is_located() -> None:
    with pytest.raises(SourceError) as caught:
        read("training: {budget: 1 day}")
    assert str(caught.value) == (
        "recipe.yml:2:20: 'budget' must be one of 1 minute, 10 minutes, 1 hour, best, not '1 day'"
    )


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(), None),
        (Limit(minutes=3), None),
        (Limit(epochs=1.5), 15),
        (Limit(steps=12), 12),
        (Limit(steps=12, epochs=1), 10),
    ],
)
def test_steps_of_a_limit(limit: Limit, expected: int | None) -> None:
    assert count_steps(limit, 10) == expected


class Ended:
    """A run that ended after 100 steps, the rate falling from 50 on, after 30 seconds."""

    schedule = Schedule(5, 50, 100)
    stale: int | None = None
    asked: tuple[float | None, float | None, int | None] | None = None
    step = 100
    seconds = 60.0
    cooled_after = 30.0


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(steps=100), False),
        (Limit(steps=101), True),
        (Limit(epochs=9), False),
        (Limit(minutes=1), False),
        (Limit(minutes=1.5), True),
        (Limit(minutes=1.5, steps=100), False),
        (Limit(), True),
    ],
)
def test_a_longer_limit_goes_further(limit: Limit, expected: bool) -> None:
    run: Any = Ended()
    own = Limit(steps=100)
    assert goes_further(run, limit, own, 10) is expected
    run.asked = limit.minutes, limit.epochs, limit.steps
    assert not goes_further(run, limit, own, 10), "the same again"
    run.stale = 40
    assert not goes_further(run, limit, own, 10)
    assert goes_further(run, Limit(steps=101), own, 10) is (limit != Limit(steps=101))
    assert not goes_further(run, Limit(steps=99), own, 10)
