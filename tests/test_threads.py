"""As many threads as help, and never other bits because of their number."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training import calibrate as module  # noqa: E402
from escriba.charlm.training.calibrate import EVERY, TRIED, Threads, find_numbers  # noqa: E402
from escriba.charlm.training.engine import Engine  # noqa: E402
from escriba.charlm.training.settings import Limit, Settings, settle  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.records.recipe import (  # noqa: E402
    CorpusRecipe,
    NetworkRecipe,
    Recipe,
    Source,
    TrainingRecipe,
)
from support.training import (  # noqa: E402
    log_of,
    make_site,
    tensors,
    timeless,
)


@pytest.fixture(autouse=True)
def usual_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Machine:
    """Steps that take as long as a machine's load makes them take; nothing really waits."""

    def __init__(self, *seconds: tuple[float, ...]):
        self.now, self.taken = 0.0, []  # the numbers of threads of the steps
        self.seconds = seconds  # of a step with one, two, … threads, from the i-th step on
        self.changes = [0]

    def step(self) -> None:
        number = torch.get_num_threads()
        row = sum(len(self.taken) >= change for change in self.changes) - 1
        self.now += self.seconds[row][number - 1]
        self.taken.append(number)

    def run(self, threads: Threads, steps: int) -> list[int]:
        for _ in range(steps):
            threads.take(self.step)
        return self.taken[-steps:]


def test_the_faster_number_is_taken_after_a_trial() -> None:
    machine = Machine((3.0, 10.0))
    threads = Threads((2, 1), clock=lambda: machine.now)
    first = machine.run(threads, 1 + 2 * TRIED)
    assert sorted(first) == [1] * TRIED + [2] * (TRIED + 1)
    assert threads.number == 1
    assert machine.run(threads, 50) == [1] * 50
    assert torch.get_num_threads() == 2  # outside of steps it is as it was


def test_the_usual_number_stays_where_another_is_hardly_faster() -> None:
    machine = Machine((9.5, 10.0))
    threads = Threads((2, 1), clock=lambda: machine.now)
    machine.run(threads, 100)
    assert threads.number == 2


def test_trials_take_little_of_the_time() -> None:
    machine = Machine((20.0, 10.0))
    threads = Threads((2, 1), clock=lambda: machine.now)
    taken = machine.run(threads, 5000)
    assert taken.count(1) / len(taken) < 1 / EVERY
    assert machine.now < 1.05 * 10.0 * 5000


def test_what_else_the_machine_does_may_change() -> None:
    machine = Machine((20.0, 10.0), (20.0, 60.0), (20.0, 10.0))
    machine.changes = [0, 1000, 2000]
    threads = Threads((2, 1), clock=lambda: machine.now)
    machine.run(threads, 1000)
    assert threads.number == 2
    assert machine.run(threads, 1000).count(1) > 700
    assert machine.run(threads, 1000).count(2) > 500


def test_a_number_alone_is_never_tried() -> None:
    machine = Machine((1.0, 10.0))
    machine.run(Threads((2,), clock=lambda: machine.now), 100)
    assert machine.taken == [2] * 100


def test_a_step_that_fails_leaves_the_number_as_it_was() -> None:
    threads = Threads((2, 1))
    threads.number = 1

    def fail() -> None:
        assert torch.get_num_threads() == 1
        raise KeyError

    with pytest.raises(KeyError):
        threads.take(fail)
    assert torch.get_num_threads() == 2


def settings_of(layers: int, hidden: int, batch: int, window: int):  # type: ignore[no-untyped-def]
    recipe = Recipe(
        CorpusRecipe((Source(file="a"),)),
        NetworkRecipe(layers=layers, hidden=hidden),
        TrainingRecipe(batch=batch, window=window),
    )
    return recipe.architecture(), settle(recipe, Limit())


def make_none(settings: Settings) -> Engine:
    raise AssertionError


def test_only_numbers_with_the_same_bits_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    bits = {4: "a", 3: "a", 2: "b", 1: "a"}
    monkeypatch.setattr(module, "_rehearse", lambda *given: bits[given[-1]])
    torch.set_num_threads(4)
    _, settings = settings_of(1, 8, 2, 8)
    assert find_numbers(make_none, 5, settings, (8, 2)) == (4, 3, 1)
    torch.set_num_threads(1)
    assert find_numbers(make_none, 5, settings, (8, 2)) == (1,)


def test_what_a_rehearsal_finds_holds_for_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the number changes, the weights and the log are those of the usual one."""
    steady = make_site(tmp_path / "steady")
    monkeypatch.setattr("escriba.charlm.training.torch_engine.find_numbers", lambda *given: (2,))
    train(steady, "count", steps=300, validate_every=60)
    monkeypatch.undo()
    torch.set_num_threads(2)
    restless = make_site(tmp_path / "restless")
    turns = iter(range(10**6))

    def take(self: Threads, step) -> None:  # type: ignore[no-untyped-def]
        torch.set_num_threads(self.numbers[next(turns) % len(self.numbers)])
        step()
        torch.set_num_threads(2)

    monkeypatch.setattr(Threads, "take", take)
    train(restless, "count", steps=300, validate_every=60)
    assert tensors(steady) == tensors(restless)
    assert timeless(log_of(steady)) == timeless(log_of(restless))


@pytest.mark.parametrize(
    ("given", "expected"), [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "")]
)  # fmt: skip
def test_threads_that_wait_go_to_sleep_soon(given: dict[str, str], expected: str) -> None:
    program = (
        "import escriba.charlm.training.train, os; print(os.environ.get('GOMP_SPINCOUNT', ''))"
    )
    cleared = {
        k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    environment = {**cleared, **given, "OMP_DISPLAY_ENV": "VERBOSE"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.stdout == f"{expected}\n"
    if expected and "GOMP_SPINCOUNT" in done.stderr:  # GNU's OpenMP says what it has read
        assert f"GOMP_SPINCOUNT = '{expected}'" in done.stderr
