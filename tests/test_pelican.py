"""The plugin in real Pelican, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from escriba.ground import project
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
from support.playground import Strict
from support.waiting import PATIENCE

PROGRAM = find_program("pelican")
pytestmark = pytest.mark.skipif(
    not PROGRAM.is_file(), reason="Pelican is not installed: make hosts"
)

SETTINGS = """
SITENAME, SITEURL, PATH, TIMEZONE, DEFAULT_LANG = "Site", "/some/path", "content", "UTC", "en"
FEED_ALL_ATOM = "feed.xml"
PLUGINS = ["escriba"]
"""
HEAD = """Title: Una entrada
Date: 2026-01-02
Lang: es
Slug: entrada
Summary: Con `escriba mini.parameters`.

"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("pelican")
    site = make_host_site(root, "content/entrada.md", HEAD + ARTICLE)
    draft = "Title: A draft\nDate: 2026-01-03\nStatus: draft\n\n" + ARTICLE
    (root / "content" / "draft.md").write_text(draft, "utf-8")
    translation = HEAD.replace("Lang: es", "Lang: en").replace("Una entrada", "A post") + ARTICLE
    (root / "content" / "translation.md").write_text(translation, "utf-8")
    return site


def build(
    site: Project, *, frozen: bool = False, settings: str = SETTINGS
) -> subprocess.CompletedProcess[str]:
    (site.root / "pelicanconf.py").write_text(f"{settings}ESCRIBA_FROZEN = {frozen}\n")
    return subprocess.run(
        [PROGRAM, "content", "-o", "served/some/path", "--log-handler", "plain"],
        cwd=site.root, env={**os.environ, "COLUMNS": "500", "NO_COLOR": "1"},
        capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(site: Project) -> Path:
    done = build(site)
    assert done.returncode == 0, done.stderr
    return site.root / "served/some/path/entrada-es.html"


def test_an_article_has_its_blocks(site: Project, page: Path) -> None:
    check_article(site, page.read_text("utf-8"))


def test_a_draft_has_them_in_its_own_language(site: Project, page: Path) -> None:
    html = (page.parent / "drafts" / "a-draft.html").read_text("utf-8")
    check_article(site, html.replace("5,408", "5.408"))
    assert "5,408" in html, "as English writes it"


def test_a_translation_has_them_in_its_own_language(site: Project, page: Path) -> None:
    html = (page.parent / "entrada.html").read_text("utf-8")
    check_article(site, html.replace("5,408", "5.408"))
    assert "validation loss" in html
    assert "pérdida de validación" in page.read_text("utf-8")
    assert 'hreflang="es"' in html, "Pelican knows the two"


def test_the_feed_and_the_summary_have_them_too(site: Project, page: Path) -> None:
    feed = ElementTree.parse(page.parent / "feed.xml")
    name = "{http://www.w3.org/2005/Atom}"
    entries = {each.findtext(f"{name}title"): each for each in feed.iter(f"{name}entry")}
    assert sorted(entries) == ["A post", "Una entrada"]
    entry = entries["Una entrada"]
    check_article(site, entry.findtext(f"{name}content") or "")
    assert "5.408" in (entry.findtext(f"{name}summary") or "")


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    assert noise_of(browser, site, "entrada-es.html", Strict) == []


def test_mistakes_end_the_build_and_nothing_is_written(site: Project, page: Path) -> None:
    before = page.stat().st_mtime_ns
    wrong = (HEAD + ARTICLE).replace("length: 40", "lenght: 40")
    with changed(site.root / "content" / "entrada.md", wrong):
        done = build(site)
    assert done.returncode == 3
    at = place_of("lenght", wrong, "content/entrada.md")
    told = f"{at}3: unknown option 'lenght' (did you mean 'length'?)"
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert page.stat().st_mtime_ns == before


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    site: Project, page: Path, change: str
) -> None:
    with spoiled(site, change):
        done = build(site, frozen=True)
    assert done.returncode == 5
    at = place_of("> ```escriba sample", HEAD + ARTICLE, "content/entrada.md")
    assert f"{at}3: " in done.stdout + done.stderr


@pytest.mark.parametrize("plugins", ["", 'PLUGINS = ["escriba.hosts.pelican"]'])
def test_pelican_finds_it_by_itself_too(tmp_path: Path, plugins: str) -> None:
    """A site that names no plugins has all that there are; without blocks it needs no more."""
    settings = SETTINGS.replace('PLUGINS = ["escriba"]', plugins)
    (tmp_path / "content").mkdir()
    article = tmp_path / "content" / "a.md"
    article.write_text("Title: A\nDate: 2026-01-02\n\nProse.\n")
    site = Project(tmp_path, project.Settings())
    assert build(site, settings=settings).returncode == 0
    article.write_text(article.read_text() + "\n```escriba sample\nmodel: mini\n```\n")
    done = build(site, settings=settings)
    assert done.returncode == 3
    assert "content/a.md:7:8: unknown model 'mini' (models/ has none)" in done.stdout + done.stderr


# ---- Pelican's caches ----

PLAIN = "Title: Prosa\nDate: 2026-01-04\nTags: x, y\nCategory: z\nAuthor: A\n\nNothing but prose.\n"
LAYERS = ("reader", "generator")


def cached(layer: str) -> str:
    return (
        f"{SETTINGS}\nCACHE_CONTENT = LOAD_CONTENT_CACHE = True\n"
        f"CONTENT_CACHING_LAYER = {layer!r}\nCHECK_MODIFIED_METHOD = 'md5'\n"
    )


