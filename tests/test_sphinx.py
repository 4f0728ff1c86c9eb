"""The extension in real Sphinx with MyST, in an environment of its own."""

from __future__ import annotations

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
    find_program,
    make_host_site,
    noise_of,
    place_of,
    samples,
    spoiled,
    windows,
    written,
)
from support.pages import Quiet
from support.waiting import PATIENCE

PROGRAM = find_program("sphinx").with_name("sphinx-build")
pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="Sphinx is not installed: make hosts")

SETTINGS = """
project, language = "Site", "es"
extensions = ["myst_parser", "escriba.hosts.sphinx"]
myst_fence_as_directive = ["escriba"]
"""
POST = "# Una entrada\n\n" + ARTICLE.replace("`escriba mini.", "{escriba}`mini.")
OTHER = """Otra
====

:escriba:`mini.parameters`

* item

  .. escriba:: sample

     model: hostile
     length: 200
     seed: 2
     show: verbatim
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("sphinx")
    site = make_host_site(root, "docs/deep/post.md", POST)
    (root / "docs" / "conf.py").write_text(SETTINGS)
    (root / "docs" / "other.rst").write_text(OTHER)
    for number in range(6):  # so many that Sphinx reads them in several processes
        (root / "docs" / f"empty{number}.rst").write_text(":orphan:\n\nEmpty\n=====\n")
    (root / "docs" / "index.rst").write_text(
        "Site\n====\n\n.. toctree::\n\n   deep/post\n   other\n"
    )
    return site


def build(site: Project, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "-W", "-q", "-j", "2", *options, "docs", "served/some/path"],
        cwd=site.root, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(site: Project) -> Path:
    done = build(site)
    assert (done.returncode, done.stderr) == (0, "")
    return site.root / "served/some/path/deep/post.html"


def test_a_page_has_its_blocks(site: Project, page: Path) -> None:
    check_article(site, page.read_text("utf-8"))


def test_restructuredtext_has_them_too(site: Project, page: Path) -> None:
    html = (page.parents[1] / "other.html").read_text("utf-8")
    assert samples(html) == [written(site, "hostile", 200, 2)]
    assert 'value="5408">5.408</data>' in html


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    assert noise_of(browser, site, "deep/post.html", Quiet) == []


def test_the_files_of_playgrounds_come_back(site: Project, page: Path) -> None:
    """Sphinx keeps what it has read, also when what it wrote is gone."""
    files = sorted((page.parents[1] / "_static" / "escriba").iterdir())
    assert [path.suffix for path in files] == [".bin", ".wasm", ".js", ".js"]
    for path in files:
        path.unlink()
    files[0].parent.rmdir()
    assert build(site).returncode == 0
    assert sorted(files[0].parent.iterdir()) == files


def test_mistakes_have_an_address_and_nothing_is_written(site: Project, page: Path) -> None:
    before = page.stat().st_mtime_ns
    wrong = POST.replace("length: 40", "lenght: 40").replace("`mini.p", "`mini.q")
    other = OTHER.replace(":: sample", ":: sampel").replace("`mini.p", "`mini.q")
    with changed(site.root / "docs/deep/post.md", wrong):
        with changed(site.root / "docs/other.rst", other):
            done = build(site)
        left = build(site)
    told = done.stderr.splitlines()
    assert [line.partition(": ")[0] for line in told] == [
        place_of("{escriba}", wrong, "docs/deep/post.md").rstrip(":"),
        place_of("lenght", wrong, "docs/deep/post.md") + "3",
        place_of(":escriba:", other, "docs/other.rst").rstrip(":"),
        place_of(".. escriba:: sampel", other, "docs/other.rst").rstrip(":"),
    ]
    assert told[1].endswith("unknown option 'lenght' (did you mean 'length'?)")
    assert told[3].endswith("unknown block 'escriba sampel' (did you mean 'sample'?)")
    assert (done.returncode, page.stat().st_mtime_ns) == (1, before)
    assert left.stderr.splitlines() == told[:2], "what was wrong before is still told"
    assert build(site).returncode == 0


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    site: Project, page: Path, change: str
) -> None:
    at = place_of("> ```escriba sample", POST, "docs/deep/post.md").rstrip(":")
    assert build(site, "-D", "escriba_frozen=1").returncode == 0
    with spoiled(site, change):
        done = build(site, "-D", "escriba_frozen=1")
        again = build(site, "-D", "escriba_frozen=1")
        fresh = build(site, "-D", "escriba_frozen=1", "-E", "-a")
    for each in (done, again, fresh):
        assert each.returncode == 1
        assert each.stderr.startswith(f"{at}: ")
        assert "Traceback" not in each.stderr


def test_a_new_record_of_training_is_drawn(site: Project, page: Path) -> None:
    assert build(site).returncode == 0
    before = page.read_text("utf-8")
    log = site.models / "mini" / "training.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    with changed(log, "".join(lines[: len(lines) // 2])):
        assert build(site).returncode == 0
        assert page.read_text("utf-8") != before


def test_line_ends_of_windows_change_nothing(site: Project, page: Path) -> None:
    assert build(site).returncode == 0
    before = page.read_text("utf-8")
    with windows(site):
        done = build(site, "-D", "escriba_frozen=1")
    assert (done.returncode, done.stderr) == (0, "")
    assert page.read_text("utf-8") == before


def test_a_site_without_escriba_yml_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "conf.py").write_text(SETTINGS)
    done = subprocess.run(
        [PROGRAM, "docs", "out"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("no escriba.yml in ")


@pytest.mark.parametrize("fault", faults.HOSTED)
def test_a_defect_ends_with_the_sentence(tmp_path: Path, fault: str) -> None:
    root = tmp_path / "site"
    make_host_site(root, "docs/index.md", POST)
    (root / "docs" / "conf.py").write_text(SETTINGS)
    faults.check_host([PROGRAM, "-q", "docs", "served"], root, fault)
