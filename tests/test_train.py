"""Training: it learns, keeps the best, stops when asked, and goes on where it stopped."""

from __future__ import annotations

import errno
import json
import math
import os
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.evaluation.evaluate import evaluate  # noqa: E402
from escriba.charlm.network import CharLSTM  # noqa: E402
from escriba.charlm.training import calibrate, checkpoint  # noqa: E402
from escriba.charlm.training.health import advise  # noqa: E402
from escriba.charlm.training.settings import Limit, Schedule, settle  # noqa: E402
from escriba.charlm.training.torch_engine import TorchBackend  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.corpora.corpus import encode, read_corpus  # noqa: E402
from escriba.ground.errors import ModelError, SourceError, TrainingError  # noqa: E402
from escriba.records.evaluation import write_parts  # noqa: E402
from escriba.records.model import read_model  # noqa: E402
from escriba.records.recipe import CorpusRecipe, Recipe, Source, read_recipe  # noqa: E402
from support.training import (  # noqa: E402
    RECIPE,
    TEXT,
    log_of,
    make_site,
    tensors,
    timeless,
    weights,
)

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_regular_text_is_learnt(tmp_path: Path, cell: str) -> None:
    site = make_site(tmp_path, cell)
    result = train(site, "count")
    model = read_model(site.models / "count")
    assert result.finished
    assert result.best < 0.4  # nats; the unigram entropy of the text is 2.3
    assert model.network.cell == cell
    assert model.record["training"]["validation"] == f"{result.best:.4f}"
    assert model.record["corpus"]["characters"] == len(TEXT)
    assert (
        model.record["corpus"]["digest"]
        == read_corpus(read_recipe(site.models, "count", site.root).corpus, site).digest
    )
    found = evaluate(site, "count")
    assert [e.part for e in found] == ["validation", "test"]
    assert found[0].nats == pytest.approx(result.best, abs=5e-3)
    assert found[0].bits == pytest.approx(found[0].nats / math.log(2))
    folder = site.models / "count"
    write_parts(folder, found[0].model, {each.part: each.to_dict() for each in found}, folder)
    assert "nats-per-byte" in (folder / "evaluation.yml").read_text()


@pytest.mark.parametrize("option", [{"epochs": 6}, {"steps": 701}])
def test_an_interrupted_run_ends_in_the_same_weights(
    tmp_path: Path, option: dict[str, int]
) -> None:
    whole = make_site(tmp_path / "whole")
    train(whole, "count", validate_every=60, **option)  # type: ignore[arg-type]
    broken = make_site(tmp_path / "broken")
    for looks in (3, 25, 30):  # at the clock, every eight steps
        count = iter(range(10**9))
        result = train(
            broken, "count", validate_every=60, checkpoint_every=0,
            stop=lambda c=count, n=looks: next(c) >= n, **option,  # type: ignore[arg-type]
        )  # fmt: skip
        assert not result.finished
    assert train(broken, "count", validate_every=60, **option).finished  # type: ignore[arg-type]
    assert tensors(whole) == tensors(broken)
    assert timeless(log_of(whole)) == timeless(log_of(broken))


def test_a_longer_training_goes_on_from_where_the_rate_began_to_fall(tmp_path: Path) -> None:
    whole = make_site(tmp_path / "whole")
    train(whole, "count", steps=600)
    grown = make_site(tmp_path / "grown")
    train(grown, "count", steps=250)
    assert train(grown, "count", steps=250).step == 250
    assert train(grown, "count", steps=600).step == 600
    assert tensors(whole) == tensors(grown)
    assert timeless(log_of(whole))[1:] == timeless(log_of(grown))[1:]


def test_what_the_recipe_leaves_open_is_chosen_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace(" batch: 4,", "").replace("0.02", "null"))
    asked: list[int] = []

    def choose(*given: Any) -> int:
        asked.append(1)
        return 8 // len(asked)

    monkeypatch.setattr("escriba.charlm.training.torch_machine.choose_batch", choose)
    train(site, "count", steps=20)
    assert train(site, "count", steps=40).step == 40
    plan = log_of(site)[0]["plan"]
    assert isinstance(plan, dict)
    assert (asked, plan["batch"], plan["learning_rate"]) == ([1], 8, pytest.approx(0.012 / 2))


@pytest.mark.parametrize(
    ("speeds", "length", "expected"),
    [
        ([10, 14], 10**7, 32),
        ([10, 18, 30, 40], 10**7, 128),
        ([10, 20, 40, 80, 160, 320], 10**7, 512),
        ([10, 20], 64 * 50 * 64, 64),
        ([], 10_000, 32),
    ],
)
def test_the_batch_doubles_while_it_pays(
    monkeypatch: pytest.MonkeyPatch, speeds: list[float], length: int, expected: int
) -> None:
    found = iter(speeds)
    monkeypatch.setattr(calibrate, "_measure_speed", lambda *given: next(found))
    recipe = Recipe(CorpusRecipe((Source(file="a"),)))
    settings = settle(recipe, Limit())
    make = partial(TorchBackend(CPU, "float32").rehearse, recipe.architecture(), 80)
    assert calibrate.choose_batch(make, 80, length, settings, lambda larger: True) == expected


