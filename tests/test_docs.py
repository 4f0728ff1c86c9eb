"""What the documents show is what the programs read and say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from escriba.cli import cli
from escriba.ground import errors, schema
from escriba.ground.errors import EscribaError, Place
from escriba.records.evaluation import read_evaluation
from escriba.records.model import read_model
from escriba.records.recipe import Recipe, Source

ROOT = Path(__file__).parents[1]


def test_the_recipe_in_the_documents_has_the_defaults() -> None:
    text = (ROOT / "docs" / "recipe.md").read_text("utf-8")
    match = re.search(r"```yaml\n(.*?)```", text, re.S)
    assert match is not None
    shown = match[1].replace("64 hex digits", "0" * 64)
    recipe = schema.read(Recipe, shown, Place(Path("docs/recipe.md")))
    default = Recipe(recipe.corpus)
    assert recipe.network == default.network
    assert recipe.training == default.training
    plain = schema.read(
        Recipe, "corpus: {sources: [{file: corpora/*.txt}]}", Place(Path("recipe.yml"))
    )
    assert plain.corpus.sources == (Source(file="corpora/*.txt"),)
    assert (recipe.corpus.unit, recipe.corpus.unwrap, recipe.corpus.split) == (
        plain.corpus.unit, plain.corpus.unwrap, plain.corpus.split,
    )  # fmt: skip


def test_the_readme_lists_every_exit_code() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.M)}
    kinds = [
        k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, EscribaError)
    ]
    assert listed == {0, 2, 130} | {kind.exit_code for kind in kinds}


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_readme_names_every_command(name: str) -> None:
    assert f"`escriba {name}" in (ROOT / "README.md").read_text("utf-8")
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0


DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("models/*/*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


MODELS = sorted(path.parent for path in ROOT.glob("models/*/evaluation.yml"))


def figures(folder: Path, part: str) -> str:
    """What a row of a table says of a part of a model's corpus."""
    values = read_evaluation(folder, folder).values
    keys = ("nats", "bits", "nats-per-byte", "ngram-20")
    return " | ".join(str(values[f"{part}.{key}"]) for key in keys)


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_model_s_card_says_what_was_measured(folder: Path) -> None:
    card = (folder / "README.md").read_text("utf-8")
    digest = read_model(folder).digest
    assert f"| digest | `{digest[:12]}` |" in card
    for part in ("validation", "test"):
        assert f"\n| {part} | {figures(folder, part)} |\n" in card


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_the_readme_s_table_says_what_was_measured(folder: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    row = re.search(rf"^\| \[`{folder.name}`\]\([^|]*\| [^|]* \| (.*) \|$", text, re.M)
    assert row is not None
    assert row[1] == figures(folder, "test")
