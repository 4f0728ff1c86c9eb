"""A training goes on for longer, from another model's weights, and ends when its clock says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.evaluation.evaluate import evaluate  # noqa: E402
from escriba.charlm.network import CharLSTM  # noqa: E402
from escriba.charlm.network import tensors as tensors_of  # noqa: E402
from escriba.charlm.training.clock import Beside, count_seconds  # noqa: E402
from escriba.charlm.training.origin import Origin  # noqa: E402
from escriba.charlm.training.settings import Limit, Schedule  # noqa: E402
from escriba.charlm.training.train import Result, train  # noqa: E402
from escriba.ground import project  # noqa: E402
from escriba.ground.errors import EscribaError, SourceError, TrainingError  # noqa: E402
from escriba.records.model import Network, read_model, read_weights  # noqa: E402
from escriba.records.vocabulary import Vocabulary  # noqa: E402
from support.training import TEXT, log_of, make_site, tensors, timeless  # noqa: E402

MINUTE = 1.0


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def make_exhausted(root: Path) -> tuple[project.Project, Result]:
    """A site whose model has learnt all that there is to learn, long before its limit."""
    site = make_site(root)
    words = " ".join(Random(1).choices(TEXT.split()[:5], k=500))
    (root / "text.txt").write_text(words)
    return site, train(site, "count", steps=10**6)


def checkpoint(site: project.Project, name: str = "latest.safetensors") -> Path:
    return site.models / "count" / "checkpoint" / name


def test_a_training_that_ended_early_goes_on(tmp_path: Path) -> None:
    site, first = make_exhausted(tmp_path)
    assert first.findings is not None
    assert first.findings.cause == "patience"
    assert first.findings.since is not None
    assert first.findings.since <= first.step
    again = train(site, "count", steps=10**6)
    assert (again.idle, again.step) == (True, first.step)
    longer = train(site, "count", steps=first.step + 400)
    assert longer.step > first.step // 3
    assert not longer.idle
    assert train(site, "count", steps=first.step + 400).idle
    assert not train(site, "count", minutes=0.02 + longer.seconds / 60).idle


def test_a_limit_within_what_is_trained_asks_for_nothing(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=200)
    assert train(site, "count", steps=150).idle
    assert train(site, "count", steps=200).idle
    assert not train(site, "count", steps=201).idle


def test_a_training_of_no_steps_goes_on(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert train(site, "count", stop=lambda: True).step == 0
    result = train(site, "count", steps=60)
    assert (result.step, result.idle) == (60, False)
    whole = make_site(tmp_path / "whole")
    train(whole, "count", steps=60)
    assert tensors(site) == tensors(whole)


def test_without_the_place_to_go_back_to_it_goes_on_from_its_end(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=100)
    checkpoint(site, "constant.safetensors").unlink()
    result = train(site, "count", steps=300)
    assert (result.step, result.idle) == (300, False)


# The clock.


def clock_of(seconds: Callable[[int], float]) -> SimpleNamespace:
    """A clock that is looked at once a step: `seconds` says how long the n-th takes."""
    calls = count()
    now = [0.0]

    def monotonic() -> float:
        now[0] += seconds(next(calls))
        return now[0]

    return SimpleNamespace(monotonic=monotonic, perf_counter=lambda: 0.0)


def train_by(
    monkeypatch: pytest.MonkeyPatch, site: project.Project, seconds: Callable[[int], float],
    **options: Any,
) -> Result:  # fmt: skip
    recipe = site.models / "count" / "recipe.yml"  # else the minutes have a say in the dropout
    recipe.write_text(
        recipe.read_text().replace("hidden: 16, cell", "hidden: 16, dropout: 0, cell")
    )
    with monkeypatch.context() as patch:
        patch.setattr("escriba.charlm.training.clock.GRACE", 1e9)
        patch.setattr("escriba.charlm.training.clock.time", clock_of(seconds))
        return train(site, "count", minutes=MINUTE, checkpoint_every=1e6, **options)


def slow_down(call: int) -> float:
    return 0.1 if call < 300 else 0.4  # a busy machine in the second half


def test_the_clock_holds_when_the_machine_becomes_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    result = train_by(monkeypatch, site, slow_down)
    assert 55 <= result.seconds <= 64
    assert result.step < 400  # of 600, which the first half has half of
    assert result.findings is not None
    assert result.findings.cause == "minutes"
    ends = [line["end"] for line in log_of(site) if "end" in line]
    assert ends
    assert ends[-1] == result.step


def test_on_a_machine_that_stays_as_it_is_the_clock_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path / "timed")
    result = train_by(monkeypatch, site, lambda call: 0.25)
    assert result.step == 240
    assert not any("end" in line for line in log_of(site))
    counted = make_site(tmp_path / "counted")
    shutil.copy(site.models / "count" / "recipe.yml", counted.models / "count" / "recipe.yml")
    train(counted, "count", steps=240)
    assert tensors(site) == tensors(counted)


def test_what_the_clock_decided_survives_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_site(tmp_path / "whole")
    expected = train_by(monkeypatch, whole, slow_down)
    last = max(int(str(line["step"])) for line in log_of(whole) if "end" in line)
    assert expected.step - last > 9  # or there is nothing to kill

    class Killed(BaseException):
        pass

    looks = count(0, 8)

    def kill() -> bool:
        if next(looks) > last:
            raise Killed
        return False

    killed = make_site(tmp_path / "killed")
    with pytest.raises(Killed):
        train_by(monkeypatch, killed, slow_down, stop=kill)
    result = train_by(monkeypatch, killed, lambda call: 0.01)
    assert result.step == expected.step
    assert tensors(killed) == tensors(whole)
    assert timeless(log_of(killed)) == timeless(log_of(whole))


@pytest.mark.parametrize(("beside", "seconds"), [(0, 60), (4, 60), (14, 50), (34, 30), (1000, 30)])
def test_what_stands_beside_the_steps_is_taken_off_the_minutes(
    beside: float, seconds: float
) -> None:
    assert count_seconds(Limit(minutes=1), beside) == seconds
    assert count_seconds(Limit(steps=1), beside) == float("inf")


def test_what_stands_beside_the_steps_is_known_from_them() -> None:
    beside = Beside(before=4.0, symbols=1000)
    assert beside.seconds(0.003) == pytest.approx(4 + 1000 * 0.001)
    beside.per_symbol, beside.writing = 0.002, 0.5  # as measured, and as written
    assert beside.seconds(0.003) == pytest.approx(4 + 1000 * 0.002 + 0.5)


def test_a_bent_rate_is_whole_at_the_bend_and_zero_at_the_end() -> None:
    schedule = Schedule(10).over(1000).bent(600, 700)
    assert [schedule.rate(step) for step in (600, 650, 700)] == pytest.approx([0.8, 0.4, 0])
    again = schedule.bent(650, 660)
    assert [again.rate(step) for step in (650, 655, 660)] == pytest.approx([0.4, 0.2, 0])
    assert again.finished(660)


# From another model's weights.


def add_model(site: project.Project, name: str, text: str, more: str = "") -> None:
    folder = site.models / name
    folder.mkdir()
    (site.root / f"{name}.txt").write_text(text)
    recipe = (site.models / "count" / "recipe.yml").read_text().replace("text.txt", f"{name}.txt")
    (folder / "recipe.yml").write_text(recipe + more)


OTHER = "uno y dos y tres, ¡zas!\n" * 300


def test_a_training_begins_with_another_models_weights(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    base = train(site, "count")
    digest = read_model(site.models / "count").digest
    add_model(site, "other", OTHER, "from: count\n")
    result = train(site, "other", steps=10)
    model = read_model(site.models / "other")
    assert set(model.vocabulary.symbols) == set(TEXT) | set(OTHER)
    assert model.record["training"]["from"] == {"model": "count", "digest": digest}
    found = evaluate(site, "other")
    assert found[0].nats == pytest.approx(result.best, abs=5e-3)
    add_model(site, "fresh", OTHER)
    assert result.best < train(site, "fresh", steps=10).best
    assert base.finished


def test_symbols_that_are_known_keep_their_rows(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=20)
    model = read_model(site.models / "count")
    weights = read_weights(model)
    vocabulary = Vocabulary("characters", "".join(sorted({*model.vocabulary.symbols, *"!xyz"})))
    torch.manual_seed(3)
    network = CharLSTM(Network("lstm", 2, 16, True), len(vocabulary))
    fresh = {name: tensor.numpy() for name, tensor in tensors_of(network).items()}
    filled = Origin("count", "", vocabulary, model.vocabulary.symbols, weights).fill(fresh)
    assert np.array_equal(filled["layers.1.weight_hh"], weights["layers.1.weight_hh"])
    for name in ("embedding.weight", "head.weight", "head.bias"):
        for symbol, row in vocabulary.indices.items():
            old = model.vocabulary.indices.get(symbol)
            expected = fresh[name][row] if old is None else weights[name][old]
            assert np.array_equal(filled[name][row], expected)


def test_a_finished_model_goes_on_from_its_weights_alone(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    base = train(site, "count")
    shutil.rmtree(site.models / "count" / "checkpoint")
    result = train(site, "count", start="count", steps=8)
    assert result.verdict.standing == pytest.approx(base.best, abs=1e-4)
    assert result.best < base.best + 0.1
    assert train(site, "count", steps=8, restart=True).best > base.best + 1


def test_it_is_gone_on_with_where_it_stopped(tmp_path: Path) -> None:
    whole, broken = make_site(tmp_path / "whole"), make_site(tmp_path / "broken")
    for site in (whole, broken):
        train(site, "count", steps=100)
        add_model(site, "other", OTHER)
    train(whole, "other", start="count", steps=80, validate_every=20)
    looks = count()
    halfway = train(
        broken, "other", start="count", steps=80, validate_every=20, stop=lambda: next(looks) > 4
    )
    assert not halfway.finished
    shutil.rmtree(broken.models / "count")  # which nobody needs any more
    assert train(broken, "other", steps=80, validate_every=20).finished
    first, second = (read_model(site.models / "other") for site in (whole, broken))
    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("start", "change", "message"),
    [
        ("cuont", None, "models/cuont/weights.safetensors: the model 'cuont' has no weights; train it with: escriba train cuont"),
        ("count", ("hidden: 16", "hidden: 17"), "models/other/recipe.yml: the network is lstm, 2 layers of 17 units, and that of 'count', which the training begins with, is lstm, 2 layers of 16 units; write network: {cell: lstm, layers: 2, hidden: 16}"),
        ("count", ("licence: none", "unit: bytes"), "models/other/recipe.yml: the corpus is of bytes, and 'count', which the training begins with, is of characters"),
    ],
)  # fmt: skip
def test_what_no_training_can_begin_with(
    tmp_path: Path, start: str, change: tuple[str, str] | None, message: str
) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=8)
    add_model(site, "other", OTHER)
    recipe = site.models / "other" / "recipe.yml"
    if change:
        recipe.write_text(recipe.read_text().replace(*change))
    with pytest.raises(EscribaError) as caught:
        train(site, "other", start=start, steps=8)
    assert str(caught.value) == message


def test_a_training_under_way_has_begun_already(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=8)
    add_model(site, "other", OTHER)
    train(site, "other", steps=8)
    with pytest.raises(TrainingError) as caught:
        train(site, "other", start="count", steps=16)
    assert str(caught.value) == (
        "models/other/recipe.yml: this training began at random, and not with 'count'; go on "
        "without --from, or begin again with: escriba train other --restart --from count"
    )
    assert train(site, "other", start="count", steps=8, restart=True).finished
    assert train(site, "other", steps=16).step == 16


def test_from_names_a_model(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    add_model(site, "other", OTHER, "from: ../count\n")
    with pytest.raises(SourceError) as caught:
        train(site, "other")
    assert str(caught.value) == (
        "models/other/recipe.yml:10:7: 'from' must be the name of a model, that of its folder, not "
        "'../count'"
    )


# The record.


def test_the_record_is_of_the_moment_of_the_best_weights(tmp_path: Path) -> None:
    site, result = make_exhausted(tmp_path)
    model = read_model(site.models / "count")
    record = model.record["training"]
    assert record["steps"] == result.best_step
    assert record["steps"] < result.step
    plan = log_of(site)[0]["plan"]
    assert isinstance(plan, dict)
    symbols = plan["batch"] * plan["window"]
    assert record["characters"] == result.best_step * symbols
    assert record["epochs"] == f"{result.best_step * symbols / plan['symbols']:.1f}"
    assert record["seconds"] <= result.seconds


def test_the_record_says_what_was_changed_in_the_text(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    keys = "  lower-case: true\n  min-count: 2\n  split-by: files\n  sources:\n"
    recipe.write_text(recipe.read_text().replace("  sources:\n", keys).replace("text.txt", "texts"))
    (site.root / "texts").mkdir()
    for number in range(20):
        (site.root / "texts" / f"{number}.txt").write_text(
            f"{number:02} {TEXT[:400]}Zß\n" if number else "Q\n"
        )
    train(site, "count", steps=8)
    record = read_model(site.models / "count").record["corpus"]
    assert record["lower-case"] is True
    assert record["min-count"] == [2, ""]
    assert record["split-by"] == "files"
    assert "strip" not in record


def test_untrained_weights_are_called_so(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    result = train(site, "count", steps=1)
    assert result.findings is not None
    assert result.findings.untrained
    assert read_model(site.models / "count").record["training"]["untrained"] is True
    assert not train(site, "count", steps=300).findings.untrained  # type: ignore[union-attr]
    assert "untrained" not in read_model(site.models / "count").record["training"]
