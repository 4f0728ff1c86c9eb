"""`escriba check --models`: exact models, trained again."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from escriba.charlm.training.train import train
from escriba.cli import cli
from escriba.ground import project
from escriba.ground.errors import FrozenError, SourceError
from escriba.records.model import read_model
from escriba.upkeep.models import prove_models
from support.models import make_model
from support.training import make_site


def make_exact(root: Path, name: str = "count", engine: str = "exact") -> project.Project:
    site = make_site(root)
    recipe = site.models / "count" / "recipe.yml"
    text = recipe.read_text().replace("{epochs: 4,", f"{{engine: {engine}, steps: 30,")
    if name != "count":
        (site.models / "count").rename(site.models / name)
    (site.models / name / "recipe.yml").write_text(text)
    return site


def run(site: project.Project, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(site.root), "check", *arguments])


def test_weights_are_had_again(tmp_path: Path) -> None:
    site = make_exact(tmp_path)
    train(site, "count")
    before = sorted(path.name for path in site.models.rglob("*"))
    proofs = prove_models(site)
    assert (proofs.proved, proofs.unproved) == (("count",), {})
    assert sorted(path.name for path in site.models.rglob("*")) == before
    assert [path.name for path in site.cache.iterdir()] == ["encoded"]
    assert run(site, "--models").output == (
        "1 model has the weights that its recipe, corpus and record give, bit for bit\n"
    )


@pytest.mark.parametrize("how", ["limit", "set", "from", "gone on with"])
def test_what_a_command_said_is_in_the_record(tmp_path: Path, how: str) -> None:
    site = make_exact(tmp_path)
    if how == "limit":
        train(site, "count", steps=44)
    elif how == "set":
        train(site, "count", changes=["training.seed=9"])
    elif how == "gone on with":
        train(site, "count", steps=20)
        train(site, "count", steps=50)
    else:
        train(site, "count")
        (site.models / "other").mkdir()
        recipe = (site.models / "count" / "recipe.yml").read_text()
        (site.models / "other" / "recipe.yml").write_text(recipe)
        train(site, "other", start="count")
    names = ["other"] if how == "from" else []
    assert prove_models(site, names).proved == (*(names or ["count"]),)


def make_minutes(root: Path, minutes: float) -> project.Project:
    """A text whose dropout would be another by minutes than by the steps they are."""
    site = make_exact(root)
    recipe = site.models / "count" / "recipe.yml"
    text = recipe.read_text().replace("steps: 30", f"minutes: {minutes}")
    recipe.write_text(text.replace("warmup: 5", "warmup: 5, patience: false"))
    return site


def test_minutes_are_had_again(tmp_path: Path) -> None:
    site = make_minutes(tmp_path, 0.01)
    train(site, "count")
    assert prove_models(site).proved == ("count",)


def test_a_dropout_that_was_chosen_stays(tmp_path: Path) -> None:
    """Twenty steps do not read the text ten times, and 1,100 do."""
    site = make_exact(tmp_path)
    train(site, "count", steps=20)
    train(site, "count", steps=1100)
    assert read_model(site.models / "count").record["training"]["dropout"] == "0.0"
    assert prove_models(site).proved == ("count",)


def test_a_path_of_its_own_is_not_proved(tmp_path: Path) -> None:
    """Stopped after half of what is then asked for, so that its rate fell later than it would."""
    site = make_exact(tmp_path)
    looks = iter(range(10**6))
    train(site, "count", steps=200, stop=lambda: next(looks) > 4)
    train(site, "count", steps=48)
    assert prove_models(site).unproved.keys() == {"count"}


def test_an_origin_that_has_changed_proves_nothing(tmp_path: Path) -> None:
    site = make_exact(tmp_path)
    train(site, "count")
    (site.models / "other").mkdir()
    recipe = (site.models / "count" / "recipe.yml").read_text()
    (site.models / "other" / "recipe.yml").write_text(recipe)
    train(site, "other", start="count")
    train(site, "count", restart=True, force=True, changes=["training.seed=5"])
    proofs = prove_models(site)
    assert proofs.unproved == {
        "other": "it began with other weights than those that 'count' has now"
    }


@pytest.mark.parametrize(
    "training",
    [
        "x", [1], {"exact": "1"}, {"exact": "1", "limit": {"bogus": 1}, "dropout": "0.0"},
        {"exact": "1", "limit": {"steps": "x"}, "dropout": "0.0"},
        {"exact": "1", "limit": {"steps": 9}, "dropout": "0.0", "from": "x"},
        {"exact": "1", "limit": {"steps": 9}, "dropout": "0.0", "from": {"model": "count"}},
        {"exact": "1", "limit": {"steps": 9}, "dropout": "0.0", "set": "x"}, {"exact": "0"},
    ],
)  # fmt: skip
def test_no_record_is_believed_blindly(tmp_path: Path, training: object) -> None:
    site = make_exact(tmp_path)
    folder = site.models / "count"
    make_model(folder, training=training)
    assert prove_models(site).unproved.keys() == {"count"}


def test_what_is_not_trained_is_named(tmp_path: Path) -> None:
    site = make_exact(tmp_path)
    (site.models / "notes").mkdir()
    assert prove_models(site).unproved == {"count": "not trained", "notes": "not trained"}


@pytest.mark.parametrize("what", ["recipe", "corpus", "weights"])
def test_other_weights_are_told(tmp_path: Path, what: str) -> None:
    site = make_exact(tmp_path)
    train(site, "count")
    folder = site.models / "count"
    own = read_model(folder).digest
    if what == "recipe":
        recipe = folder / "recipe.yml"
        recipe.write_text(recipe.read_text().replace("steps: 30", "steps: 30, seed: 2"))
    elif what == "corpus":
        text = site.root / "text.txt"
        text.write_text(text.read_text().replace("tres", "tros"))
    else:
        data = bytearray((folder / "weights.safetensors").read_bytes())
        data[-1] ^= 1
        (folder / "weights.safetensors").write_bytes(data)
        own = read_model(folder).digest
    with pytest.raises(FrozenError) as caught:
        prove_models(site)
    assert str(caught.value).startswith(
        "models/count/weights.safetensors: its recipe and its corpus give other weights: "
    )
    assert f"and these are {own[:12]}…; train it again with: escriba train count --restart" in str(
        caught.value
    )
    assert run(site, "--models").exit_code != 0


def test_what_no_training_proves_is_named(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    site = make_exact(tmp_path, engine="torch")
    train(site, "count")
    proofs = prove_models(site)
    assert str(proofs) == (
        "models/count: not of the exact engine, whose weights alone can be proved\n"
        "0 models have the weights that their recipes, corpora and records give, bit for bit"
    )
    with pytest.raises(SourceError, match="there is no model 'cuont' \\(did you mean 'count'"):
        prove_models(site, ["cuont"])
