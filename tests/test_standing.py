"""A good model is never lost: better weights alone take the place of those that stand there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training import weights as standing  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.ground import project  # noqa: E402
from escriba.ground.errors import ModelError, TrainingError  # noqa: E402
from escriba.ground.lock import hold  # noqa: E402
from escriba.records.model import read_model  # noqa: E402
from escriba.sampling.compact import compact  # noqa: E402
from support.training import edited  # noqa: E402

RECIPE = """
corpus: {sources: [{file: text.txt}]}
network: {layers: 1, hidden: 16, dropout: 0}
training: {steps: 80, batch: 4, window: 16, warmup: 5, precision: float32, log-every: 20}
"""
TEXT = "uno dos tres cuatro cinco\n" * 300


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model that is trained, its checkpoint beside it."""
    root = tmp_path_factory.mktemp("trained")
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(TEXT)
    (folder / "recipe.yml").write_text(RECIPE)
    torch.set_num_threads(1)
    assert train(project.load(root), "count").verdict.taken
    return root


@pytest.fixture
def site(trained: Path, tmp_path: Path) -> project.Project:
    shutil.copytree(trained, tmp_path / "site")
    return project.load(tmp_path / "site")


@pytest.fixture
def clone(site: project.Project) -> project.Project:
    """The same as a clone has it: without what git ignores."""
    shutil.rmtree(site.models / "count" / "checkpoint")
    return site


def place(site: project.Project) -> dict[str, bytes]:
    """What stands in the model's folder."""
    folder = site.models / "count"
    return {
        name: (folder / name).read_bytes() for name in ("weights.safetensors", "training.jsonl")
    }


def loss(site: project.Project) -> float:
    return float(read_model(site.models / "count").record["training"]["validation"])


def beside(site: project.Project, name: str) -> Path:
    return site.models / "count" / "checkpoint" / name


def refusal(site: project.Project, **options: Any) -> str:
    with pytest.raises(TrainingError) as caught:
        train(site, "count", **options)
    return str(caught.value)


@pytest.mark.parametrize("options", [{}, {"steps": 20}, {"minutes": 1}, {"force": True}])
def test_a_clone_is_not_trained_over(clone: project.Project, options: dict[str, Any]) -> None:
    before = place(clone)
    assert refusal(clone, **options) == (
        f"models/count/weights.safetensors: this model is trained (validation {loss(clone):.4f}), "
        "and the checkpoint that its training would go on from is not here; to train it anew: "
        "escriba train count --restart, or from these weights on: escriba train count --from count "
        "(the new weights take the place of these if they are better)"
    )
    assert place(clone) == before
    assert sorted(p.name for p in (clone.models / "count").iterdir()) == [
        "recipe.yml", "training.jsonl", "weights.safetensors",
    ]  # fmt: skip


def test_nothing_is_fetched_for_a_training_that_is_refused(clone: project.Project) -> None:
    (clone.root / "text.txt").unlink()  # as of a model that came with escriba
    assert "this model is trained" in refusal(clone)


def test_worse_weights_stay_beside(clone: project.Project) -> None:
    before = place(clone)
    result = train(clone, "count", steps=20, restart=True)
    assert result.finished
    assert not result.verdict.taken
    assert result.verdict.standing == pytest.approx(loss(clone), abs=1e-4)
    assert result.best > loss(clone)
    assert place(clone) == before
    assert beside(clone, "weights.safetensors").exists()
    assert beside(clone, "training.jsonl").exists()


def test_better_weights_take_the_place_with_their_record(clone: project.Project) -> None:
    before, old = place(clone), loss(clone)
    result = train(clone, "count", steps=200, restart=True)
    assert result.verdict.taken
    assert result.verdict.standing == pytest.approx(old, abs=1e-4)
    assert loss(clone) < old
    log = [json.loads(line) for line in place(clone)["training.jsonl"].splitlines()]
    assert log[0]["plan"]["steps"] == 200
    assert log[-1]["step"] == 200
    assert not beside(clone, "training.jsonl").exists()
    assert not beside(clone, "weights.safetensors").exists()
    kept = {name: beside(clone, f"before/{name}").read_bytes() for name in before}
    assert kept == before  # nothing is lost
    assert train(clone, "count", steps=200).step == 200  # and it goes on from its checkpoint


def test_force_takes_them(clone: project.Project) -> None:
    before, old = place(clone), loss(clone)
    assert train(clone, "count", steps=20, restart=True, force=True).verdict.taken
    assert place(clone) != before
    assert loss(clone) > old


def test_what_stayed_beside_can_be_taken_later(clone: project.Project) -> None:
    before = place(clone)
    worse = train(clone, "count", steps=20, restart=True)
    assert place(clone) == before
    result = train(clone, "count", steps=20, force=True)
    assert (result.step, result.verdict.taken) == (20, True)
    assert loss(clone) == pytest.approx(worse.best, abs=1e-4)


