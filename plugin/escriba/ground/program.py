"""What this program is, as one digest: its own files, the versions of the libraries that pages are
made with, and Python's. Whoever changes one of them changes what a result was made by."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SUFFIXES = frozenset({".py", ".wasm", ".h", ".css", ".svg", ".html", ".yml", ".xml", ".js", ".mo"})
LIBRARIES = frozenset(
    {"babel", "jinja2", "markdown", "markupsafe", "math_core", "numpy", "pygments", "pyyaml",
     "python_dateutil", "python_liquid", "wasmtime"}
)  # fmt: skip


def packaged() -> Path:
    """The folder of escriba's own templates: in the wheel, or at the top of a source checkout.

    >>> (packaged() / "blocks" / "sample.html").is_file()
    True
    """
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parents[1] / "templates"


@cache
def digest_program(templates: Path) -> str:
    """The SHA-256 of it all; `templates` is the folder of escriba's own."""
    whole = hashlib.sha256(sys.version.encode())
    for folder in (PACKAGE,) if templates.is_relative_to(PACKAGE) else (PACKAGE, templates):
        for name in sorted(_list_files(str(folder))):
            with open(f"{folder}{os.sep}{name}", "rb", 0) as file:  # noqa: PTH123
                whole.update(f"\0{name}\0".encode())
                whole.update(file.read())
    for name in _list_libraries():
        whole.update(f"\0{name}".encode())
    return whole.hexdigest()


def _list_files(folder: str) -> Iterator[str]:
    """The names, within a folder, of the files that decide what this program does: all but those
    of new sites. There are hundreds, and every start reads them: a Path for each takes longer."""
    pending = [""]
    while pending:
        above = pending.pop()
        with os.scandir(f"{folder}{os.sep}{above}") as entries:
            for entry in entries:
                name = f"{above}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if name != "new" and entry.name != "__pycache__":
                        pending.append(f"{name}/")
                elif os.path.splitext(name)[1] in SUFFIXES:  # noqa: PTH122
                    yield name


def _list_libraries() -> list[str]:
    """The libraries that are installed, each with its version, as their folders are called."""
    found = set()
    for entry in map(Path, sys.path):
        try:
            names = [path.name for path in entry.iterdir() if path.name.endswith(".dist-info")]
        except OSError:
            continue
        found |= {each for each in names if _name(each) in LIBRARIES}
    return sorted(found)


def _name(folder: str) -> str:
    return folder.partition("-")[0].lower().replace(".", "_")
