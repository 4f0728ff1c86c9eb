"""The extension in real Zensical, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from escriba.ground.project import Project
from support.chromium import needs_chromium
from support.hosts import (
    ARTICLE,
    changed,
    check_article,
    check_line_ends,
    find_program,
    make_host_site,
    noise_of,
    place_of,
    samples,
    spoiled,
    written,
)
from support.pages import Quiet
from support.waiting import PATIENCE

PROGRAM = find_program("zensical")
pytestmark = pytest.mark.skipif(
    not PROGRAM.is_file(), reason="Zensical is not installed: make hosts"
)

SETTINGS = """
[project]
site_name = "Site"
site_url = "https://example.org/some/path/"
site_dir = "served/some/path"
[project.theme]
language = "es"
font = false
[project.markdown_extensions.pymdownx.superfences]
[project.markdown_extensions.attr_list]
[project.markdown_extensions.md_in_html]
[project.markdown_extensions.admonition]
[project.markdown_extensions.toc]
[project.markdown_extensions.pymdownx.tabbed]
alternate_style = true
[project.markdown_extensions.pymdownx.arithmatex]
generic = true
[project.markdown_extensions."escriba.hosts.zensical"]
frozen = FROZEN
"""
HEAD = """---
date: 2026-01-02
tags: [prueba]
---
# Una entrada

"""
MORE = """
<!-- more -->

!!! note "Nota"

    ```escriba sample
    model: hostile
    length: 200
    seed: 2
    show: verbatim
    ```

=== "Pestaña"

    > ```escriba sample
    > model: mini
    > length: 40
    > show: verbatim
    > ```
"""
POST = HEAD + ARTICLE + MORE


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("zensical")
    site = make_host_site(root, "docs/deep/page.md", POST)
    (root / "docs" / "index.md").write_text("# Site\n")
    return site


def build(
    site: Project, *, frozen: bool = False, clean: bool = True
) -> subprocess.CompletedProcess[str]:
    settings = SETTINGS.replace("FROZEN", str(frozen).lower())
    (site.root / "zensical.toml").write_text(settings)
    return subprocess.run(
        [PROGRAM, "build", *(["--clean"] if clean else [])],
        cwd=site.root, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(site: Project) -> Path:
    done = build(site)
    assert done.returncode == 0, done.stdout + done.stderr
    return site.root / "served/some/path/deep/page/index.html"


def test_a_page_has_its_blocks(site: Project, page: Path) -> None:
    text = page.read_text("utf-8")
    check_article(site, text)
    assert samples(text)[2:] == [written(site, "hostile", 200, 2), written(site, "mini", 40)]
    html = BeautifulSoup(text, "html.parser")
    assert html.select_one(".admonition figure samp")
    assert html.select_one(".tabbed-block blockquote figure samp")
    assert html.select_one(".arithmatex")


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    assert noise_of(browser, site, "deep/page/", Quiet) == []


def test_a_mistake_has_an_address_and_ends_the_build(site: Project, page: Path) -> None:
    with changed(site.root / "docs" / "deep" / "page.md", POST.replace("seed: 2", "sed: 2")):
        done = build(site)
    assert done.returncode == 1
    at = place_of("seed: 2", POST, "docs/deep/page.md")
    assert f"{at}5: unknown option 'sed' (did you mean 'seed'?)" in done.stdout + done.stderr


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    site: Project, page: Path, change: str
) -> None:
    with spoiled(site, change):
        done = build(site, frozen=True)
    assert done.returncode == 1
    at = place_of("> ```escriba sample", POST, "docs/deep/page.md")
    assert f"{at}3: " in done.stdout + done.stderr


# ---- with Zensical's cache ----


def kept(site: Project) -> str:
    files = (path for path in (site.root / ".cache").iterdir() if path.name.isdigit())
    return "".join(path.read_text("utf-8") for path in files)


def test_builds_with_a_cache_are_alike(site: Project, page: Path) -> None:
    assert build(site, clean=False).returncode == 0
    before = page.read_text("utf-8")
    for _ in range(2):
        assert build(site, clean=False).returncode == 0
        assert page.read_text("utf-8") == before
    assert '"Source":"index.md"' in kept(site), "pages without blocks are kept"
    assert '"Source":"deep/page.md"' not in kept(site)


def test_a_mistake_is_told_each_time(site: Project, page: Path) -> None:
    with changed(site.root / "docs" / "deep" / "page.md", POST.replace("seed: 2", "sed: 2")):
        for _ in range(3):
            done = build(site, clean=False)
            assert done.returncode == 1
            assert "unknown option 'sed'" in done.stdout + done.stderr
    assert build(site, clean=False).returncode == 0


def test_a_sample_is_looked_at_each_time(site: Project, page: Path) -> None:
    for frozen in (True, False):
        assert build(site, clean=False, frozen=frozen).returncode == 0
        with spoiled(site, "edited"):
            for _ in range(2):
                done = build(site, clean=False, frozen=frozen)
                assert done.returncode == 1
                assert "was edited" in done.stdout + done.stderr
        assert build(site, clean=False, frozen=frozen).returncode == 0


def test_a_new_record_of_training_is_drawn(site: Project, page: Path) -> None:
    assert build(site, clean=False).returncode == 0
    before = page.read_text("utf-8")
    log = site.models / "mini" / "training.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    with changed(log, "".join(lines[: len(lines) // 2])):
        assert build(site, clean=False).returncode == 0
        assert page.read_text("utf-8") != before
    assert build(site, clean=False).returncode == 0
    assert page.read_text("utf-8") == before


def test_the_files_of_a_playground_come_back(site: Project, page: Path) -> None:
    assets = site.root / "served/some/path/assets/escriba"
    before = sorted(path.name for path in assets.iterdir())
    for gone in (site.root / "served", assets):
        shutil.rmtree(gone)
        assert build(site, clean=False).returncode == 0
        assert sorted(path.name for path in assets.iterdir()) == before


def test_line_ends_of_windows_change_nothing(site: Project, page: Path) -> None:
    check_line_ends(build, site, page)
