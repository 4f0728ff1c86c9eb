"""Playgrounds: sites that have them, and what a reader does with them in a page of Playwright."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from escriba.ground.project import load
from escriba.records.model import GATES, Cell
from escriba.site.build import build
from support.blogs import REPOSITORY, make_site
from support.models import make_model
from support.pages import Quiet, served

POLICY = "script-src 'self' 'wasm-unsafe-eval'"
BYTES = "".join(map(chr, range(256)))
ALPHABETS = {
    "hostile": "\n\x00\x1b\r \"&'<>`",
    "math": "\n $\\^_{}x",
    "far": "\n a\u00e9\u2028\U0001f600",
}


class Strict(Quiet):
    """A static host with the strictest policy for scripts that allows WebAssembly."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="module")
def demonstration_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
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
    for name, unit, mark in ("texts", "characters", "\uffff"), ("posts", "bytes", "\xff"):
        make_model(site.models / name, unit=unit, symbols=f"\n ab.\xc3\xa9{mark}", scale=0.4)  # type: ignore[arg-type]
        blocks.append(f"model: {name}\nlength: 90\nseed: 2\nuntil: document\nshow: verbatim")
        blocks.append(f"model: {name}\nlength: 90\nseed: 2\nshow: verbatim")
    text = "---\ntitle: Playgrounds\ndate: 2020-01-01\nlang: en\nslug: play\n---\n"
    text += "".join(f"\n```escriba playground\n{block}\n```\n" for block in blocks)
    (site.posts / "2020-01-01-play.md").write_text(text)
    build(site, output=root / "www")
    assert set(GATES) == set(cells)
    with served(root / "www", Strict) as address:
        yield f"{address}2020/play/"


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with a playground of every way to show a text, of hostile models."""
    root = tmp_path_factory.mktemp("layouts")
    site = make_site(root / "source")
    text = "---\ntitle: Playgrounds\ndate: 2020-01-01\nlang: en\nslug: play\n---\n"
    for name, symbols in ALPHABETS.items():
        make_model(site.models / name, symbols=symbols, hidden=7, scale=0.3)
        prompt = json.dumps("\n \n" + symbols[2] + "\n")
        for show in ("prose", "verbatim", "math", "code", "code\nlanguage: html"):
            block = f"model: {name}\nprompt: {prompt}\nlength: 300\nshow: {show}"
            text += f"\n```escriba playground\n{block}\n```\n"
    (site.posts / "2020-01-01-play.md").write_text(text)
    build(site, output=root / "www")
    with served(root / "www", Strict) as address:
        yield f"{address}2020/play/"


def open_panel(page: Any, number: int) -> Any:
    panel = page.locator("escriba-playground").nth(number)
    panel.locator("summary").click()
    panel.locator(".escriba-reproduce").wait_for()
    return panel


def reproduce(page: Any, panel: Any) -> str:
    panel.locator(".escriba-reproduce").click()
    status = panel.locator(".escriba-status")
    status.filter(has_text="published").or_(status.filter(has_text="publicada")).wait_for()
    text: str = status.text_content()
    return text


def written(panel: Any) -> tuple[str, str]:
    """What the panel shows that the model wrote: as HTML, and as a reader sees it."""
    return look(panel.locator(".escriba-written .escriba-text"))


def shown(page: Any, number: int) -> tuple[str, str]:
    """The same of the published sample."""
    return look(page.locator("figure.escriba-sample .escriba-text").nth(number))


def look(text: Any) -> tuple[str, str]:
    html = text.evaluate(
        """e => e.tagName + [...e.childNodes].filter(
          (n) => n.nodeType === Node.ELEMENT_NODE).map((n) => n.outerHTML).join("")"""
    )
    return html, text.inner_text()


def published(panel: Any) -> str:
    text: str = json.loads(panel.get_attribute("data-request"))["text"]
    return text
