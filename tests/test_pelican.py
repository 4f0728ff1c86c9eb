"""The plugin in real Pelican, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from escriba import project
from escriba.model import read_model
from escriba.project import Project
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from models import make_model, make_record
from test_pages import REPOSITORY, needs_chromium, served
from test_playground import Strict, browser, open_panel, opened, reproduce

__all__ = ["browser"]

PROGRAM = REPOSITORY / ".venv-pelican" / "bin" / "pelican"
pytestmark = pytest.mark.skipif(
    not PROGRAM.is_file(), reason="Pelican is not installed: make hosts"
)

HOSTILE = "\n {}%<>$*_`#&|'\"\\-+!:ab"
SETTINGS = """
SITENAME, SITEURL, PATH, TIMEZONE, DEFAULT_LANG = "Site", "/some/path", "content", "UTC", "en"
FEED_ALL_ATOM = "feed.xml"
PLUGINS = ["escriba.hosts.pelican"]
"""
ARTICLE = """Title: Una entrada
Date: 2026-01-02
Lang: es
Slug: entrada
Summary: Con `escriba mini.parameters`.

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
    root = tmp_path_factory.mktemp("pelican")
    (root / "escriba.yml").touch()
    make_model(root / "models" / "mini")
    make_record(root / "models" / "mini")
    make_model(root / "models" / "hostile", symbols=HOSTILE)
    (root / "content").mkdir()
    (root / "content" / "entrada.md").write_text(ARTICLE, "utf-8")
    (root / "content" / "draft.md").write_text(
        "Title: A draft\nDate: 2026-01-03\nStatus: draft\n\n" + ARTICLE.partition("\n\n")[2],
        "utf-8",
    )
    return project.load(root)


def build(site: Project, *, frozen: bool = False) -> subprocess.CompletedProcess[str]:
    settings = f"{SETTINGS}ESCRIBA_FROZEN = {frozen}\n"
    (site.root / "pelicanconf.py").write_text(settings)
    return subprocess.run(
        [PROGRAM, "content", "-o", "served/some/path", "--log-handler", "plain"],
        cwd=site.root, env={**os.environ, "COLUMNS": "500", "NO_COLOR": "1"},
        capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(site: Project) -> Path:
    done = build(site)
    assert done.returncode == 0, done.stderr
    return site.root / "served/some/path/entrada-es.html"


def samples(html: str) -> list[str]:
    found = BeautifulSoup(html, "html.parser").select("figure pre samp")
    return [each.get_text() for each in found]


def expected(site: Project) -> list[str]:
    hostile, mini = (Engine(read_model(site.models / name)) for name in ("hostile", "mini"))
    return [hostile.sample(Options(length=300)), mini.sample(Options(length=40))]


def test_an_article_has_its_blocks(site: Project, page: Path) -> None:
    text = page.read_text("utf-8")
    assert samples(text) == expected(site)
    html = BeautifulSoup(text, "html.parser")
    assert html.select_one("figure.escriba-loss svg")
    assert html.select_one("blockquote figure samp")
    assert html.select("data.escriba-value")[-1].get_text() == "5.408", "as Spanish writes it"
    assert not html.select(".escriba-error")
    draft = site.root / "served/some/path/drafts/a-draft.html"
    assert samples(draft.read_text("utf-8")) == expected(site)
    assert "5,408" in draft.read_text("utf-8"), "as English does"


def test_the_feed_and_the_summary_have_them_too(site: Project, page: Path) -> None:
    feed = ElementTree.parse(page.parent / "feed.xml")
    name = "{http://www.w3.org/2005/Atom}"
    (entry,) = feed.iter(f"{name}entry")
    assert samples(entry.findtext(f"{name}content") or "") == expected(site)
    assert "5.408" in (entry.findtext(f"{name}summary") or "")


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    with (
        served(site.root / "served", Strict) as root,
        opened(browser, f"{root}some/path/entrada-es.html") as shown,
    ):
        assert reproduce(shown, open_panel(shown, 0)).startswith("Idéntic")
        assert [
            noise for noise in shown.noise if "favicon" not in noise and "404" not in noise
        ] == []


def test_mistakes_end_the_build_and_nothing_is_written(site: Project, page: Path) -> None:
    article = site.root / "content" / "entrada.md"
    before = page.stat().st_mtime_ns
    try:
        article.write_text(ARTICLE.replace("length: 40", "lenght: 40"), "utf-8")
        done = build(site)
    finally:
        article.write_text(ARTICLE, "utf-8")
    assert done.returncode == 3
    assert "content/entrada.md:17:3: unknown option 'lenght' (did you mean 'length'?)" in (
        done.stdout + done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert page.stat().st_mtime_ns == before


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
        done = build(site, frozen=True)
    finally:
        path.write_bytes(before)
    assert done.returncode == 5
    assert "content/entrada.md:15:3: " in done.stdout + done.stderr


def test_a_site_without_escriba_yml_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    done = build(Project(tmp_path, project.Settings()))
    assert done.returncode == 1
    assert "no escriba.yml in " in done.stdout + done.stderr
