"""The plugin in real MkDocs with Material and its blog, and in ProperDocs, each in an environment of
its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from bs4 import BeautifulSoup

from escriba.ground import project
from escriba.ground.project import Project
from support import faults
from support.chromium import needs_chromium, opened
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
from support.pages import Quiet, served
from support.playground import open_panel, reproduce
from support.waiting import PATIENCE, wait_until

HOSTS = {  # program → theme, plugins, the page of the post
    "mkdocs": (
        "{name: material, font: false, language: es, features: [navigation.instant]}",
        "blog: {blog_dir: .}, tags, search, ",
        "2026/01/02/una-entrada/index.html",
    ),
    "properdocs": (
        "{name: mkdocs, locale: es, highlightjs: false}",
        "search, ",
        "posts/post/index.html",
    ),
}
ENVIRONMENT = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}
CHATTER = re.compile("All search scripts loaded|Lunr index")  # of ProperDocs itself
SETTINGS = """
site_name: Site
site_url: https://example.org/some/path/
theme: THEME
plugins: [PLUGINSescriba: {frozen: FROZEN}]
markdown_extensions:
  [pymdownx.superfences, attr_list, md_in_html, toc, admonition, pymdownx.details,
   pymdownx.tabbed: {alternate_style: true}, pymdownx.arithmatex: {generic: true}]
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


@pytest.fixture(scope="module", params=sorted(HOSTS))
def host(request: pytest.FixtureRequest) -> str:
    if not find_program(request.param).is_file():
        pytest.skip(f"{request.param} is not installed: make hosts")
    return str(request.param)


