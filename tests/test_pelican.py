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
from escriba.project import Project
from hosts import changed, find_program, make_host_site, noise_of, samples, spoiled, written
from test_pages import needs_chromium
from test_playground import Strict, browser

__all__ = ["browser"]

PROGRAM = find_program("pelican")
pytestmark = pytest.mark.skipif(
    not PROGRAM.is_file(), reason="Pelican is not installed: make hosts"
)

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
    site = make_host_site(root, "content/entrada.md", ARTICLE)
    draft = "Title: A draft\nDate: 2026-01-03\nStatus: draft\n\n" + ARTICLE.partition("\n\n")[2]
    (root / "content" / "draft.md").write_text(draft, "utf-8")
    return site


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


def expected(site: Project) -> list[str]:
    return [written(site, "hostile", 300), written(site, "mini", 40)]


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
    noise = noise_of(browser, site, "entrada-es.html", Strict)
    assert [each for each in noise if "favicon" not in each and "404" not in each] == []


def test_mistakes_end_the_build_and_nothing_is_written(site: Project, page: Path) -> None:
    before = page.stat().st_mtime_ns
    with changed(site.root / "content" / "entrada.md", ARTICLE.replace("length: 40", "lenght: 40")):
        done = build(site)
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
    with spoiled(site, change):
        done = build(site, frozen=True)
    assert done.returncode == 5
    assert "content/entrada.md:15:3: " in done.stdout + done.stderr


def test_a_site_without_escriba_yml_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    done = build(Project(tmp_path, project.Settings()))
    assert done.returncode == 1
    assert "no escriba.yml in " in done.stdout + done.stderr
