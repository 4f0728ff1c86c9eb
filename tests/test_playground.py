"""Playgrounds in a real browser: readers write the published samples themselves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blogs import make_site
from escriba.article.panels import Panels
from escriba.blog.build import build
from escriba.model import GATES, Cell
from escriba.project import load
from models import make_model
from test_pages import ARTICLES, AXE, REPOSITORY, Quiet, browser, needs_chromium, served

__all__ = ["browser"]

playwright = pytest.importorskip("playwright.sync_api")
POLICY = "script-src 'self' 'wasm-unsafe-eval'"
BYTES = "".join(map(chr, range(256)))
PATIENCE = 120_000  # milliseconds


class Strict(Quiet):
    """A static host with the strictest policy for scripts that allows WebAssembly."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of this repository's blog, under a path."""
    root = tmp_path_factory.mktemp("playground")
    build(load(REPOSITORY), frozen=True, output=root / "some" / "path")
    with served(root, Strict) as address:
        yield f"{address}some/path/"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with a playground of each cell, of bytes, and with each `until`."""
    root = tmp_path_factory.mktemp("small")
    site = make_site(root / "source")
    blocks = []
    cells: list[Cell] = ["rnn", "gru", "lstm"]
    for cell in cells:
        make_model(site.models / cell, cell=cell, hidden=11, residual=cell != "rnn")
        options = "top-k: 9\ntop-p: 0.95\nmin-p: 0.01" if cell == "gru" else "until: sentence"
        blocks.append(f"model: {cell}\nprompt: ab\nlength: 300\nseed: {2**64 - 1}\n{options}")
    make_model(site.models / "bytes", unit="bytes", symbols=BYTES, hidden=9)
    blocks.append('model: bytes\nprompt: "¡á!"\nlength: 200\nshow: verbatim')
    blocks.append('model: bytes\nlength: 90\nuntil: "a"\ntemperature: 0.3\nshow: verbatim')
    blocks.append("model: lstm\nlength: 400\nuntil: paragraph\ntemperature: 0\nshow: code")
    text = "---\ntitle: Playgrounds\ndate: 2020-01-01\nlang: en\nslug: play\n---\n"
    text += "".join(f"\n```escriba playground\n{block}\n```\n" for block in blocks)
    (site.posts / "2020-01-01-play.md").write_text(text)
    build(site, output=root / "www")
    assert set(GATES) == set(cells)
    with served(root / "www", Strict) as address:
        yield f"{address}2020/play/"


@contextmanager
def opened(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    page.noise = []
    page.on("console", lambda message: page.noise.append(message.text))
    page.on("pageerror", lambda error: page.noise.append(str(error)))
    page.goto(address)
    yield page
    context.close()


def open_panel(page: Any, number: int) -> Any:
    panel = page.locator("escriba-playground").nth(number)
    panel.locator("summary").click()
    panel.locator(".escriba-reproduce").wait_for(timeout=PATIENCE)
    return panel


def reproduce(page: Any, panel: Any) -> str:
    panel.locator(".escriba-reproduce").click()
    status = panel.locator(".escriba-status")
    status.filter(has_text="published").or_(status.filter(has_text="publicada")).wait_for(
        timeout=PATIENCE
    )
    text: str = status.text_content()
    return text


def published(panel: Any) -> str:
    text: str = json.loads(panel.get_attribute("data-request"))["text"]
    return text


@needs_chromium
@pytest.mark.parametrize("path", ARTICLES)
def test_the_published_samples_are_written_again(
    browser: Any, demonstration: str, path: str
) -> None:
    """The promise, on every page of the blog: the button, and what it says."""
    with opened(browser, demonstration + path) as page:
        count = page.locator("escriba-playground").count()
        assert count == page.locator("figure.escriba-sample").count() == 4
        for number in range(count):
            panel = open_panel(page, number)
            said = reproduce(page, panel)
            length = len(published(panel))
            assert length == 600
            assert said in (
                "Idéntico a la muestra publicada: 600 de 600 caracteres.",
                "Identical to the published sample: 600 of 600 characters.",
            )
            assert panel.locator(".escriba-written").text_content() == published(panel)
        assert page.noise == []


@needs_chromium
def test_every_cell_unit_and_stop(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        for number in range(page.locator("escriba-playground").count()):
            panel = open_panel(page, number)
            said = reproduce(page, panel)
            length = len(published(panel))
            shown = panel.locator(".escriba-written").evaluate("e => e.textContent")
            assert shown == published(panel)
            assert said == (f"Identical to the published sample: {length} of {length} characters.")
        assert page.noise == []


@needs_chromium
def test_a_text_that_is_not_the_published_one_is_told(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        page.evaluate(
            """() => {
              const place = document.querySelector("escriba-playground");
              const request = JSON.parse(place.dataset.request);
              request.text = request.text.slice(0, 5) + "~" + request.text.slice(6);
              place.dataset.request = JSON.stringify(request);
            }"""
        )
        panel = open_panel(page, 0)
        assert reproduce(page, panel) == "Different from the published sample at character 6."


@needs_chromium
def test_the_reader_writes_and_looks(browser: Any, demonstration: str) -> None:
    with opened(browser, demonstration + ARTICLES[1]) as page:
        panel = open_panel(page, 0)
        beginning = panel.locator("textarea")
        beginning.fill("Prince Andr☃w")
        status = panel.locator(".escriba-status")
        assert status.text_content() == "The model does not know the character “☃”."
        beginning.fill("Prince Andrew q")
        letters = panel.locator(".escriba-surprise button")
        assert letters.all_text_contents() == list("Prince␣Andrew␣q")
        bits = [
            float(label.rsplit(" ", 2)[1].replace(",", ""))
            for label in letters.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
        ]
        assert bits[-1] > 5 > bits[11], "q is a surprise, w is none"
        letters.last.click()
        assert panel.locator(".escriba-expected").text_content() == "What it expected before “q”"
        assert panel.locator(".escriba-next li").last.text_content().startswith("q")
        panel.locator("input[type=number]").nth(1).fill("40")
        panel.get_by_role("button", name="Write").click()
        status.filter(has_text="per second").wait_for(timeout=PATIENCE)
        assert len(panel.locator(".escriba-written").text_content()) == 40
        assert page.noise == []


@needs_chromium
def test_the_keyboard_is_enough(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        panel = page.locator("escriba-playground").first
        panel.locator("summary").focus()
        page.keyboard.press("Enter")
        panel.locator(".escriba-reproduce").wait_for(timeout=PATIENCE)
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className") == "escriba-reproduce":
                break
        page.keyboard.press("Enter")
        panel.locator(".escriba-status").filter(has_text="Identical").wait_for(timeout=PATIENCE)


@needs_chromium
def test_without_javascript_there_is_the_sample_alone(browser: Any, demonstration: str) -> None:
    with opened(browser, demonstration + ARTICLES[1], java_script_enabled=False) as page:
        assert page.locator("figure.escriba-sample").count() == 4
        assert page.locator("escriba-playground").first.inner_text() == ""
        assert page.noise == []


@needs_chromium
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install axe-core)")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_an_open_panel_is_accessible_and_fits(
    browser: Any, demonstration: str, scheme: str, width: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}}
    with opened(browser, demonstration + ARTICLES[0], bypass_csp=True, **options) as page:
        panel = open_panel(page, 0)
        reproduce(page, panel)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run().then(r => r.violations)")
        assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []


def test_what_a_reader_fetches_is_small_and_named_by_its_content(tmp_path: Path) -> None:
    site = load(REPOSITORY)
    build(site, frozen=True, output=tmp_path)
    models = sorted((tmp_path / "assets").glob("*.bin"))
    assert [path.name.split(".")[0] for path in models] == ["clasicos", "tolstoi"]
    assert all(path.stat().st_size < 700_000 for path in models)
    (kernel,) = (tmp_path / "assets").glob("kernel.*.wasm")
    assert kernel.stat().st_size < 30_000
    again = tmp_path / "again"
    build(site, frozen=True, output=again)
    assert {p.name for p in (again / "assets").iterdir()} == {
        p.name for p in (tmp_path / "assets").iterdir()
    }


def test_a_model_is_packed_once(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", hidden=3)
    panels = Panels()
    assert panels.add(model) == panels.add(model)
    assert list(panels.files) == [panels.add(model)]
    shutil.rmtree(tmp_path / "m")
    assert panels.add(model) == next(iter(panels.files))
