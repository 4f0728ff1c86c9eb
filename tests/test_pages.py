"""Built pages in a real browser: quiet, self-contained, readable, on a phone and in the dark."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from escriba.evidence.answer import read
from escriba.evidence.samples import SAMPLES
from escriba.ground.project import load
from escriba.site.build import build
from support.blogs import REPOSITORY, make_site
from support.chromium import needs_axe, needs_chromium, opened, violations
from support.models import make_record
from support.pages import ARTICLES, Quiet, served

VNU = REPOSITORY / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
SEED = "redes-neuronales-recurrentes"  # its author wrote <center>, which HTML no longer has
PAGES = ("", "2020/redes/", "2020/networks/", "archive/", "tags/", "tags/lstm/", "404.html",
         "2020/tareas/", "2020/palabra/")  # fmt: skip
WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenfabrikant"
# What a model writes before it has learned anything has no spaces, and a word may be as long.
TASKS = f"""---
title: Tareas
author: {WORD}
tags: [{WORD}]
---
- [ ] una tarea con *énfasis* y [enlace](https://example.org/)
- [x] hecha

  - [ ] dentro, en dos
    líneas
  - sin casilla
- viñeta

1. [x] una de una lista numerada

- [ ] $$x^2$$
- [ ] `código` <b>y</b> más

## {WORD}

```escriba timeline
model: mini
```

```escriba timeline
model: mini
show: verbatim
```

| a | b |
|--:|:-:|
| uno | dos |

Una nota.[^1]

[^1]: Aquí.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built site, in the folder of its baseurl."""
    root = tmp_path_factory.mktemp("pages")
    site = make_site(root / "source")
    seed = Path(__file__).parents[2] / "shared" / "seed"
    make_record(site.models / "mini", lines=3)
    (site.posts / "2020-12-24-tareas.md").write_text(TASKS, "utf-8")
    (site.posts / "2020-12-25-palabra.md").write_text(f"---\ntitle: {WORD}\n---\n{WORD}\n", "utf-8")
    for path in seed.glob("*.md"):  # the article that all this began with, where there is a copy
        (site.posts / path.name).write_text(path.read_text("utf-8"), "utf-8")
    record = (site.models / "mini" / "training.jsonl").read_text("utf-8")
    record = record.replace("<b>1</b>", "x" * 300).replace("<b>3</b>", "&lt;" * 90)
    (site.models / "mini" / "training.jsonl").write_text(record, "utf-8")
    build(site, unpublished=True, output=root / "www" / "cuaderno")
    return root / "www"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as root:
        yield f"{root}cuaderno/"


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    scheme, width = request.param
    size = {"width": width, "height": 844}
    with opened(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        yield page


@needs_chromium
@pytest.mark.parametrize(
    "page",
    [("light", 320), ("light", 390), ("dark", 768), ("dark", 1280)],
    indirect=True,
    ids=lambda p: f"{p[0]}-{p[1]}",
)
@pytest.mark.parametrize("path", [*PAGES, f"2020/{SEED}/"])
def test_a_page_is_quiet_and_fits(page: Any, address: str, folder: Path, path: str) -> None:
    if SEED in path and not (folder / "cuaderno" / path).is_dir():
        pytest.skip("there is no copy of the founding article")
    page.goto(address + path)
    assert page.noise == []
    assert all(url.startswith(address) for url in page.requests), page.requests
    assert page.evaluate("document.scripts.length") == 0
    sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert sizes[0] <= sizes[1], f"{path} scrolls sideways"
    assert page.locator("h1").count() == 1
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])"
    )
    steps = [below - above for above, below in pairwise(levels)]
    assert levels[0] == 1
    assert max(steps, default=0) <= 1, f"a level is skipped: {levels}"


@needs_chromium
@pytest.mark.parametrize("page", [("light", 390)], indirect=True, ids=["390"])
def test_what_is_too_wide_scrolls_in_its_own_box(page: Any, address: str) -> None:
    page.goto(address + "2020/redes/")
    for selector in (".scroll:has(> math)", "figure.highlight pre", ".scroll:has(> table)"):
        box = page.locator(selector).first
        inner, outer, right = box.evaluate(
            "e => [e.scrollWidth, e.clientWidth, e.getBoundingClientRect().right]"
        )
        assert inner > outer, f"{selector} is not too wide: the test tests nothing"
        assert right <= 390, selector
        box.evaluate("e => e.scrollTo(20, 0)")  # how much too wide it is depends on the fonts
        assert box.evaluate("e => e.scrollLeft") == 20, f"{selector} does not scroll"
    assert page.locator(".scroll:has(> math)").first.evaluate(
        "e => e.scrollHeight <= e.clientHeight + 1"
    ), "a formula is cut off below"


@needs_chromium
@pytest.mark.parametrize("page", [("light", 1280)], indirect=True, ids=["1280"])
def test_the_keyboard_reaches_the_content_first(page: Any, address: str) -> None:
    page.goto(address + "2020/redes/")
    page.keyboard.press("Tab")
    skip = page.evaluate(
        "(e => [e.getAttribute('href'), e.getBoundingClientRect().left >= 0,"
        " getComputedStyle(e).outlineStyle])(document.activeElement)"
    )
    assert skip == ["#page-content", True, "solid"]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page-content"


@needs_chromium
@pytest.mark.parametrize(
    "page", [("light", 1280), ("dark", 1280)], indirect=True, ids=["light", "dark"]
)
def test_the_ground_is_light_or_dark_as_the_reader_likes(page: Any, address: str) -> None:
    page.goto(address)
    scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(23, 21, 18)" if scheme else "rgb(253, 251, 247)")


@needs_chromium
@needs_axe
@pytest.mark.parametrize(
    "page", [("light", 1280), ("dark", 390)], indirect=True, ids=["light-1280", "dark-390"]
)
@pytest.mark.parametrize("path", PAGES)
def test_accessibility(page: Any, address: str, path: str) -> None:
    page.goto(address + path)
    assert violations(page) == []


@pytest.mark.skipif(not VNU.is_file(), reason="vnu is not installed (npm install vnu-jar)")
@pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed")
def test_the_html_is_valid(folder: Path, demonstration: Path, new_blogs: Path) -> None:
    # Both are attributes of MathML Core that the checker does not know.
    known = r".*Attribute “(scriptlevel|displaystyle)” not allowed on element “m[a-z]+”.*"
    files = [str(path) for path in folder.rglob("*.html") if path.parent.name != SEED]
    files += map(str, demonstration.rglob("*.html"))
    files += map(str, new_blogs.glob("*/site/**/*.html"))
    result = subprocess.run(
        ["java", "-Xss4m", "-jar", str(VNU), "--errors-only", "--filterpattern", known, *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.stderr == ""


@needs_chromium
def test_a_page_works_from_the_disk(browser: Any, folder: Path) -> None:
    address = (folder / "cuaderno" / "2020" / "redes" / "index.html").as_uri()
    with opened(browser, address) as page:
        assert page.evaluate("getComputedStyle(document.body).display") == "flex", "no style sheet"
        assert page.locator(".prose img").evaluate("e => e.naturalWidth") == 40


@needs_chromium
@pytest.mark.parametrize(
    "page", [("light", 390), ("dark", 1280)], indirect=True, ids=lambda p: f"{p[0]}-{p[1]}"
)
@pytest.mark.parametrize("path", ARTICLES)
def test_the_founding_article(page: Any, demonstration: Path, path: str) -> None:
    with served(demonstration) as address:
        page.goto(address + path)
        assert page.noise == []
        assert all(url.startswith(address) for url in page.requests), page.requests
        scripts = [url for url in page.requests if not url.endswith(("/", ".css", ".svg"))]
        assert len(scripts) == 1, "nothing of a playground is fetched before it is opened"
        (loader,) = demonstration.glob("assets/playground.*.js")
        assert scripts[0].endswith(loader.name)
        assert loader.stat().st_size < 3000
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("math").count() >= 50
        assert page.locator("pre .k").count() > 0, "no code is highlighted"
        assert "$$" not in page.locator("main").inner_text()
        shown = page.locator("figure.escriba-sample").all_inner_texts()
        assert len(shown) == 4
        texts = [read(p, SAMPLES).text for p in REPOSITORY.glob("models/*/samples/*.txt")]
        plain = [" ".join(text.split()) for text in texts]
        for text in shown:
            assert any(frozen_text in " ".join(text.split()) for frozen_text in plain)


@needs_chromium
@pytest.mark.parametrize(
    "page", [("light", 390), ("dark", 1280)], indirect=True, ids=lambda p: f"{p[0]}-{p[1]}"
)
@pytest.mark.parametrize("path", ARTICLES)
def test_the_figures_of_the_founding_article(page: Any, demonstration: Path, path: str) -> None:
    page.goto((demonstration / path / "index.html").as_uri())
    kinds = [
        name.split()[-1].removeprefix("escriba-")
        for name in page.locator(".escriba-figure").evaluate_all("all => all.map(e => e.className)")
    ]
    assert kinds == ["diagram", "timeline", "loss", "gradients", "loss"]
    for chart in page.locator("svg[role=img]").all():
        # Whatever a style sheet says of svg, a drawing has the height that it was drawn for, and
        # all of its words stand inside it and are as large on a phone as on a desk.
        height, drawn, sizes, left, right = chart.evaluate(
            """svg => {
              const box = svg.getBoundingClientRect();
              const words = [...svg.querySelectorAll("text")];
              const boxes = words.map(e => e.getBoundingClientRect());
              return [box.height, +svg.getAttribute("height"),
                words.map(e => parseFloat(getComputedStyle(e).fontSize)),
                Math.min(...boxes.map(b => b.left)) - box.left,
                Math.max(...boxes.map(b => b.right)) - box.right]
            }"""
        )
        assert height == drawn
        assert min(sizes) >= 11
        assert left >= -1
        assert right <= 1
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    strokes = page.locator(".escriba-chart .escriba-stroke-1").evaluate_all(
        "all => [...new Set(all.map(e => getComputedStyle(e).stroke))]"
    )
    assert strokes == [
        "rgb(11, 99, 148)" if paper == "rgb(253, 251, 247)" else "rgb(108, 182, 232)"
    ]


@needs_chromium
@needs_axe
@pytest.mark.parametrize(
    "page", [("light", 1280), ("dark", 390)], indirect=True, ids=["light-1280", "dark-390"]
)
@pytest.mark.parametrize("path", ARTICLES)
def test_the_founding_article_is_accessible(page: Any, demonstration: Path, path: str) -> None:
    with served(demonstration) as address:
        page.goto(address + path)
        assert violations(page) == []


@needs_chromium
@needs_axe
@pytest.mark.parametrize(
    "page", [("light", 1280), ("dark", 320)], indirect=True, ids=["light-1280", "dark-320"]
)
@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_new_blog_is_quiet_accessible_and_fits(page: Any, new_blogs: Path, lang: str) -> None:
    site = new_blogs / lang / "site"
    paths = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    assert len(paths) > 4
    with served(site) as address:
        for path in paths:
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.noise == []
            assert violations(page) == [], path


@needs_chromium
@pytest.mark.parametrize("page", [("light", 1280)], indirect=True, ids=["1280"])
def test_boxes_of_tasks_have_names_and_no_bullets(page: Any, address: str) -> None:
    page.goto(address + "2020/tareas/")
    boxes = page.get_by_role("checkbox")
    names = boxes.evaluate_all(
        "all => all.map(e => (e.ariaLabel ?? e.labels[0].innerText).split(/\\s+/)[0])"
    )
    assert names == ["una", "hecha", "dentro,", "una", "x²", "código"]
    assert (
        boxes.evaluate_all("all => all.map(e => e.checked)")
        == [False, True, False, True] + [False] * 2
    )
    marks = page.locator(".prose > ul > li, .prose li li").evaluate_all(
        "all => all.map(e => [e.querySelector(':scope > input, :scope > label, :scope > p > label')"
        " !== null,"
        " getComputedStyle(e).listStyleType === 'none'])"
    )
    assert marks
    assert all(task == bare for task, bare in marks), "bullets, or boxes"
    assert (
        page.locator(".prose > ol > li").evaluate("e => getComputedStyle(e).listStyleType")
        == "decimal"
    )


@needs_chromium
@pytest.mark.parametrize(
    "page", [("light", 768), ("light", 1280)], indirect=True, ids=["768", "1280"]
)
def test_a_timeline_stays_in_its_column(page: Any, address: str) -> None:
    page.goto(address + "2020/tareas/")
    column = page.locator(".prose").bounding_box()
    for text in page.locator(".escriba-timeline .escriba-text").all():
        box = text.bounding_box()
        assert box["x"] + box["width"] <= column["x"] + column["width"] + 0.5
        assert text.evaluate("e => e.scrollWidth <= e.clientWidth")


@needs_chromium
@pytest.mark.parametrize("page", [("light", 1280)], indirect=True, ids=["1280"])
@pytest.mark.parametrize("path", ARTICLES)
def test_no_code_is_cut_where_there_is_a_margin(page: Any, demonstration: Path, path: str) -> None:
    page.goto((demonstration / path / "index.html").as_uri())
    code = page.locator(".prose pre:visible")
    assert code.count() > 5
    sizes = code.evaluate_all("all => all.map(e => [e.scrollWidth, e.clientWidth])")
    assert all(inner <= outer for inner, outer in sizes), sizes
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lefts = page.locator(".prose > .highlighter-rouge").evaluate_all(
        "all => [...new Set(all.map(e => e.getBoundingClientRect().left))].length"
    )
    assert lefts == 1, "they begin where the others begin"


@needs_chromium
@pytest.mark.parametrize(
    "page", [("light", 390), ("dark", 1280)], indirect=True, ids=["390", "1280"]
)
def test_the_two_marks_of_what_unfolds_are_in_one_line(page: Any, demonstration: Path) -> None:
    with served(demonstration) as address:
        page.goto(address + ARTICLES[0])
        page.locator("escriba-playground summary").first.wait_for()
        marks = page.locator(
            ".escriba-provenance > summary, .escriba-panel > summary"
        ).evaluate_all(
            """all => all.map((e) => {
              const range = document.createRange();
              range.selectNodeContents(e);
              const style = getComputedStyle(e);
              return [range.getClientRects()[0].left, style.listStylePosition, style.fontSize];
            })"""
        )
    assert len(marks) == 8
    assert len({tuple(mark) for mark in marks}) == 1, marks


@needs_chromium
@pytest.mark.parametrize("page", [("dark", 900)], indirect=True, ids=["dark"])
def test_a_printed_page_has_its_code_and_the_command(page: Any, demonstration: Path) -> None:
    with served(demonstration) as address:
        page.goto(address + ARTICLES[0])
        page.locator("escriba-playground summary").first.wait_for()
        page.emulate_media(media="print")
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )
        assert page.locator("escriba-playground").first.is_hidden()
        keyword = page.locator(".highlight .k").first
        assert keyword.evaluate("e => getComputedStyle(e).color") == "rgb(156, 42, 27)", "as by day"
        stroke = page.locator(".escriba-chart .escriba-stroke-1").first
        assert stroke.evaluate("e => getComputedStyle(e).stroke") == "rgb(11, 99, 148)"
        column = page.locator(".prose").bounding_box()
        for box in page.locator(".prose > .highlighter-rouge pre").all():
            inside = box.bounding_box()
            assert inside["x"] >= column["x"]
            assert inside["x"] + inside["width"] <= column["x"] + column["width"] + 0.5
        assert page.locator(".escriba-provenance pre").first.evaluate("e => e.checkVisibility()")


def test_the_time_to_read_is_that_of_the_words(demonstration: Path) -> None:
    for path, words in zip(ARTICLES, ("17 min de lectura", "17 min read"), strict=True):
        assert words in (demonstration / path / "index.html").read_text("utf-8")


class Strict(Quiet):
    """A host that allows no style but that of the site's own sheets."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
        super().end_headers()


@needs_chromium
def test_tables_and_drawings_need_no_style_of_their_own(browser: Any, folder: Path) -> None:
    with (
        served(folder, Strict) as address,
        opened(browser, f"{address}cuaderno/2020/tareas/") as page,
    ):
        aligned = page.locator("td").evaluate_all(
            "all => all.map(e => getComputedStyle(e).textAlign)"
        )
        assert aligned == ["right", "center"]


@needs_chromium
@pytest.mark.parametrize("page", [("light", 320)], indirect=True, ids=["320"])
def test_a_formula_in_the_text_scrolls_before_the_page_does(page: Any, address: str) -> None:
    page.goto(address + "2020/tareas/")
    tops = page.evaluate(
        """() => {
          const sum = "<mi>a</mi><mo>+</mo>";
          const math = (count) => `<math>${sum.repeat(count)}<mi>b</mi></math>`;
          const text = `<p>${math(2)} text</p><ul><li>${math(90)}</li></ul>`;
          document.querySelector(".prose").insertAdjacentHTML("beforeend", text);
          const first = document.querySelector(".prose > p:last-of-type");
          const range = document.createRange();
          range.selectNodeContents(first.lastChild);
          const words = range.getBoundingClientRect();
          const formula = first.querySelector("mi").getBoundingClientRect();
          return [words.top, words.bottom, formula.top, formula.bottom];
        }"""
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tops[0] <= tops[2] < tops[3] <= tops[1], "it stands on the line of the text"


@needs_chromium
def test_a_navigation_of_many_wraps_between_its_names(browser: Any, tmp_path: Path) -> None:
    site = make_site(tmp_path / "source")
    names = ("Archivo", "Proyectos", "Publicaciones", "Sobre mí", "Código", "Diapositivas")
    nav = "".join(f"  - {name}: https://example.org/{at}\n" for at, name in enumerate(names))
    settings = site.root / "escriba.yml"
    settings.write_text(f"{settings.read_text('utf-8')}\nnav:\n{nav}", "utf-8")
    build(load(site.root), output=tmp_path / "www")
    address = (tmp_path / "www" / "archive" / "index.html").as_uri()
    with opened(browser, address, viewport={"width": 320, "height": 700}) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        links = page.locator(".masthead nav a")
        assert links.count() == len(names)
        assert links.evaluate_all("all => all.every(e => e.getClientRects().length === 1)")
