"""What this program is, as one digest: its own files, the versions of the libraries that pages are
made with, and Python's. Whoever changes one of them changes what a result was made by."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SUFFIXES = frozenset({".py", ".wasm", ".h", ".css", ".svg", ".html", ".yml", ".xml", ".js", ".mo"})
LIBRARIES = frozenset(
    {"babel", "jinja2", "markdown", "markupsafe", "math_core", "numpy", "pygments", "pyyaml",
     "python_dateutil", "python_liquid", "wasmtime"}
)  # fmt: skip


@cache
def digest_program(templates: Path) -> str:
    """The SHA-256 of it all; `templates` is the folder of escriba's own."""
    whole = hashlib.sha256(sys.version.encode())
    for folder in (PACKAGE,) if templates.is_relative_to(PACKAGE) else (PACKAGE, templates):
        for path in sorted(folder.rglob("*")):
            if path.suffix in SUFFIXES and not path.is_relative_to(folder / "new"):
                whole.update(f"\0{path.relative_to(folder).as_posix()}\0".encode())
                whole.update(path.read_bytes())
    for name in _list_libraries():
        whole.update(f"\0{name}".encode())
    return whole.hexdigest()


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
