"""`--set KEY=VALUE`: other values for the keys of a recipe, read as those in the file are."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.ground.errors import SourceError
from escriba.records.recipe import Recipe, read_recipe

RECIPE = """
corpus: {sources: [{file: text.txt}]}
network: {hidden: 16}
"""


def read(root: Path, *changes: str, recipe: str = RECIPE) -> Recipe:
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (folder / "recipe.yml").write_text(recipe)
    return read_recipe(root / "models", "count", root, changes)


def test_keys_are_changed_by_their_name_alone_or_whole(tmp_path: Path) -> None:
    recipe = read(
        tmp_path, "hidden=64", "training.learning-rate=0.01", "split=[90, 5, 5]", "clip=",
        "from=other", "seed=1", "seed=2",
    )  # fmt: skip
    assert recipe.network.hidden == 64
    assert recipe.training.learning_rate == 0.01
    assert recipe.corpus.split == (90, 5, 5)
    assert recipe.training.clip is None
    assert recipe.from_ == "other"
    assert recipe.training.seed == 2
    assert recipe.corpus.sources[0].file == "text.txt"


def test_a_section_that_is_not_there_is_made(tmp_path: Path) -> None:
    recipe = read(tmp_path, "layers=3", recipe="corpus: {sources: [{file: a}]}\nnetwork:\n")
    assert recipe.network.layers == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("hidden=many", "--set hidden=many: 'hidden' must be a whole number, not 'many'"),
        ("network.hidden=0", "--set network.hidden=0: 'hidden' must be from 1 to 8192, not '0'"),
        ("hiden=64", "--set hiden=64: unknown key 'hiden' (did you mean 'hidden'?)"),
        ("hidden", "--set hidden: write KEY=VALUE, such as hidden=64"),
        ("steps=0", "--set steps=0: 'steps' must be more than 0, at most 1000000000000, not '0'"),
        ("split=[1", "--set split=[1:1:1: broken YAML: did not find expected ',' or ']'"),
        ("sources=[{fil: a}]", "--set sources=[{fil: a}]: unknown key 'fil' (did you mean 'file'?)"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_as_in_the_file(tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, change)
    assert str(caught.value).splitlines()[0] == message


def test_the_recipe_as_it_was_trained_by_is_recorded_and_digested(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from escriba.charlm.training.train import train
    from escriba.ground.errors import TrainingError
    from escriba.records.model import read_model
    from support.training import log_of, make_site

    torch.set_num_threads(1)
    site = make_site(tmp_path)
    train(site, "count", steps=8, changes=("hidden=8", "seed=7"))
    model = read_model(site.models / "count")
    assert model.network.hidden == 8
    assert model.record["training"]["set"] == ["hidden=8", "seed=7"]
    plan = log_of(site)[0]["plan"]
    assert isinstance(plan, dict)
    assert (plan["seed"], plan["set"]) == (7, ["hidden=8", "seed=7"])
    assert train(site, "count", steps=16, changes=("hidden=8", "seed=7")).step == 16
    with pytest.raises(TrainingError, match="is another than that of the checkpoint"):
        train(site, "count", steps=16, changes=("hidden=8", "seed=8"))
