"""Chromium, driven by Playwright: where either is missing, its tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.blogs import REPOSITORY
from support.waiting import PATIENCE

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="axe-core is not installed (npm install axe-core)"
)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Playwright; one at a time, for Playwright has one loop in a thread."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with (
        playwright.sync_playwright() as context,
        context.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, timeout=1000 * PATIENCE
        ) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@contextmanager
def opened(browser: Any, address: str = "", **options: Any) -> Iterator[Any]:
    """A page at an address, with what its console says and what it asks for."""
    window = {"viewport": {"width": 1280, "height": 900}, **options}
    with browser.new_context(**window) as context:
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        page.noise, page.requests = [], []
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("request", lambda made: page.requests.append(made.url))
        if address:
            page.goto(address)
        yield page


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """The rules of accessibility that a page breaks, and where."""
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then(r => r.violations)")
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