def test_what_stayed_beside_can_be_trained_on(clone: project.Project) -> None:
    before = place(clone)
    train(clone, "count", steps=20, restart=True)
    result = train(clone, "count", steps=200)
    assert (result.step, result.verdict.taken) == (200, True)
    assert place(clone) != before


def test_an_interrupted_training_beside_goes_on_beside(clone: project.Project) -> None:
    before = place(clone)
    looks = iter(range(10**9))
    stopped = train(
        clone, "count", steps=120, restart=True, validate_every=20, stop=lambda: next(looks) > 8
    )
    assert not stopped.finished
    assert place(clone) == before
    assert train(clone, "count", steps=120).step == 120
    log = (clone.models / "count" / "training.jsonl").read_bytes()
    assert json.loads(log.splitlines()[0])["step"] == 0


def test_restart_with_a_checkpoint_is_no_reason_to_lose_the_weights(site: project.Project) -> None:
    before = place(site)
    assert not train(site, "count", steps=20, restart=True).verdict.taken
    assert place(site) == before


def test_a_longer_training_leaves_the_place_until_it_is_better(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place(site)
    looks = iter(range(10**9))
    stopped = train(site, "count", steps=200, stop=lambda: next(looks) > 12)
    assert not stopped.finished
    assert place(site) == before  # the record of the first training is whole
    result = train(site, "count", steps=200)
    assert (result.step, result.verdict.taken) == (200, True)


def test_a_record_without_weights_is_not_cut(clone: project.Project) -> None:
    """Weights are large, and some leave them out of the repository."""
    (clone.models / "count" / "weights.safetensors").unlink()
    log = clone.models / "count" / "training.jsonl"
    before = log.read_bytes()
    looks = iter(range(10**9))
    assert not train(clone, "count", steps=20, stop=lambda: next(looks) > 0).finished
    assert log.read_bytes() == before
    assert train(clone, "count", steps=20).verdict.taken
    assert beside(clone, "before/training.jsonl").read_bytes() == before


def test_better_weights_than_the_checkpoints_are_not_lost(
    site: project.Project, tmp_path: Path
) -> None:
    """Somebody else's better training came with a pull; the checkpoint here is an older one's."""
    other = tmp_path / "other"
    shutil.copytree(site.root, other)
    train(project.load(other), "count", steps=200)
    for name in place(site):
        shutil.copy(other / "models" / "count" / name, site.models / "count" / name)
    before = place(site)
    assert not train(site, "count").verdict.taken
    assert place(site) == before


def test_an_edited_record_stays_until_better_weights_come(site: project.Project) -> None:
    log = site.models / "count" / "training.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"seconds": ', b'"seconds":  '))
    before = place(site)
    train(site, "count")
    assert place(site) == before


@pytest.mark.parametrize(
    "mark", [None, 1, (), (1,), (1, 2), ("x", "y"), (10**30, ""), (-1, ""), [3, ""]]
)
def test_any_mark_of_a_checkpoint_is_safe(site: project.Project, mark: Any) -> None:
    path = beside(site, "latest.safetensors")
    with edited(path) as state:
        state.values["log"] = mark
    before = place(site)
    assert train(site, "count").finished
    assert place(site) == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p.write_bytes(b"nothing"),
        lambda p: p.write_bytes(p.read_bytes()[:-1]),
        lambda p: p.write_bytes(p.read_bytes()[:-4] + b"\0\0\xc0\x7f"),
    ],
)
def test_weights_that_are_none_give_way_and_are_kept(
    clone: project.Project, damage: Callable[[Path], object]
) -> None:
    weights = clone.models / "count" / "weights.safetensors"
    damage(weights)
    before = weights.read_bytes()
    assert "this model is trained" in refusal(clone)
    assert train(clone, "count", steps=20, restart=True).verdict.taken
    assert beside(clone, "before/weights.safetensors").read_bytes() == before


def test_weights_of_other_characters_are_not_compared(clone: project.Project) -> None:
    (clone.root / "text.txt").write_text(TEXT.replace("cinco", "cinco y seis"))
    before = place(clone)
    result = train(clone, "count", steps=20, restart=True)
    assert result.verdict == standing.Verdict(False)
    assert place(clone) == before
    assert train(clone, "count", steps=20, force=True).verdict.taken


def test_another_network_is_compared(clone: project.Project) -> None:
    recipe = clone.models / "count" / "recipe.yml"
    recipe.write_text(RECIPE.replace("hidden: 16", "hidden: 24"))
    old = loss(clone)
    result = train(clone, "count", steps=200, restart=True)
    assert result.verdict.taken is (result.best < old)
    assert read_model(clone.models / "count").network.hidden == (24 if result.verdict.taken else 16)


