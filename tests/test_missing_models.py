"""Models that a site asks for and that have no weights: a build trains them, or says why not."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from escriba.cli import cli
from escriba.ground.errors import ModelError

RECIPE = """
corpus: {sources: [{file: text.txt}]}
network: {layers: 1, hidden: 16}
training: {engine: exact, LIMIT, batch: 4, window: 16, warmup: 5, learning-rate: 0.02}
"""
POST = """\
---
title: A
---
```escriba sample
model: own
prompt: "uno "
length: 20
```
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CI", raising=False)
    make(tmp_path, "own", "steps: 40")
    (tmp_path / "escriba.yml").write_text("title: test\n")
    (tmp_path / "text.txt").write_text("uno dos tres cuatro cinco\n" * 200)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "2026-01-01-a.md").write_text(POST)
    return tmp_path


def make(root: Path, name: str, limit: str) -> None:
    (root / "models" / name).mkdir(parents=True)
    (root / "models" / name / "recipe.yml").write_text(RECIPE.replace("LIMIT", limit))


def run(site: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(site), *arguments])


def has_weights(site: Path, name: str = "own") -> bool:
    return (site / "models" / name / "weights.safetensors").exists()


LACKS = (
    "posts/2026-01-01-a.md:5:8: the model 'own' has no weights; train it with: escriba train own"
)


def test_a_build_trains_what_it_needs(site: Path) -> None:
    done = run(site, "build")
    assert done.exit_code == 0, done.output
    assert "models/own: no weights yet; training, for about" in done.stderr
    assert "models/own: validation " in done.stderr
    assert has_weights(site)
    assert run(site, "build", "--frozen").exit_code == 0
    assert run(site, "check", "--models").output.startswith("1 model has the weights")


@pytest.mark.parametrize("how", ["frozen", "CI", "never"])
def test_a_build_that_must_not_train_does_not(
    site: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "CI":
        monkeypatch.setenv("CI", "true")
    elif how == "never":
        (site / "escriba.yml").write_text("title: test\ntrain: never\n")
    done = run(site, "build", *(["--frozen"] if how == "frozen" else []))
    assert isinstance(done.exception, ModelError)
    assert str(done.exception) == LACKS
    assert not has_weights(site)


@pytest.mark.parametrize(
    ("limit", "setting", "took"),
    [
        ("minutes: 11", "", "11 min"),
        ("budget: best", "", "nobody knows how long"),
        ("epochs: 3", "", "nobody knows how long"),
        ("minutes: 2", "train-minutes: 1.5", "2 min"),
    ],
)
def test_what_takes_longer_is_named(site: Path, limit: str, setting: str, took: str) -> None:
    (site / "models" / "own" / "recipe.yml").write_text(RECIPE.replace("LIMIT", limit))
    (site / "escriba.yml").write_text(f"title: test\n{setting}\n")
    done = run(site, "build")
    assert isinstance(done.exception, ModelError)
    most = setting.partition(": ")[2] or "10"
    assert (
        f"models/own: a build trains for {most} min at most ('train-minutes'), and this recipe "
        f"takes: {took}; train it with: escriba train own"
    ) in done.stderr
    assert not has_weights(site)


def test_all_are_trained_that_can_be(site: Path) -> None:
    make(site, "other", "steps: 30")
    more = POST.replace("model: own", "model: other").replace("title: A", "title: B")
    (site / "posts" / "2026-01-02-b.md").write_text(more)
    assert run(site, "build").exit_code == 0
    assert has_weights(site) and has_weights(site, "other")


def test_one_that_fails_does_not_stop_the_others(site: Path) -> None:
    make(site, "other", "steps: 30")
    (site / "models" / "own" / "recipe.yml").write_text(
        RECIPE.replace("LIMIT", "steps: 9").replace("text.txt", "none.txt")
    )
    more = POST.replace("model: own", "model: other").replace("title: A", "title: B")
    (site / "posts" / "2026-01-02-b.md").write_text(more)
    done = run(site, "build")
    assert isinstance(done.exception, ModelError)
    assert "none.txt" in done.stderr
    assert has_weights(site, "other") and not has_weights(site)


def test_an_interrupted_training_publishes_nothing_and_goes_on(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after some steps, by which a validation has found weights."""
    from contextlib import contextmanager

    from escriba.cli import display

    looks = iter(range(10**6))
    plain = display.stopping

    @contextmanager
    def stop_soon():  # type: ignore[no-untyped-def]
        yield lambda: next(looks) > 3

    make(site, "later", "steps: 400")
    (site / "posts" / "2026-01-01-a.md").write_text(POST.replace("own", "later"))
    monkeypatch.setattr(display, "stopping", stop_soon)
    done = run(site, "build")
    assert done.exit_code != 0
    assert "the next build goes on with it" in done.stderr
    assert not has_weights(site, "later")
    assert not (site / "site").exists()
    monkeypatch.setattr(display, "stopping", plain)
    done = run(site, "build")
    assert done.exit_code == 0, done.output
    assert "goes on from" in done.stderr
    assert has_weights(site, "later")
    assert run(site, "check", "--models").output.endswith("bit for bit\n")


def test_what_is_frozen_is_named(site: Path) -> None:
    done = run(site, "build")
    (sample,) = (site / "models" / "own" / "samples").glob("*.txt")
    assert f"models/own/samples/{sample.name}: frozen, to be reviewed\n" in done.stdout
    assert "frozen" not in run(site, "build").output


def test_a_model_without_a_recipe_stays_a_mistake(site: Path) -> None:
    (site / "models" / "own" / "recipe.yml").unlink()
    done = run(site, "build")
    assert isinstance(done.exception, ModelError)


def test_mistakes_of_a_recipe_are_told(site: Path) -> None:
    (site / "models" / "own" / "recipe.yml").write_text("corpus: {}\n")
    done = run(site, "build")
    assert isinstance(done.exception, ModelError)
    assert "models/own/recipe.yml:1:9: 'sources' is missing\n" in done.stderr


def test_what_serve_lacks_is_trained(site: Path) -> None:
    """By the same function, told by the revision which models."""
    from escriba.cli.missing import train_missing
    from escriba.ground.project import load
    from escriba.site.serve import _train
    from escriba.site.serve.builder import Builder

    builder = Builder(load(site), drafts=True)
    said: list[str] = []
    try:
        builder.rebuild()
        assert builder.revision.untrained == {"own"}
        _train(builder, said.append, nullcontext, train_missing)
        assert builder.revision.untrained == frozenset()
        assert not builder.revision.problems
    finally:
        builder.close()
    assert has_weights(site)