def test_a_training_by_the_clock_is_one_of_so_many_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escriba.charlm.training.clock.LEAST_SLACK", 1e9)  # however busy it is
    timed = make_site(tmp_path / "timed")
    result = train(timed, "count", minutes=0.01)
    counted = make_site(tmp_path / "counted")
    assert train(counted, "count", steps=result.step).step == result.step
    assert tensors(timed) == tensors(counted)


def test_a_finished_run_is_not_repeated_and_restart_begins_again(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    first = train(site, "count")
    before = weights(site)
    assert train(site, "count").step == first.step
    assert weights(site) == before
    assert train(site, "count", epochs=1, restart=True).step < first.step


def test_a_changed_recipe_does_not_go_on_silently(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("hidden: 16", "hidden: 17"))
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert str(caught.value) == (
        "models/count/recipe.yml: the recipe, what --set changes in it, or the corpus is another "
        "than that of the checkpoint; undo the change, begin again with: escriba train count "
        "--restart, or with what it has learnt: escriba train count --restart --from count"
    )


def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    (site.models / "count" / "checkpoint" / "latest.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert str(caught.value) == (
        "models/count/checkpoint/latest.safetensors: the checkpoint cannot be read (SafetensorError); "
        "begin again with: escriba train count --restart"
    )


def test_an_exploding_loss_stops_with_the_best_weights_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    kept = weights(site)
    forward = CharLSTM.forward
    steps = iter(range(10**9))

    def explode(network: CharLSTM, *given: Any) -> Any:
        logits, state = forward(network, *given)
        return (logits * math.inf if network.training and next(steps) == 220 else logits), state

    monkeypatch.setattr(CharLSTM, "forward", explode)
    with pytest.raises(TrainingError) as caught:
        train(site, "count", restart=True, steps=400, validate_every=10**6)
    assert str(caught.value) == (
        "models/count/recipe.yml: the loss is inf at step 300: the training has exploded; no "
        "weights were written; lower learning-rate or clip, and begin again with: "
        "escriba train count --restart"
    )
    assert weights(site) == kept
    assert log_of(site)[-1]["step"] < 220  # of the weights that stand there
    beside = (site.models / "count" / "checkpoint" / "training.jsonl").read_text()
    assert json.loads(beside.splitlines()[-1])["loss"] is None


def test_a_collapse_is_tried_again_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    forward = CharLSTM.forward
    deaf = [2]  # attempts whose network does not hear its input

    def hear(network: CharLSTM, symbols: Any, state: Any = None) -> Any:
        if network.dropout.generator.initial_seed() < 1_000_003 * deaf[0]:
            symbols = torch.zeros_like(symbols)
        return forward(network, symbols, state)

    monkeypatch.setattr(CharLSTM, "forward", hear)
    result = train(site, "count", steps=900)
    assert result.best < 0.4
    plan = log_of(site)[0]["plan"]
    assert isinstance(plan, dict)
    assert (plan["attempt"], plan["learning_rate"]) == (2, pytest.approx(0.02 * 0.09))
    before = weights(site)
    deaf[0] = 9
    with pytest.raises(TrainingError, match=r"has learnt nothing else in 3 attempts"):
        train(site, "count", steps=900, restart=True)
    assert weights(site) == before


def test_a_text_that_has_nothing_to_teach_is_no_collapse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escriba.charlm.training.health.COLLAPSE_STEP", 100)
    site = make_site(tmp_path)
    (tmp_path / "text.txt").write_text("".join(Random(1).choices("acgt", k=20_000)))
    result = train(site, "count", steps=150)
    assert result.best == pytest.approx(math.log(4), abs=0.03)
    assert "untrained" not in read_model(site.models / "count").record["training"]
    assert result.findings is not None
    (advice,) = advise(result.findings)
    assert advice.startswith(
        "this text has hardly more to learn than how frequent each symbol is: that alone gives 1.38"
    )


def test_a_loss_that_falls_no_more_ends_the_training(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    random = Random(1)
    words = " ".join(random.choices(TEXT.split()[:5], k=500))  # their order cannot be learnt
    (tmp_path / "text.txt").write_text(words)
    result = train(site, "count", steps=10**6)
    curve = [line["validation"] for line in log_of(site) if "validation" in line]
    assert result.finished
    assert result.step < 5000
    assert result.best == pytest.approx(min(curve), abs=5e-3)
    assert train(site, "count", steps=10**6).step == result.step


def test_a_full_disk_keeps_what_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)

    def fail(file: BinaryIO, *given: object) -> None:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "write_tensors", fail)
    with pytest.raises(TrainingError) as caught:
        train(site, "count", epochs=9)
    assert str(caught.value) == (
        "models/count/checkpoint/constant.safetensors: cannot be written: No space left on device; what "
        "was there before is kept"
    )
    assert read_model(site.models / "count").network.cell == "lstm"  # whole, and readable
    assert not list((site.models / "count").rglob(".*"))  # no draft is left
    monkeypatch.undo()
    assert train(site, "count", epochs=9).finished


