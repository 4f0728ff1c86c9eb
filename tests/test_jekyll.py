"""Real Jekyll as the oracle: one run of it over all the cases and the founding article."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from escriba.ground.project import load
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.markdown import render
from escriba.site.build import build
from support.html_tree import formulas, outline
from support.waiting import PATIENCE

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases" / "kramdown").glob("*.md"))
LIQUID = sorted((HERE / "cases" / "liquid").glob("*.md"))
SEED = HERE.parents[1] / "shared" / "seed" / "2020-10-01-redes-neuronales-recurrentes.md"
URL = "deep/learning/2020/10/01/redes-neuronales-recurrentes.html"
CONFIG = """\
title: Blog
url: https://example.org
baseurl: /blog
markdown: kramdown
kramdown: {input: GFM}
quiet: true
"""


@pytest.fixture(scope="session")
def jekyll(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that Jekyll makes of every case, and of the seed article if it is there."""
    program = shutil.which("jekyll")
    if program is None:
        pytest.skip("jekyll is not installed")
    root = tmp_path_factory.mktemp("jekyll")
    (root / "_config.yml").write_text(CONFIG)
    (root / "_posts").mkdir()
    (root / "_includes").mkdir()
    for path in (HERE / "cases" / "liquid" / "_includes").glob("*"):
        shutil.copy(path, root / "_includes")
    for case in (*CASES, *LIQUID):
        text = case.read_text("utf-8")
        (root / f"{case.parent.name}-{case.name}").write_text(f"---\ntitle: Case\n---\n{text}")
    (root / "_posts" / "2020-01-02-other.md").write_text("---\ntitle: Other\n---\nOther.\n")
    if SEED.is_file():
        shutil.copy(SEED, root / "_posts")
    subprocess.run(
        [program, "build", "--unpublished", "--quiet"],
        cwd=root,
        env={**os.environ, "TZ": "America/Guatemala", "LANG": "C.UTF-8"},
        check=True,
        timeout=PATIENCE,
    )
    return root / "_site"


@pytest.fixture(scope="session")
def seed() -> str:
    if not SEED.is_file():
        pytest.skip("the founding article is not here")
    return SEED.read_text("utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_the_cases_record_is_what_jekyll_makes(case: Path, jekyll: Path) -> None:
    made = (jekyll / f"kramdown-{case.stem}.html").read_text("utf-8")
    assert outline(case.with_suffix(".html").read_text("utf-8")) == outline(made)


@pytest.mark.parametrize("case", LIQUID, ids=lambda case: case.stem)
def test_liquid_is_that_of_jekyll(case: Path, jekyll: Path) -> None:
    context = LiquidContext(
        site={"title": "Blog", "url": "https://example.org", "baseurl": "/blog"},
        page={"title": "Case"},
        includes=(HERE / "cases" / "liquid" / "_includes",),
        posts={"2020-01-02-other": "/2020/01/02/other.html"},
        links={"_posts/2020-01-02-other.md": "/2020/01/02/other.html"},
    )
    rendered = render(case.read_text("utf-8"), path=case, liquid=context)
    made = (jekyll / f"liquid-{case.stem}.html").read_text("utf-8")
    assert outline(rendered.html) == outline(made)


def test_the_seed_has_the_structure_that_jekyll_gives_it(seed: str, jekyll: Path) -> None:
    _, front, body = seed.split("---\n", 2)
    first_line = front.count("\n") + 3
    rendered = render(body, path=Path(SEED.name), first_line=first_line, liquid=LiquidContext())
    expected = (jekyll / URL).read_text("utf-8")
    assert outline(rendered.html) == outline(expected)
    assert len(formulas(rendered.html)) == 10


def test_the_seed_builds_as_it_stands(seed: str, jekyll: Path, tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: Blog\npermalink: date\nlang: es\n")
    (tmp_path / "posts").mkdir()
    shutil.copy(SEED, tmp_path / "posts")
    result = build(load(tmp_path), frozen=True, unpublished=True)
    assert result.posts == 1
    page = BeautifulSoup((tmp_path / "site" / URL).read_text("utf-8"), "html.parser")
    prose = page.select_one(".prose")
    date = page.select_one("time")
    assert prose is not None
    assert date is not None
    assert date["datetime"] == "2020-10-01T23:30:34-06:00"
    assert date.get_text() == "1 de octubre de 2020"
    assert page.h1 is not None
    assert page.h1.get_text() == "Redes Neuronales Recurrentes"
    made = BeautifulSoup((jekyll / URL).read_text("utf-8"), "html.parser")
    assert outline(unfurnished(prose)) == outline(unfurnished(made))


def unfurnished(page: Tag) -> str:
    """The HTML without what the page around it asks for.

    A page has its headings one below the other from `h2` on, and lets the keyboard scroll wide
    boxes: levels count from the topmost here, and such boxes and attributes do not count.
    """
    headings = page.find_all(re.compile("^h[1-6]$"))
    shift = 2 - min(int(heading.name[1]) for heading in headings)
    for heading in headings:
        heading.name = f"h{int(heading.name[1]) + shift}"
    for box in page.select(".scroll"):
        box.unwrap()
    for element in page.find_all(attrs={"tabindex": True}):
        for name in ("tabindex", "role", "aria-label"):
            element.attrs.pop(name, None)
    return page.decode_contents()
