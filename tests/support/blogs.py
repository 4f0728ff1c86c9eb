"""Sites for tests: copies of `tests/sites/`, with a model that is made on the spot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from escriba.ground import project
from escriba.ground.errors import EscribaError
from escriba.ground.project import Project
from escriba.site.build import build
from support.models import make_model

REPOSITORY = Path(__file__).parents[2]
SITES = REPOSITORY / "tests" / "sites"


def make_site(folder: Path) -> Project:
    """A site with every kind of thing in it, and the model `mini`; nothing is built yet."""
    shutil.copytree(SITES / "ok", folder)
    make_model(folder / "models" / "mini")
    return project.load(folder)


def make_blog(folder: Path, files: Mapping[str, str | bytes]) -> Project:
    """A blog of these files; a post or page that begins with no front matter gets some."""
    for name, content in {"escriba.yml": "", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            plain = name.endswith(".md") and not content.startswith("---")
            path.write_text(f"---\ntitle: T\n---\n{content}\n" if plain else content, "utf-8")
    return project.load(folder)


def complaints(site: Project, **options: Any) -> list[str]:
    """What a build says of a site that it refuses, a line each."""
    with pytest.raises(EscribaError) as caught:
        build(site, **options)
    return [str(problem) for problem in caught.value.problems]


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`escriba` with some arguments, as a person runs it in that folder."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "escriba", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a folder but compiled templates: its bytes, and when it was last written."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_relative_to(folder / ".escriba" / "templates")
    }
