"""What `escriba expand` writes, in real Jekyll and real Hugo."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from escriba.ground.project import Project
from support.blogs import run
from support.chromium import needs_chromium
from support.hosts import (
    ARTICLE,
    ITEM_AND_QUOTE,
    check_article,
    make_host_site,
    noise_of,
    place_of,
    samples,
    spoiled,
    written,
)
from support.playground import Strict
from support.waiting import PATIENCE

HEAD = """---
title: "{{ untouched }}"
layout: default
lang: es
---
"""
POST = HEAD + ARTICLE + ITEM_AND_QUOTE
LAYOUT = "<!doctype html><meta charset=utf-8><title>Post</title>"
HOSTS = {  # program → where it looks for documents and other files, their address, its layout
    "jekyll": (".", "files", "{{ site.baseurl }}/files/", "_layouts", "{{ content }}"),
    "hugo": ("content", "static/files", "/some/path/files/", "layouts/_default", "{{ .Content }}"),
}
COMMANDS = {"jekyll": ["build", "--quiet"], "hugo": ["--quiet"]}


@pytest.fixture(scope="module", params=sorted(HOSTS))
def host(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture(scope="module")
def site(host: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_host_site(tmp_path_factory.mktemp(host), "src/post.md", POST)


def expand(host: str, site: Project, *options: str) -> subprocess.CompletedProcess[str]:
    documents, files, address, _, _ = HOSTS[host]
    return run(
        site.root, "expand", "src", "-o", f"blog/{documents}", "--assets", f"blog/{files}",
        "--address", address, *options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(host: str, site: Project) -> Path:
    done = expand(host, site)
    assert done.returncode == 0, done.stderr
    blog, out = site.root / "blog", site.root / "served" / "some" / "path"
    _, _, _, folder, content = HOSTS[host]
    (blog / "_config.yml").write_text(
        "markdown: kramdown\nkramdown: {input: GFM}\nbaseurl: /some/path\n"
    )
    (blog / "config.yaml").write_text("markup: {goldmark: {renderer: {unsafe: true}}}\n")
    (blog / folder).mkdir(parents=True)
    (blog / folder / "default.html").write_text(LAYOUT + content)
    subprocess.run(
        [host, *COMMANDS[host], "--destination", out],
        cwd=blog, env={**os.environ, "LANG": "C.UTF-8"}, check=True, timeout=PATIENCE,
    )  # fmt: skip
    return out / {"jekyll": "post.html", "hugo": "post/index.html"}[host]


def test_a_post_has_its_blocks(site: Project, page: Path) -> None:
    html = page.read_text("utf-8")
    check_article(site, html)
    assert samples(html)[2:] == [written(site, "hostile", 400), written(site, "hostile", 300, 2)]


@needs_chromium
def test_readers_reproduce_the_sample_under_a_path(site: Project, page: Path, browser: Any) -> None:
    path = page.relative_to(site.root / "served/some/path").as_posix()
    assert noise_of(browser, site, path, Strict) == []


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_a_sample_that_is_not_the_models_ends_the_build(
    host: str, site: Project, page: Path, change: str
) -> None:
    with spoiled(site, change):
        done = expand(host, site, "--frozen")
    assert done.returncode == 5
    assert done.stderr.startswith(place_of("> ```escriba sample", POST, "src/post.md") + "3: ")
