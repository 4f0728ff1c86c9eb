"""Test modules stand each alone: what several of them share lies in `support`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
MODULES = sorted(FOLDER.glob("test_*.py"))
SHARED = sorted([*FOLDER.glob("support/*.py"), *FOLDER.glob("tools/*.py")])


def imports(path: Path) -> Iterator[str]:
    """The names that a file imports, within functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import in line {node.lineno}"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [*MODULES, *SHARED], ids=lambda path: path.stem)
def test_nothing_imports_a_test_module_or_a_tool(path: Path) -> None:
    alone = {"tools", *(module.stem for module in MODULES)}
    assert alone.isdisjoint(name.split(".")[0] for name in imports(path))


def test_beside_test_modules_there_is_what_pytest_reads() -> None:
    others = {path.name for path in FOLDER.glob("*.py")} - {path.name for path in MODULES}
    assert others == {"conftest.py"}
