"""The numbers of `docs/limits.md` are those in the code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "limits.md"
ROW = re.compile(
    r"^\| (?P<what>.+) \| (?P<number>[\d,]+)(?: (?P<unit>[\w ]+))? \| `(?P<name>[\w.]+)` \|$"
)
UNITS = {"MB": 1 << 20, "GB": 1 << 30}
ROWS = [line for line in PAGE.read_text("utf-8").split("\n") if line.startswith("| ")]


@pytest.mark.parametrize("row", [r for r in ROWS if not r.startswith("| what |")])
def test_a_limit_is_that_of_the_code(row: str) -> None:
    match = ROW.match(row)
    assert match, "a row is: what, a number and its unit, the name of a constant"
    module, _, constant = match["name"].rpartition(".")
    name = f"escriba.{module}"
    if "charlm" in name:
        pytest.importorskip("torch")
    value = getattr(import_module(name), constant)
    assert value == int(match["number"].replace(",", "")) * UNITS.get(match["unit"] or "", 1)


def test_the_page_names_each_limit_once_a_section() -> None:
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        names = re.findall(r"\| `([\w.]+)` \|$", section, re.M)
        assert names
        assert len(names) == len(set(names))