@pytest.fixture(scope="module")
def site(host: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp(host)
    site = make_host_site(root, "docs/posts/post.md", POST)
    (root / "docs" / "index.md").write_text("# Blog\n")
    (root / "docs" / "other.md").write_text("# Other\n")
    return site


def build(
    host: str, site: Project, *options: str, frozen: bool = False
) -> subprocess.CompletedProcess[str]:
    theme, plugins, _ = HOSTS[host]
    settings = SETTINGS.replace("THEME", theme).replace("PLUGINS", plugins)
    (site.root / f"{host}.yml").write_text(settings.replace("FROZEN", str(frozen).lower()))
    return subprocess.run(
        [find_program(host), "build", "--quiet", "--site-dir", "served/some/path", *options]
        + (["--strict"] if not options else []),
        cwd=site.root, env=ENVIRONMENT,
        capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE,
    )  # fmt: skip


@contextmanager
def serving(host: str, site: Project, port: int) -> Iterator[Callable[[], str]]:
    """The host's own server for a while, and what it has told so far."""
    log = site.root / "serve.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [find_program(host), "serve", "--dev-addr", f"127.0.0.1:{port}"],
            cwd=site.root, env=ENVIRONMENT, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield lambda: log.read_text("utf-8")
        finally:
            server.terminate()
            server.wait(PATIENCE)


def read(address: str) -> str:
    try:
        with urlopen(address, timeout=60) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


@pytest.fixture(scope="module")
def page(host: str, site: Project) -> Path:
    done = build(host, site)
    assert done.returncode == 0, done.stderr
    return site.root / "served/some/path" / HOSTS[host][2]


def test_a_post_has_its_blocks(site: Project, page: Path) -> None:
    text = page.read_text("utf-8")
    check_article(site, text)
    assert samples(text)[2:] == [written(site, "hostile", 200, 2), written(site, "mini", 40)]
    html = BeautifulSoup(text, "html.parser")
    assert html.select_one(".admonition figure samp")
    assert html.select_one(".tabbed-block blockquote figure samp")
    assert html.select_one(".arithmatex")


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    path = page.parent.relative_to(site.root / "served/some/path").as_posix()
    noise = noise_of(browser, site, f"{path}/", Quiet)
    assert [each for each in noise if not CHATTER.match(each)] == []


@needs_chromium
@pytest.mark.parametrize("host", ["mkdocs"], indirect=True)
def test_instant_navigation_brings_playgrounds(site: Project, page: Path, browser: Any) -> None:
    """Material puts pages into the window that is open, whose modules have run already."""
    (site.root / "served" / "favicon.ico").touch()
    sitemap = site.root / "served" / "some" / "path" / "sitemap.xml"  # Material asks it
    with (
        served(site.root / "served") as root,
        changed(sitemap, sitemap.read_text("utf-8").replace("https://example.org/", root)),
        opened(browser, f"{root}some/path/other/") as shown,
    ):
        shown.wait_for_load_state("networkidle")
        shown.evaluate("window.same = true")
        for _ in range(2):
            shown.locator("header a.md-logo").click()
            shown.locator("article h2 a", has_text="Una entrada").click()
            shown.wait_for_url("**/una-entrada/")
            assert reproduce(shown, open_panel(shown, 0)).startswith("Idéntic")
        assert shown.evaluate("window.same")
        assert [each for each in shown.noise if not CHATTER.match(each)] == []


def test_a_server_shows_what_is_changed(host: str, site: Project, page: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = HOSTS[host][2].removesuffix("index.html")
    address = f"http://127.0.0.1:{port}/some/path/{path}"
    post = site.root / "docs" / "posts" / "post.md"
    with serving(host, site, port) as told:
        wait_until(lambda: written(site, "mini", 40) in samples(read(address)), told)
        weights = {file: file.stat().st_mtime_ns for file in site.models.glob("*/*.*")}
        shorter = POST.replace("length: 300", "length: 30")
        with changed(post, shorter):
            wait_until(lambda: written(site, "hostile", 30) in samples(read(address)), told)
        with changed(post, POST.replace("length: 40", "lenght: 40")):
            wait_until(lambda: "unknown option 'lenght'" in told(), told)
        wait_until(lambda: written(site, "mini", 40) in samples(read(address)), told)
        assert {file: file.stat().st_mtime_ns for file in site.models.glob("*/*.*")} == weights


def test_a_frozen_build_is_the_same(host: str, site: Project, page: Path) -> None:
    before = page.read_bytes()
    done = build(host, site, frozen=True)
    assert (done.returncode, page.read_bytes()) == (0, before)


def test_mistakes_have_an_address_and_end_the_build(host: str, site: Project, page: Path) -> None:
    with (
        changed(site.root / "docs" / "other.md", "# Other\n\n```escriba sampel\n```\n"),
        changed(site.root / "docs" / "posts" / "post.md", POST.replace("seed: 2", "sed: 2")),
    ):
        done = build(host, site)
    assert done.returncode == 1
    assert "docs/other.md:3:12: unknown block 'escriba sampel'" in done.stderr
    at = place_of("seed: 2", POST, "docs/posts/post.md")
    assert f"{at}5: unknown option 'sed' (did you mean 'seed'?)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    host: str, site: Project, page: Path, change: str
) -> None:
    with spoiled(site, change):
        done = build(host, site, frozen=True)
    assert done.returncode == 1
    first = place_of("> ```escriba sample", POST, "docs/posts/post.md")
    assert f"{first}3: " in done.stderr
    second = place_of("    > ```escriba sample", POST, "docs/posts/post.md")
    assert f"{second}7: " in done.stderr, "all mistakes of a run"
    assert "Traceback" not in done.stderr


def test_a_site_without_escriba_yml_is_told_so(host: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n")
    done = build(host, Project(tmp_path, project.Settings()))
    assert done.returncode == 1
    assert "no escriba.yml in " in done.stderr


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_dirty_build_passes_over_no_page_with_blocks(
    host: str, site: Project, page: Path, change: str
) -> None:
    for _ in range(2):
        assert build(host, site, "--dirty", frozen=True).returncode == 0
    with spoiled(site, change):
        for _ in range(2):
            done = build(host, site, "--dirty", frozen=True)
            assert done.returncode == 1
            assert place_of("> ```escriba sample", POST, "docs/posts/post.md") in done.stderr


def test_a_dirty_build_leaves_other_pages_and_keeps_the_files_of_playgrounds(
    host: str, site: Project, page: Path
) -> None:
    other = site.root / "served/some/path/other/index.html"
    before, content = other.stat().st_mtime_ns, page.read_text("utf-8")
    assert build(host, site, "--dirty").returncode == 0
    assert other.stat().st_mtime_ns == before
    check_article(site, page.read_text("utf-8"))
    named = re.findall(r"assets/escriba/([\w.-]+)", content)
    assert named
    assert all((site.root / "served/some/path/assets/escriba" / name).is_file() for name in named)


def test_longer_code_shows_a_value_as_it_is_written(host: str, site: Project, page: Path) -> None:
    """Also with `pymdownx.inlinehilite`, which Material's users have."""
    shown = "`escriba mini.layers`"
    text = f"# Other\n\nAsí: `` {shown} ``, y {shown}.\n"
    settings = site.root / f"{host}.yml"
    for extension in ("toc", "pymdownx.inlinehilite, toc", "toc, pymdownx.inlinehilite"):
        with (
            changed(site.root / "docs" / "other.md", text),
            changed(settings, settings.read_text("utf-8").replace("toc", extension)),
        ):
            done = subprocess.run(
                [find_program(host), "build", "--quiet", "--site-dir", "served/some/path"],
                cwd=site.root, env=ENVIRONMENT, capture_output=True, encoding="utf-8", check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        html = (site.root / "served/some/path/other/index.html").read_text("utf-8")
        soup = BeautifulSoup(html, "html.parser")
        assert shown in [code.get_text() for code in soup.select("code")]
        assert [value.get_text() for value in soup.select("data.escriba-value")] == ["2"]
        assert "\x02" not in html


def test_line_ends_of_windows_change_nothing(host: str, site: Project, page: Path) -> None:
    assert build(host, site).returncode == 0
    before = page.read_text("utf-8")
    with windows(site):
        done = build(host, site, frozen=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert page.read_text("utf-8") == before


@pytest.mark.parametrize("fault", faults.HOSTED)
def test_a_defect_ends_with_the_sentence(host: str, tmp_path: Path, fault: str) -> None:
    root = tmp_path / "site"
    make_host_site(root, "docs/index.md", HEAD + ARTICLE)
    settings = SETTINGS.replace("THEME", "{name: mkdocs}").replace("PLUGINS", "")
    (root / f"{host}.yml").write_text(settings.replace("FROZEN", "false"))
    faults.check_host([find_program(host), "build"], root, fault)
