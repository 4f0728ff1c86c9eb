"""`escriba explain`: what determines each block of a post."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.ground.errors import SourceError
from escriba.ground.project import Project
from escriba.site.build import build
from escriba.upkeep.explain import explain
from support.blogs import make_site, tree

POST = "posts/2020-10-01-redes.md"


@pytest.fixture
def site(tmp_path: Path) -> Project:
    return make_site(tmp_path / "site")


def shown(site: Project, name: str = POST) -> str:
    return "\n".join(str(each) for each in explain(site, name))


def test_what_determines_a_sample_and_what_a_build_does_with_it(site: Project) -> None:
    before = tree(site.root)
    new = shown(site)
    assert tree(site.root) == before, "nothing is sampled"
    assert new.count("a build  samples it (with --frozen, refuses): the frozen sample ") == 2
    assert "is missing; `escriba build` makes it" in new
    build(site)
    built = shown(site)
    (line,) = [line for line in built.split("\n") if "la red" in line]
    model = explain(site, POST)[0].answers[0].question.model
    digest = line.split()[1].rstrip(":")
    assert line == (
        f"  request  {digest}: model mini ({model.digest[:12]}), arithmetic 2, prompt 'la red', "
        "length 200, temperature 0.8, seed 7"
    )
    assert f"  a build  takes the text from models/mini/samples/{digest}.txt" in built


def test_a_changed_block_and_an_edited_sample(site: Project) -> None:
    build(site)
    path = site.root / POST
    path.write_text(path.read_text().replace("seed: 7", "seed: 8"))
    for sample in (site.models / "mini" / "samples").iterdir():
        if "la red" not in sample.read_text():
            sample.write_bytes(sample.read_bytes()[:-1] + b"~")
    found = shown(site)
    assert "is stale: seed was 7 and is 8; `escriba refresh` makes the new one" in found
    assert "a build  refuses: the frozen sample models/mini/samples/" in found


def test_inline_values_and_names_of_posts(site: Project) -> None:
    path = site.root / POST
    values = "\nIt has `escriba mini.parameters` parameters.\n"
    path.write_text(path.read_text() + values)
    found = shown(site)
    assert found == shown(site, path.name) == shown(site, path.stem)
    assert found.endswith(
        f"{POST}: inline values\n"
        "  made of  models/mini/weights.safetensors\n"
        "  a build  makes this anew each time; nothing of it is frozen"
    )
    with pytest.raises(SourceError, match=r"^there is no post 'redess' \("):
        explain(site, "redess")
