"""`escriba models`: what models there are, and how well they have learnt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escriba.cli import cli
from escriba.ground import project
from escriba.records.shelf import Entry, list_models
from support.models import make_model


@pytest.fixture
def site(tmp_path: Path) -> project.Project:
    (tmp_path / "escriba.yml").write_text("title: test\n")
    make_model(tmp_path / "models" / "babel", symbols="abc\n")
    recipe = tmp_path / "models" / "planned"
    recipe.mkdir()
    (recipe / "recipe.yml").write_text("corpus: {name: A 文 book, sources: [{file: a}]}\n")
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "weights.safetensors").write_text("no model")
    return project.load(tmp_path)


def test_models_are_listed_with_what_their_files_say(site: project.Project) -> None:
    babel, broken, planned = list_models(site)
    assert (babel.name, babel.trained, babel.symbols, babel.unit) == (
        "babel", True, 4, "characters",
    )  # fmt: skip
    assert babel.parameters is not None
    assert babel.bytes == (site.models / "babel" / "weights.safetensors").stat().st_size
    assert broken.problem == (
        "models/broken/weights.safetensors: not a whole model file (8 bytes); restore it, or train "
        "it with: escriba train broken"
    )
    assert planned == Entry("planned", False, corpus="A 文 book")


def test_the_list_has_a_line_each(
    site: project.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    cli(["-C", str(site.root), "models"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "model",
        "network",
        "parameters",
        "size",
        "validation",
        "engine",
        "corpus",
    ]
    assert [line.split()[0] for line in lines[1:]] == ["babel", "broken", "planned"]
    assert lines[3].split(maxsplit=1)[1].startswith("not trained")
    assert lines[3].endswith("A 文 book")


def test_the_list_is_json_too(site: project.Project, capsys: pytest.CaptureFixture[str]) -> None:
    cli(["-C", str(site.root), "models", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == [e.to_dict() for e in list_models(site)]


def test_where_there_are_none_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "escriba.yml").write_text("title: test\n")
    cli(["-C", str(tmp_path), "models"], standalone_mode=False)
    assert capsys.readouterr() == (
        "", "there are no models here; `escriba new --model NAME` adds one\n",
    )  # fmt: skip