@pytest.fixture(params=LAYERS)
def caching(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Project, str]:
    """A site that uses one of Pelican's caches: an article with blocks, a page, and prose."""
    site = make_host_site(tmp_path, "content/entrada.md", f"Tags: x\n{HEAD}{ARTICLE}")
    (tmp_path / "content" / "prosa.md").write_text(PLAIN)
    (tmp_path / "content" / "pages").mkdir()
    (tmp_path / "content" / "pages" / "p.md").write_text("Title: P\n\n`escriba mini.layers`\n")
    return site, cached(request.param)


def kept(site: Project) -> set[str]:
    """The names of the documents in Pelican's caches."""
    code = "import gzip, pathlib, pickle\nfor p in pathlib.Path('cache').iterdir():\n"
    code += " print(*pickle.loads(gzip.decompress(p.read_bytes())), sep='\\n')"
    done = subprocess.run(
        [PROGRAM.with_name("python"), "-c", code],
        cwd=site.root, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return {Path(name).name for name in done.stdout.splitlines() if name}


def test_a_site_that_only_has_escriba_installed_can_use_its_cache(tmp_path: Path) -> None:
    for number, layer in enumerate(LAYERS):
        folder = tmp_path / str(number)
        (folder / "content").mkdir(parents=True)
        (folder / "content" / "prosa.md").write_text(PLAIN)
        settings = cached(layer).replace('PLUGINS = ["escriba"]', "")
        for _ in range(3):
            done = build(Project(folder, project.Settings()), settings=settings)
            assert (done.returncode, "CRITICAL" in done.stderr + done.stdout) == (0, False)
        assert kept(Project(folder, project.Settings())) == {"prosa.md"}


def test_builds_with_a_cache_are_alike(caching: tuple[Project, str]) -> None:
    site, settings = caching
    pages = []
    for _ in range(3):
        done = build(site, settings=settings)
        assert done.returncode == 0, done.stderr
        html = (site.root / "served/some/path/entrada-es.html").read_text("utf-8")
        check_article(site, html)
        assert "2</data>" in (site.root / "served/some/path/pages/p.html").read_text("utf-8")
        pages.append(html)
    assert pages[0] == pages[1] == pages[2]
    assert kept(site) == {"prosa.md"}


def test_a_mistake_is_told_each_time(caching: tuple[Project, str]) -> None:
    site, settings = caching
    article = site.root / "content" / "entrada.md"
    wrong = article.read_text("utf-8").replace("length: 40", "lenght: 40")
    article.write_text(wrong, "utf-8")
    (site.root / "content" / "pages" / "p.md").write_text("Title: P\n\n`escriba mini.layer`\n")
    for _ in range(3):
        done = build(site, settings=settings)
        assert done.returncode == 3
        at = place_of("lenght", wrong, "content/entrada.md")
        assert f"{at}3: unknown option 'lenght'" in done.stdout + done.stderr
        assert "content/pages/p.md:3:1: unknown value 'layer'" in done.stdout + done.stderr
    assert not (site.root / "served/some/path/entrada-es.html").exists()


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_is_looked_at_each_time(caching: tuple[Project, str], change: str) -> None:
    site, settings = caching
    for _ in range(2):
        assert build(site, settings=settings).returncode == 0
    with spoiled(site, change):
        for _ in range(2):
            done = build(site, settings=settings, frozen=True)
            assert done.returncode == 5, done.stdout + done.stderr
    assert build(site, settings=settings, frozen=True).returncode == 0


def test_the_files_of_a_playground_come_back(caching: tuple[Project, str]) -> None:
    site, settings = caching
    assert build(site, settings=settings).returncode == 0
    assets = site.root / "served/some/path/assets/escriba"
    before = sorted(path.name for path in assets.iterdir())
    shutil.rmtree(site.root / "served")
    assert build(site, settings=settings).returncode == 0
    assert sorted(path.name for path in assets.iterdir()) == before


def test_what_was_cached_before_there_was_a_plugin_is_read_again(
    caching: tuple[Project, str],
) -> None:
    site, settings = caching
    without = settings.replace('PLUGINS = ["escriba"]', "PLUGINS = []")
    assert build(site, settings=without).returncode == 0
    assert "entrada.md" in kept(site)
    assert build(site, settings=settings).returncode == 0
    check_article(site, (site.root / "served/some/path/entrada-es.html").read_text("utf-8"))


def test_a_new_record_of_training_is_drawn(caching: tuple[Project, str]) -> None:
    site, settings = caching
    assert build(site, settings=settings).returncode == 0
    page = site.root / "served/some/path/entrada-es.html"
    before = page.read_text("utf-8")
    log = site.models / "mini" / "training.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    with changed(log, "".join(lines[: len(lines) // 2])):
        assert build(site, settings=settings).returncode == 0
        assert page.read_text("utf-8") != before


def test_line_ends_of_windows_change_nothing(site: Project, page: Path) -> None:
    check_line_ends(build, site, page)


def test_longer_code_shows_a_value_as_it_is_written(site: Project, page: Path) -> None:
    shown = "`escriba mini.layers`"
    article = site.root / "content" / "entrada.md"
    with changed(article, f"{HEAD}Así: `` {shown} ``, y {shown}.\n"):
        assert build(site).returncode == 0
        html = page.read_text("utf-8")
    assert f"<code>{shown}</code>" in html
    assert html.count("escriba-value") >= 1


@pytest.mark.parametrize("fault", faults.HOSTED)
def test_a_defect_ends_with_the_sentence(tmp_path: Path, fault: str) -> None:
    root = tmp_path / "site"
    make_host_site(root, "content/entrada.md", HEAD + ARTICLE)
    (root / "pelicanconf.py").write_text(SETTINGS)
    faults.check_host([PROGRAM, "content", "--log-handler", "plain"], root, fault)
