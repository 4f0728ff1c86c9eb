"""The compiler in real Nikola, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from escriba.ground.project import Project
from support import faults
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
    spoiled,
)
from support.pages import Quiet
from support.waiting import PATIENCE

PROGRAM = find_program("nikola")
pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="Nikola is not installed: make hosts")

SETTINGS = """
import time
BLOG_TITLE, BLOG_AUTHOR, BLOG_EMAIL, BLOG_DESCRIPTION = "Site", "A", "a@example.org", "Of tests"
SITE_URL = "https://example.org/some/path/"
DEFAULT_LANG = "es"
TRANSLATIONS = {"es": ""}
POSTS, PAGES = (("posts/*.md", "posts", "post.tmpl"),), ()
THEME = "base"
COMPILERS = {"markdown": [".md"], "html": [".html"]}
MARKDOWN_EXTENSIONS = ["fenced_code", "codehilite", "extra"]
USE_CDN, COMMENT_SYSTEM = False, ""
OUTPUT_FOLDER = "served/some/path"
ESCRIBA_FROZEN = WHETHER

from escriba.hosts import nikola
EXTRA_PLUGINS_DIRS = [nikola.FOLDER]
COMPILERS["escriba"] = COMPILERS.pop("markdown")
"""
STATE = (".doit.db.dat", ".doit.db.dir", ".doit.db.bak", "cache", "served")
HEAD = """<!--
.. title: Una entrada
.. slug: entrada
.. date: 2026-01-02 00:00:00 UTC
-->

"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("nikola")
    return make_host_site(root, "posts/entrada.md", HEAD + ARTICLE)


def build(site: Project, *, frozen: bool = False) -> subprocess.CompletedProcess[str]:
    (site.root / "conf.py").write_text(SETTINGS.replace("WHETHER", str(frozen)))
    return subprocess.run(
        [PROGRAM, "build"],
        cwd=site.root, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(site: Project) -> Path:
    done = build(site)
    assert done.returncode == 0, done.stdout + done.stderr
    return site.root / "served/some/path/posts/entrada/index.html"


def test_a_post_has_its_blocks(site: Project, page: Path) -> None:
    check_article(site, page.read_text("utf-8"))


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    assert noise_of(browser, site, "posts/entrada/", Quiet) == []


def test_a_mistake_has_an_address_and_ends_the_build(site: Project, page: Path) -> None:
    wrong = (HEAD + ARTICLE).replace("length: 40", "lenght: 40")
    with changed(site.root / "posts" / "entrada.md", wrong):
        done = build(site)
    assert done.returncode == 1
    at = place_of("lenght", wrong, "posts/entrada.md")
    told = f"{at}3: unknown option 'lenght' (did you mean 'length'?)"
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    site: Project, page: Path, change: str
) -> None:
    at = place_of("> ```escriba sample", HEAD + ARTICLE, "posts/entrada.md")
    with spoiled(site, change):
        again = build(site, frozen=True)
        for name in STATE:  # as in CI, which begins with nothing
            shutil.rmtree(site.root / name, ignore_errors=True)
            (site.root / name).unlink(missing_ok=True)
        fresh = build(site, frozen=True)
    for done in (again, fresh):
        assert done.returncode == 1
        assert f"{at}3: " in done.stdout + done.stderr
    assert build(site, frozen=True).returncode == 0
    assert len(page.read_text("utf-8")) > 1000


def test_a_new_record_of_training_is_drawn(site: Project, page: Path) -> None:
    before = page.read_text("utf-8")
    log = site.models / "mini" / "training.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    with changed(log, "".join(lines[: len(lines) // 2])):
        assert build(site).returncode == 0
        assert page.read_text("utf-8") != before
    assert build(site).returncode == 0
    assert page.read_text("utf-8") == before


def test_the_files_of_a_playground_come_back(site: Project, page: Path) -> None:
    """Nikola keeps what it has compiled, and does not know of them."""
    assets = site.root / "served/some/path/assets/escriba"
    before = sorted(path.name for path in assets.iterdir())
    for gone in (site.root / "served", assets):
        shutil.rmtree(gone)
        assert build(site).returncode == 0
        assert sorted(path.name for path in assets.iterdir()) == before


def test_a_mistake_is_told_each_time(site: Project, page: Path) -> None:
    wrong = (HEAD + ARTICLE).replace("length: 40", "lenght: 40")
    with changed(site.root / "posts" / "entrada.md", wrong):
        for _ in range(3):
            done = build(site)
            assert done.returncode == 1
            assert "unknown option 'lenght'" in done.stdout + done.stderr


def test_line_ends_of_windows_change_nothing(site: Project, page: Path) -> None:
    check_line_ends(build, site, page)


@pytest.mark.parametrize("fault", faults.HOSTED)
def test_a_defect_ends_with_the_sentence(tmp_path: Path, fault: str) -> None:
    root = tmp_path / "site"
    make_host_site(root, "posts/entrada.md", HEAD + ARTICLE)
    (root / "conf.py").write_text(SETTINGS.replace("WHETHER", "False"))
    faults.check_host([PROGRAM, "build"], root, fault)
