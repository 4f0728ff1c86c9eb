"""Playgrounds in a real browser: readers write the published samples themselves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from escriba.article.blocks.panels import Panels
from escriba.ground.project import load
from escriba.site.build import build
from support.blogs import REPOSITORY
from support.chromium import needs_axe, needs_chromium, opened, violations
from support.models import make_model
from support.pages import ARTICLES
from support.playground import (
    open_panel,
    published,
    reproduce,
    shown,
    written,
)


@needs_chromium
@pytest.mark.parametrize("path", ARTICLES)
def test_the_published_samples_are_written_again(
    browser: Any, demonstration_address: str, path: str
) -> None:
    """The promise, on every page of the blog: the button, and what it says."""
    with opened(browser, demonstration_address + path) as page:
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
            assert written(panel) == shown(page, number)
        assert page.noise == []


@needs_chromium
def test_every_cell_unit_and_stop(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        for number in range(page.locator("escriba-playground").count()):
            panel = open_panel(page, number)
            said = reproduce(page, panel)
            length = len(published(panel))
            assert written(panel) == shown(page, number)
            assert said == (f"Identical to the published sample: {length} of {length} characters.")
        assert page.noise == []


@needs_chromium
def test_a_text_ends_at_the_mark_that_no_one_sees(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        count = page.locator("escriba-playground").count()
        for number in range(count - 4, count):
            panel, stops = open_panel(page, number), (number - count) % 2 == 0
            ways = panel.locator("select option").all_inner_texts()
            assert ways == [
                "the length",
                "the end of the sentence",
                "the end of the paragraph",
                "the end of the text",
            ]
            assert panel.locator("select").input_value() == ("document" if stops else "")
            assert (len(published(panel)) < 60) is stops
            panel.get_by_role("button", name="Write", exact=True).click()
            panel.locator(".escriba-status").filter(has_text="characters").wait_for()
            assert written(panel) == shown(page, number)
            assert "\uffff" not in published(panel) + written(panel)[1]
            assert not {"\uffff", "ÿ"} & set(panel.locator(".escriba-next").inner_text())
        assert "the end of the text" not in open_panel(page, 0).inner_text()


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
        (different,) = panel.locator(".escriba-different").all_text_contents()
        original = page.locator("figure.escriba-sample .escriba-text").first.inner_text()
        assert panel.locator(".escriba-written .escriba-text").inner_text() == original
        assert different == original[len("ab") + 5], "differences alone are marked"
        assert panel.locator(".escriba-prompt").text_content() == "ab"


@needs_chromium
def test_the_reader_writes_and_looks(browser: Any, demonstration_address: str) -> None:
    with opened(browser, demonstration_address + ARTICLES[1]) as page:
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
        status.filter(has_text="per second").wait_for()
        prompt = panel.locator(".escriba-written .escriba-prompt")
        assert prompt.text_content() == "Prince Andrew q"
        assert len(panel.locator(".escriba-written").text_content()) == len("Prince Andrew q") + 40
        assert page.noise == []


@needs_chromium
def test_the_keyboard_is_enough(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        panel = page.locator("escriba-playground").first
        panel.locator("summary").focus()
        page.keyboard.press("Enter")
        panel.locator(".escriba-reproduce").wait_for()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className") == "escriba-reproduce":
                break
        page.keyboard.press("Enter")
        panel.locator(".escriba-status").filter(has_text="Identical").wait_for()


@needs_chromium
def test_without_javascript_there_is_the_sample_alone(
    browser: Any, demonstration_address: str
) -> None:
    with opened(browser, demonstration_address + ARTICLES[1], java_script_enabled=False) as page:
        assert page.locator("figure.escriba-sample").count() == 4
        assert page.locator("escriba-playground").first.inner_text() == ""
        assert page.noise == []


@needs_chromium
@needs_axe
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390), ("light", 320)])
def test_an_open_panel_is_accessible_and_fits(
    browser: Any, demonstration_address: str, scheme: str, width: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}}
    with opened(browser, demonstration_address + ARTICLES[0], bypass_csp=True, **options) as page:
        panel = open_panel(page, 0)
        reproduce(page, panel)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(page) == []


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


@needs_chromium
@pytest.mark.parametrize("width", [320, 1280])
def test_the_same_text_is_laid_out_as_it_is_published(
    browser: Any, layouts: str, width: int
) -> None:
    with opened(browser, layouts, viewport={"width": width, "height": 900}) as page:
        count = page.locator("escriba-playground").count()
        assert count == 15
        for number in range(count):
            panel = open_panel(page, number)
            assert reproduce(page, panel).startswith("Identical")
            assert written(panel) == shown(page, number)
            own, theirs = (
                page.locator(f"{place} .escriba-text").nth(at).bounding_box()
                for place, at in (("figure.escriba-sample", number), (".escriba-written", number))
            )
            assert (own["x"], own["width"]) == (theirs["x"], theirs["width"])
            assert own["height"] == pytest.approx(theirs["height"], abs=0.1)
            assert panel.locator(".escriba-different").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.noise == []


@needs_chromium
def test_differences_are_marked_and_nothing_else(browser: Any, layouts: str) -> None:
    with opened(browser, layouts) as page:
        for number in range(5):
            changed = page.evaluate(
                """number => {
                  const place = document.querySelectorAll("escriba-playground")[number];
                  const request = JSON.parse(place.dataset.request);
                  const text = Array.from(request.text);
                  const at = [3, 4, 9, 299];
                  const old = at.map((n) => text[n]);
                  for (const n of at) text[n] = "~";
                  request.text = text.join("") + "~";
                  place.dataset.request = JSON.stringify(request);
                  return old;
                }""",
                number,
            )
            panel = open_panel(page, number)
            assert reproduce(page, panel).endswith("at character 4.")
            marks = panel.locator("mark.escriba-different").evaluate_all(
                "all => all.flatMap(e => [...e.childNodes].flatMap(n => n.value ? [n.value] : [...n.textContent]))"
            )
            marks = [chr(int(m)) if len(m) > 1 else m for m in marks]
            parts = [each for each in changed if each != "\n" or number % 5 not in (0, 2)]
            assert [m for m in marks if m != "\n"] == [each for each in parts if each != "\n"]


@needs_chromium
def test_a_narrow_panel_can_be_read_and_used(browser: Any, demonstration_address: str) -> None:
    """At 320 pixels: no choice is cut off, and letters are large enough for a finger."""
    for path in ARTICLES:
        with opened(
            browser, demonstration_address + path, viewport={"width": 320, "height": 700}
        ) as page:
            panel = open_panel(page, 0)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            cut = panel.locator("select").evaluate(
                """select => {
                  const copy = select.cloneNode(true);
                  copy.style.cssText = "position: absolute; inline-size: max-content";
                  select.after(copy);
                  const natural = copy.getBoundingClientRect().width;
                  copy.remove();
                  return natural - select.getBoundingClientRect().width;
                }"""
            )
            assert cut <= 0.5
            for box in panel.locator(".escriba-surprise button").evaluate_all(
                "all => all.map(e => [e.offsetWidth, e.offsetHeight, e.getBoundingClientRect().right])"
            ):
                assert box[0] >= 24 and box[1] >= 24 and box[2] <= 320, box


@needs_chromium
def test_bars_have_the_colours_of_the_theme(browser: Any, demonstration_address: str) -> None:
    for scheme, colour in (("light", "rgb(156, 42, 27)"), ("dark", "rgb(242, 147, 127)")):
        with opened(browser, demonstration_address + ARTICLES[1], color_scheme=scheme) as page:
            panel = open_panel(page, 0)
            assert panel.locator("meter").count() == 0
            bars = panel.locator(".escriba-bar > i")
            found = bars.evaluate_all(
                "all => all.map(e => [getComputedStyle(e).borderBlockEndColor, e.offsetWidth])"
            )
            assert {each[0] for each in found} == {colour}
            widths = [each[1] for each in found]
            assert widths == sorted(widths, reverse=True)
            assert page.noise == [], "no style of an element's own is against the policy"


@needs_chromium
def test_letters_are_one_tab_stop(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        panel = open_panel(page, 0)
        panel.locator("textarea").fill("a letter and more of them")
        panel.locator("textarea").focus()
        label = "document.activeElement.ariaLabel"
        stops = []
        for key in ("Tab", "ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home", "ArrowLeft"):
            page.keyboard.press(key)
            stops.append(page.evaluate(label)[0])
        assert stops == ["a", "␣", "m", "m", "e", "a", "a"]
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert panel.locator(".escriba-expected").text_content() == "What it expected before “␣”"
        assert panel.locator(".escriba-guesses").get_attribute("aria-live") == "polite"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == "number"
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(label)[0] == "␣", "where the reader was"
        panel.locator("textarea").press("x")
        assert panel.locator(".escriba-guesses").get_attribute("aria-live") == "off"


@needs_chromium
def test_only_what_scrolls_is_a_tab_stop(browser: Any, demonstration_address: str) -> None:
    found = """() => [...document.querySelectorAll("main [tabindex='0']")].filter(
        (e) => e.checkVisibility() && e.scrollWidth <= e.clientWidth).map((e) => e.outerHTML)"""
    missed = """() => [...document.querySelectorAll("main pre, main .scroll")].filter(
        (e) => e.checkVisibility() && e.scrollWidth > e.clientWidth && e.tabIndex < 0).length"""
    with opened(browser, demonstration_address + ARTICLES[0]) as page:
        for width in (1280, 390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_function(f"({found})().length === 0 && ({missed})() === 0")
        page.locator(".escriba-provenance summary").first.click()
        page.wait_for_function(f"({found})().length === 0")


@needs_chromium
@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("18446744073709551615", "per second"),
        ("18446744073709551616", "from 0 to 18446744073709551615"),
        ("99999999999999999999", "from 0 to 18446744073709551615"),
        ("0", "per second"),
    ],
)
def test_seeds_are_those_of_the_command(browser: Any, small: str, seed: str, said: str) -> None:
    with opened(browser, small) as page:
        panel = open_panel(page, 0)
        panel.locator("input[type=text]").fill(seed)
        panel.get_by_role("button", name="Write").click()
        status = panel.locator(".escriba-status")
        status.filter(has_text=said).wait_for()
        assert panel.locator(".escriba-written").is_hidden() == said.startswith("from")


@needs_chromium
def test_temperatures_are_those_of_the_command(browser: Any, small: str) -> None:
    with opened(browser, small) as page:
        panel = open_panel(page, 0)
        field = panel.locator("input[type=number]").first
        for value, valid in (("0.7", True), ("0.705", True), ("0.7005", False), ("101", False)):
            field.fill(value)
            assert field.evaluate("e => e.checkValidity()") is valid, value


COUNT = """
const instantiate = WebAssembly.instantiate;
window.fed = 0;
WebAssembly.instantiate = async (...given) => {
  const { instance } = await instantiate(...given);
  const feed = (...values) => { window.fed++; return instance.exports.feed(...values); };
  return { instance: { exports: { ...instance.exports, feed } } };
};
"""


@needs_chromium
def test_a_key_costs_what_is_new(browser: Any, small: str) -> None:
    """Of a long beginning only what was typed is read again, not all of it at each key."""
    with opened(browser, small) as page:
        page.add_init_script(COUNT)
        page.reload()
        panel = open_panel(page, 0)
        beginning = panel.locator("textarea")
        beginning.fill("a long beginning, " * 50)
        beginning.evaluate("e => e.setSelectionRange(e.value.length, e.value.length)")
        expected = {}
        for key, most in (("x", 1), ("y", 1), ("Backspace", 32), ("z", 33), ("Backspace", 32)):
            before = page.evaluate("window.fed")
            beginning.press(key)
            assert page.evaluate("window.fed") - before <= most, key
            text = beginning.input_value()
            now = panel.locator(".escriba-next").text_content()
            assert expected.setdefault(text, now) == now
        beginning.evaluate("e => e.setSelectionRange(3, 3)")
        beginning.press("q")
        changed = panel.locator(".escriba-next").text_content()
        fresh = beginning.input_value()
        beginning.fill("")
        beginning.fill(fresh)
        assert panel.locator(".escriba-next").text_content() == changed
