"""Each benchmark answers one question, and the documents have the answer."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
ROW = re.compile(r"^\| `(\w+\.py)` \| (.+?) \| \[.+?\]\(([^)#]+)(?:#([^)]+))?\) \|$", re.M)
TABLE = {name: rest for name, *rest in ROW.findall((FOLDER / "README.md").read_text("utf-8"))}


def test_the_table_names_every_benchmark() -> None:
    assert list(TABLE) == sorted(path.name for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", TABLE)
def test_a_benchmark_has_a_question_and_a_place_for_its_answer(name: str) -> None:
    question, page, anchor = TABLE[name]
    said = ast.get_docstring(ast.parse((FOLDER / name).read_text("utf-8"))) or ""
    assert said.partition("\n")[0] == question
    assert question.endswith("?")
    text = (FOLDER / page).read_text("utf-8")
    _, *pieces = re.split(r"^#+ (.*)$", text, flags=re.M)  # title, part, title, part
    anchors = [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in pieces[::2]]
    parts = dict(zip(anchors, pieces[1::2], strict=True))
    assert name in (parts[anchor] if anchor else text)


def test_documents_name_no_benchmark_that_is_not_there() -> None:
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("posts/*.md")):
        if path.name != "CHANGELOG.md":
            for name in re.findall(r"benchmarks/([\w/]+\.\w+)", path.read_text("utf-8")):
                assert (FOLDER / name).is_file(), f"{path.name}: {name}"
