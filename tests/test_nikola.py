"""The compiler in real Nikola, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from escriba import project
from escriba.model import read_model
from escriba.project import Project
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from models import make_model, make_record
from test_pages import REPOSITORY, Quiet, needs_chromium, served
from test_playground import browser, open_panel, opened, reproduce

__all__ = ["browser"]

PROGRAM = REPOSITORY / ".venv-nikola" / "bin" / "nikola"
pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="Nikola is not installed: make hosts")

HOSTILE = "\n {}%<>$*_`#&|'\"\\-+!:ab"
SETTINGS = """
import time
BLOG_TITLE, BLOG_AUTHOR, BLOG_EMAIL, BLOG_DESCRIPTION = "Site", "A", "a@example.org", "Of tests"
SITE_URL = "https://example.org/some/path/"
DEFAULT_LANG = "es"
TRANSLATIONS = {"es": ""}
POSTS, PAGES = (("posts/*.md", "posts", "post.tmpl"),), ()
THEME = "bootblog4"
COMPILERS = {"markdown": [".md"], "html": [".html"]}
MARKDOWN_EXTENSIONS = ["fenced_code", "codehilite", "extra"]
USE_CDN = False
OUTPUT_FOLDER = "served/some/path"
ESCRIBA_FROZEN = WHETHER

from escriba.hosts import nikola
EXTRA_PLUGINS_DIRS = [nikola.FOLDER]
COMPILERS["escriba"] = COMPILERS.pop("markdown")
"""
POST = """<!--
.. title: Una entrada
.. slug: entrada
.. date: 2026-01-02 00:00:00 UTC
-->

Parámetros: `escriba mini.parameters`.

```escriba playground
model: hostile
length: 300
show: verbatim
```

> ```escriba sample
> model: mini
> length: 40
> show: verbatim
> ```

```escriba loss
models: [mini]
```

```python
print("hola")
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("nikola")
    (root / "escriba.yml").touch()
    make_model(root / "models" / "mini")
    make_record(root / "models" / "mini")
    make_model(root / "models" / "hostile", symbols=HOSTILE)
    (root / "posts").mkdir()
    (root / "posts" / "entrada.md").write_text(POST, "utf-8")
    return project.load(root)


def build(site: Project, *, frozen: bool = False) -> subprocess.CompletedProcess[str]:
    (site.root / "conf.py").write_text(SETTINGS.replace("WHETHER", str(frozen)))
    return subprocess.run(
        [PROGRAM, "build"],
        cwd=site.root, capture_output=True, encoding="utf-8", check=False, timeout=180,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(site: Project) -> Path:
    done = build(site)
    assert done.returncode == 0, done.stdout + done.stderr
    return site.root / "served/some/path/posts/entrada/index.html"


def test_a_post_has_its_blocks(site: Project, page: Path) -> None:
    hostile, mini = (Engine(read_model(site.models / name)) for name in ("hostile", "mini"))
    html = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    assert [each.get_text() for each in html.select("figure pre samp")] == [
        hostile.sample(Options(length=300)),
        mini.sample(Options(length=40)),
    ]
    assert html.select_one("blockquote figure samp")
    assert html.select_one("figure.escriba-loss svg")
    assert html.select("data.escriba-value")[0].get_text() == "5.408", "as Spanish writes it"


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    with (
        served(site.root / "served", Quiet) as root,
        opened(browser, f"{root}some/path/posts/entrada/") as shown,
    ):
        assert reproduce(shown, open_panel(shown, 0)).startswith("Idéntic")
        own = [noise for noise in shown.noise if not noise.startswith("Failed to load resource")]
        assert own == [], "but for fonts and icons of the theme"


def test_a_mistake_has_an_address_and_ends_the_build(site: Project, page: Path) -> None:
    source = site.root / "posts" / "entrada.md"
    try:
        source.write_text(POST.replace("length: 40", "lenght: 40"), "utf-8")
        done = build(site)
    finally:
        source.write_text(POST, "utf-8")
    assert done.returncode == 1
    told = "posts/entrada.md:17:3: unknown option 'lenght' (did you mean 'length'?)"
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    site: Project, page: Path, change: str
) -> None:
    (path,) = (site.models / "mini" / "samples").iterdir()
    before = path.read_bytes()
    try:
        if change == "missing":
            path.unlink()
        else:
            path.write_bytes(before + b"!")
        again = build(site, frozen=True)
        for name in (
            ".doit.db.dat",
            ".doit.db.dir",
            ".doit.db.bak",
            "cache",
            "served",
        ):  # as in CI, which begins with nothing
            shutil.rmtree(site.root / name, ignore_errors=True)
            (site.root / name).unlink(missing_ok=True)
        done = build(site, frozen=True)
    finally:
        path.write_bytes(before)
    assert again.returncode != 0, "what has been built depends on its samples"
    assert done.returncode == 1
    assert "posts/entrada.md:15:3: " in done.stdout + done.stderr
    assert build(site, frozen=True).returncode == 0
    assert len(page.read_text("utf-8")) > 1000