def test_eight_bits_are_compared_too(clone: project.Project) -> None:
    folder = clone.models / "count"
    (folder / "weights.safetensors").write_bytes(compact(read_model(folder)))
    before = place(clone)
    result = train(clone, "count", steps=20, restart=True)
    assert result.verdict.standing == pytest.approx(loss(clone), abs=1e-2)
    assert place(clone) == before


def test_a_full_disk_when_they_take_their_place(
    clone: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place(clone)

    def refuse(path: Path, copy: Path) -> None:
        raise OSError(28, "No space left on device", str(copy))

    monkeypatch.setattr(standing, "_keep", refuse)
    assert refusal(clone, steps=200, restart=True) == (
        "models/count: the new weights cannot take their place: No space left on device"
    )
    assert place(clone) == before
    monkeypatch.undo()
    assert train(clone, "count", steps=200).verdict.taken


@pytest.mark.parametrize("moves", [0, 1])
def test_a_kill_while_they_take_their_place(
    clone: project.Project, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """Killed before or between the two moves: the same command ends it."""
    done = iter(range(10**9))
    replace = Path.replace

    def move(path: Path, target: Path) -> Path:
        into_place = path.parent.name == "checkpoint" and Path(target).parent.name == "count"
        if into_place and next(done) == moves:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", move)
    with pytest.raises(KeyboardInterrupt):
        train(clone, "count", steps=200, restart=True)
    read_model(clone.models / "count")
    monkeypatch.undo()
    result = train(clone, "count", steps=200)
    assert (result.step, result.verdict.taken) == (200, True)
    log = place(clone)["training.jsonl"].splitlines()
    assert json.loads(log[0])["plan"]["steps"] == 200
    assert read_model(clone.models / "count").record["training"]["steps"] > 80


# One at a time.


def test_a_second_training_says_who_trains(site: project.Project) -> None:
    before = place(site)
    lock = beside(site, "lock")
    with hold(lock, Path("models/count")):
        assert refusal(site).endswith(
            f"(process {os.getpid()}) is at work there; try again when it has ended"
        )
        assert refusal(site, steps=20, restart=True).startswith("models/count: `")
    assert place(site) == before
    assert not lock.exists()
    assert train(site, "count").finished
    assert not lock.exists()


def test_two_trainings_at_once(clone: project.Project) -> None:
    """Two processes: one trains, the other ends with exit code 7, and no line is mixed."""
    command = [
        sys.executable, "-m", "escriba", "train", "count", "--restart", "--steps", "20",
    ]  # fmt: skip
    held, results = hold(beside(clone, "lock"), Path("models/count")), []
    environment = {**os.environ, "LANGUAGE": "en", "OMP_NUM_THREADS": "1"}
    with held:
        done = subprocess.run(
            command, cwd=clone.root, env=environment, capture_output=True, encoding="utf-8"
        )
        results.append((done.returncode, done.stderr))
    ((code, errors),) = results
    assert code == 7
    assert errors.count("\n") == 1
    assert errors.startswith("models/count: `")


def test_the_lock_does_not_make_a_folder_of_an_unknown_model(site: project.Project) -> None:
    with pytest.raises(ModelError):
        train(site, "cuont")
    assert not (site.models / "cuont").exists()


def test_another_model_can_be_trained_meanwhile(site: project.Project) -> None:
    shutil.copytree(site.models / "count", site.models / "other")
    with hold(beside(site, "lock"), Path("models/count")):
        assert train(site, "other").finished


# The command line.


def escriba(root: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "escriba", *words],
        cwd=root, capture_output=True, encoding="utf-8",
        env={**os.environ, "LANGUAGE": "en", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_the_command_line_says_what_became_of_them(clone: project.Project) -> None:
    before = place(clone)
    code, output, errors = escriba(clone.root, "train", "count", "--steps", "20")
    assert (code, output) == (7, "")
    assert "to train it anew: escriba train count --restart" in errors
    code, output, errors = escriba(clone.root, "train", "count", "--steps", "20", "--restart")
    assert code == 0
    assert errors.splitlines()[-1] == (
        f"models/count: its weights have {loss(clone):.4f} nats on the same validation text, and "
        "these are not better; so they stay, and the new ones are in models/count/checkpoint/; to "
        "take these all the same: escriba train count --force"
    )
    assert place(clone) == before
    samples = clone.models / "count" / "samples"
    samples.mkdir()
    (samples / "000000000000.txt").touch()
    code, _, errors = escriba(clone.root, "train", "count", "--steps", "20", "--force")
    assert code == 0
    assert errors.splitlines()[-1] == (
        "models/count: its frozen samples are of the weights before; write them anew with: "
        "escriba refresh count"
    )
    assert place(clone) != before
