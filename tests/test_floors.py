"""Imports point down the house, and a frozen build stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "plugin" / "escriba"
DOORS = {"cli", "api", "__main__"}
# From the ground up; each floor may use those that it names, and itself.
FLOORS: dict[str, set[str]] = {
    "ground": set(),
    "tex": {"ground"},
    "records": {"ground"},
    "sampling": {"ground", "records"},
    "corpora": {"ground", "records"},
    "charlm": {"ground", "records", "corpora"},
    "templating": {"ground", "tex"},
    "evidence": {"ground", "records", "sampling"},
    "article": {"ground", "tex", "records", "sampling", "evidence", "templating"},
    "markup": {"ground", "tex", "templating", "article"},
    "site": {"ground", "tex", "templating", "evidence", "article", "markup"},
    "upkeep": {"ground", "records", "charlm", "evidence", "article", "site"},
    "hosts": {"ground", "article"},
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    .removesuffix("__init__")
    .rstrip("."): path
    for path in sorted(ROOT.rglob("*.py"))
}


def read_imports(name: str) -> set[str]:
    """The modules of escriba that one imports, on whatever line and for whatever reason; of the
    package's root, ''."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import in line {node.lineno}"
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            names = [each if each.removeprefix("escriba.") in MODULES else base for each in names]
        else:
            continue
        found |= {each[8:] for each in names if each.split(".")[0] == "escriba"}
    return found


IMPORTS = {name: read_imports(name) for name in MODULES}


def find_circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of names that lead to each other."""
    beyond: dict[str, set[str]] = {}
    for name in arrows:
        beyond[name], rest = set(), [name]
        while rest:
            new = arrows.get(rest.pop(), set()) - beyond[name]
            beyond[name] |= new
            rest += new
    return sorted(
        sorted(other for other in beyond[name] if name in beyond.get(other, ()))
        for name in arrows
        if name in beyond[name]
    )


def room(name: str) -> str:
    """The folder of a module."""
    package = MODULES[name].name == "__init__.py"
    return name if package else name.rpartition(".")[0] or name


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    floor = name.partition(".")[0]
    used = {each.partition(".")[0] for each in IMPORTS[name]}
    assert "" not in used, "nobody imports the package root"
    if floor not in DOORS | {""}:
        assert used <= FLOORS[floor] | {floor}


def test_floors_point_down() -> None:
    for number, (floor, below) in enumerate(FLOORS.items()):
        assert below <= set(list(FLOORS)[:number]), floor
    packages = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert packages == {*FLOORS, "cli"}


def test_no_module_leads_back_to_itself() -> None:
    assert find_circles(IMPORTS) == []


def test_no_folder_leads_back_to_itself() -> None:
    arrows: dict[str, set[str]] = {}
    for name, used in IMPORTS.items():
        inside = {room(each) for each in used}
        arrows.setdefault(room(name), set()).update(inside - {room(name)})
    assert find_circles(arrows) == []


@pytest.mark.parametrize("path", sorted((ROOT / "hosts").rglob("*.py")), ids=lambda p: p.name)
def test_a_door_is_thin(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 80


def test_only_charlm_imports_torch() -> None:
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            )
        }  # fmt: skip
        assert "torch" not in names or path.relative_to(ROOT).parts[0] == "charlm", path


# Within charlm: the rooms, and what each may use of the others.
ROOMS = {
    "training": {"memory", "device", "network", "measure", "evaluation", "exact"},
    "exact": set(),
    "evaluation": {"memory", "device", "network", "measure", "exact"},
}
FILES = 33  # of charlm, at most, 7 of them for the second engine


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_charlm_do_not_lean_on_each_other(room: str) -> None:
    for path in (ROOT / "charlm" / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "escriba.charlm"
            ):
                used = (node.module or "").split(".")[2]
                assert used in ROOMS[room] | {room}, f"{path.name} imports {node.module}"


def test_charlm_is_small() -> None:
    assert len([*(ROOT / "charlm").rglob("*.py")]) <= FILES


# Of `charlm.training`, what chooses an engine, and the engine that is torch.
OF_TORCH = {"calibrate", "torch_engine", "torch_machine"}


def test_what_engines_share_imports_no_torch() -> None:
    shared = {path.stem for path in (ROOT / "charlm" / "training").glob("*.py")} - OF_TORCH
    names = [f"escriba.charlm.training.{name}" for name in sorted(shared)]
    program = (
        "import importlib, sys\n"
        f"for name in {names}: importlib.import_module(name)\n"
        "print(*{'torch', 'safetensors.torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("\n", "")


# A file of at most 300 lines and a function of at most 40, from its `def` to its end; what is longer
# is one thing, and the section of docs/decisions.md on long files and functions says which.
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
LONG = {
    "charlm/training/train.py: train": "its parameters and what they mean; the work is 20 lines",
}


# What is being rewritten.
def find_long(path: Path) -> Iterator[str]:
    """A file that is too long, by its path in the package, and its functions that are."""
    name, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    if len(text.splitlines()) > LONGEST_FILE:
        yield name
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                yield f"{name}: {node.name}"


def test_a_long_file_or_function_has_a_reason() -> None:
    decisions = (ROOT.parents[1] / "docs" / "decisions.md").read_text("utf-8")
    section = decisions.partition("\n## Long files and functions\n")[2].partition("\n## ")[0]
    assert section
    long = {name for path in ROOT.rglob("*.py") for name in find_long(path)}
    assert long == LONG.keys()
    for name, reason in LONG.items():
        assert f"`{name}`: {reason}" in " ".join(section.split())


@pytest.mark.parametrize(
    ("title", "most"), [("From post to page", 20), ("From corpus to model", 18)]
)
def test_a_walk_is_a_list_of_calls(title: str, most: int) -> None:
    """Each file is there, is entered once, and has what is called."""
    text = (ROOT.parents[1] / "docs" / "contributing.md").read_text("utf-8")
    section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^(\d+)\. `([\w/]+)(\.py)?/?` (.*)$", section, re.MULTILINE)
    assert [int(number) for number, *_ in lines] == [*range(1, len(lines) + 1)]
    assert 10 < len(lines) <= most
    assert len({path for _, path, *_ in lines}) == len(lines)
    for _, path, suffix, rest in lines:
        calls = re.findall(r"`(?:\w+\.)?(\w+)`", re.split("[:;]", rest)[0])
        assert calls, path
        names = {
            node.name
            for file in ([ROOT / f"{path}.py"] if suffix else (ROOT / path).rglob("*.py"))
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert names >= {*calls}, path