def test_the_recorded_loss_is_that_of_the_whole_validation_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    (tmp_path / "text.txt").write_text(TEXT[: len(TEXT) * 9 // 10] + "xyz\n" * 200)
    monkeypatch.setattr("escriba.charlm.training.loop.VALIDATE_ON", 50)
    result = train(site, "count")
    model = read_model(site.models / "count")
    assert model.record["training"]["validation"] == f"{result.best:.4f}"
    assert evaluate(site, "count")[0].nats == pytest.approx(result.best, abs=5e-3)
    curve = [float(str(line["validation"])) for line in log_of(site) if "validation" in line]
    assert min(curve) != pytest.approx(result.best, abs=1e-3)


def test_bytes_are_learnt_too(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (tmp_path / "text.txt").write_text("señor ¿qué? " * 400)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("licence: none", "unit: bytes"))
    train(site, "count", epochs=1)
    model = read_model(site.models / "count")
    assert model.vocabulary.unit == "bytes"
    assert len(model.vocabulary) == len(set("señor ¿qué? ".encode()))


def test_the_log_holds_losses_gradients_and_previews(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    result = train(site, "count", epochs=12)
    lines = log_of(site)
    assert lines[0]["step"] == 0
    plan = lines[0]["plan"]
    assert isinstance(plan, dict)
    assert (plan["clip"], plan["batch"], plan["window"]) == (1.0, 4, 16)
    losses = [line for line in lines if "gradient" in line]
    assert set(losses[0]) == {
        "step", "characters", "seconds", "loss", "gradient", "largest", "clipped", "rate",
    }  # fmt: skip
    assert losses[0]["characters"] == 100 * 4 * 16
    samples = [line for line in lines if "sample" in line]
    assert [line["step"] for line in samples] == [
        10, 30, 100, 300, 500, 700, 1000, result.step
    ]  # fmt: skip
    assert all(len(str(line["sample"])) == 500 for line in samples)
    assert samples[2]["loss"] == losses[0]["loss"]
    assert samples[0]["loss"] > samples[1]["loss"] > samples[2]["loss"]


def test_without_a_clip_no_gradient_is_clipped(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("clip: 1.0", "clip: null"))
    train(site, "count", epochs=3)
    assert {line["clipped"] for line in log_of(site) if "clipped" in line} == {0.0}


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    schedule = Schedule(warmup=100)
    assert [schedule.rate(step) for step in (0, 49, 99, 10**6)] == [0.01, 0.5, 1, 1]
    known = schedule.over(1000)
    assert [known.rate(step) for step in (0, 499, 500, 750, 1000)] == [0.01, 1, 1, 0.5, 0]
    assert [known.finished(step) for step in (999, 1000)] == [False, True]
    assert not schedule.finished(10**6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("hidden", "hiden"), "models/count/recipe.yml:7:22: unknown key 'hiden' (did you mean 'hidden'?)"),
        (("CELL", "lstn"), "models/count/recipe.yml:7:40: 'cell' must be one of rnn, gru, lstm, not 'lstn'"),
        (("epochs: 4", "epochs: many"), "models/count/recipe.yml:9:12: 'epochs' must be a number, not 'many'"),
        (("- file: text.txt", "- url: http://x"), "models/count/recipe.yml:6:7: a source needs a 'file', a 'ready' corpus, or a 'sha256' with or without a 'url'"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_located(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    site = make_site(tmp_path)
    text = RECIPE.replace(*change).replace("CELL", "lstm")
    (site.models / "count" / "recipe.yml").write_text(text)
    with pytest.raises(SourceError) as caught:
        read_recipe(site.models, "count", site.root)
    assert str(caught.value) == message


def test_an_unknown_model_is_suggested(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    with pytest.raises(ModelError) as caught:
        read_recipe(site.models, "cuont", site.root)
    assert str(caught.value) == (
        "models/cuont/recipe.yml: there is no model 'cuont' (did you mean 'count'?)"
    )


def test_encoding_matches_the_model_file(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    model = read_model(site.models / "count")
    indices = encode("uno dos", model.vocabulary)
    assert model.vocabulary.decode(indices.tolist()) == "uno dos"
