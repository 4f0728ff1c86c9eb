"""Playgrounds and pages in Firefox and in WebKit, as test_playground.py has them in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browsers import Browser, find_firefox, find_webkit, firefox, webkit
from support.pages import ARTICLES, served

BROWSERS = {"firefox": (find_firefox, firefox), "webkit": (find_webkit, webkit)}
SAME = (
    "Idéntico a la muestra publicada: 600 de 600 caracteres.",
    "Identical to the published sample: 600 of 600 characters.",
)
# Opens and reproduces every playground of a document: for each, what is said, whether what is
# written is the published sample (as elements, as a reader sees them, and where it stands across),
# and how many pixels higher it is.
REPRODUCE = """
  const wait = async (true_) => {
    while (!true_()) await new Promise((next) => setTimeout(next, 20));
  };
  const elements = (box) => [...box.children].map((each) => each.outerHTML).join("");
  const found = [];
  for (const place of document_.querySelectorAll("escriba-playground")) {
    await wait(() => place.querySelector("summary"));
    place.querySelector("summary").click();
    await wait(() => place.querySelector(".escriba-reproduce"));
    place.querySelector(".escriba-reproduce").click();
    const status = place.querySelector(".escriba-status");
    await wait(() => /publi/.test(status.textContent));
    const [one, other] = [place.previousElementSibling, place].map((e) => e.querySelector(".escriba-text"));
    const [a, b] = [one, other].map((box) => box.getBoundingClientRect());
    found.push([status.textContent, elements(one) === elements(other), one.innerText === other.innerText,
      Math.abs(a.x - b.x) + Math.abs(a.width - b.width), Math.abs(a.height - b.height)]);
  }
"""
FRAME = """
  const frame = document.createElement("iframe");
  frame.style.cssText = "position: fixed; inset: 0 auto auto 0; border: 0; width: 320px; height: 700px; background: white";
  const loaded = new Promise((next) => (frame.onload = next));
  frame.src = location.href;
  document.body.append(frame);
  await loaded;
  const document_ = frame.contentDocument;
"""


@pytest.fixture(scope="module", params=sorted(BROWSERS))
def window(request: pytest.FixtureRequest) -> Iterator[Browser]:
    find, start = BROWSERS[request.param]
    if find() is None:
        pytest.skip(f"{request.param} is not installed: .ci/run says how")
    with start() as browser:
        yield browser


@pytest.mark.parametrize("path", ARTICLES)
def test_the_published_samples_are_written_again(
    window: Browser, demonstration_address: str, path: str
) -> None:
    window.open(demonstration_address + path)
    found = window.run(f"const document_ = document; {REPRODUCE} return found;")
    assert len(found) == 4, found
    for said, same_html, same_text, across, down in found:
        assert said in SAME
        assert (same_html, same_text, across) == (True, True, 0)
        assert down < 0.1


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_sample_of_a_new_blog_is_written_again(
    window: Browser, new_blogs: Path, lang: str
) -> None:
    site = new_blogs / lang / "site"
    (post,) = (
        path for path in site.rglob("*.html") if "<escriba-playground" in path.read_text("utf-8")
    )
    with served(site) as address:
        window.open(address + post.relative_to(site).as_posix())
        found = window.run(f"const document_ = document; {REPRODUCE} return found;")
    assert found
    for said, same_html, same_text, across, down in found:
        assert said.startswith({"en": "Identical", "es": "Idéntico"}[lang])
        assert (same_html, same_text, across) == (True, True, 0)
        assert down < 0.1


@pytest.mark.parametrize("site", ["small", "layouts"])
def test_every_cell_unit_stop_and_layout(
    window: Browser, site: str, request: pytest.FixtureRequest
) -> None:
    window.open(request.getfixturevalue(site))
    found = window.run(f"const document_ = document; {REPRODUCE} return found;")
    assert len(found) == {"small": 10, "layouts": 15}[site], found
    for said, same_html, same_text, across, down in found:
        assert said.startswith("Identical")
        assert (same_html, same_text, across) == (True, True, 0)
        assert down < 0.1


@pytest.mark.parametrize("path", ARTICLES)
def test_a_narrow_page_fits(window: Browser, demonstration_address: str, path: str) -> None:
    """At 320 pixels, in a frame: no window is as narrow."""
    window.open(demonstration_address + path)
    found = window.run(
        f"""{FRAME} {REPRODUCE}
        const letters = [...document_.querySelectorAll(".escriba-surprise button")];
        const cut = [...document_.querySelectorAll("escriba-playground select")].map((select) => {{
          const copy = select.cloneNode(true);
          copy.style.cssText = "position: absolute; inline-size: max-content";
          select.after(copy);
          const natural = copy.getBoundingClientRect().width;
          copy.remove();
          return natural - select.getBoundingClientRect().width;
        }});
        return [document_.documentElement.scrollWidth, frame.contentWindow.innerWidth,
          Math.min(...letters.map((e) => Math.min(e.offsetWidth, e.offsetHeight))), Math.max(...cut)];
        """
    )
    assert isinstance(found, list), found
    width, inner, smallest, cut = found
    assert (inner, width <= inner) == (320, True)
    assert smallest >= 24
    assert cut <= 0.5


@pytest.mark.parametrize("seed", ["18446744073709551616", "99999999999999999999"])
def test_seeds_are_those_of_the_command(window: Browser, small: str, seed: str) -> None:
    window.open(small)
    said = window.run(
        f"""const document_ = document; {REPRODUCE}
        const place = document.querySelector("escriba-playground");
        place.querySelector("input[inputmode=numeric]").value = "{seed}";
        place.querySelector("button[type=submit]").click();
        const status = place.querySelector(".escriba-status");
        await wait(() => !/publi/.test(status.textContent));
        return status.textContent;"""
    )
    assert said == "The seed is a whole number from 0 to 18446744073709551615."


def test_the_keys_walk_over_the_letters(window: Browser, small: str) -> None:
    window.open(small)
    walked = window.run(
        f"""const document_ = document; {REPRODUCE}
        const letters = [...document.querySelectorAll("escriba-playground")[0]
          .querySelectorAll(".escriba-surprise button")];
        letters[0].focus();
        const stops = [];
        for (const key of ["ArrowRight", "ArrowRight", "Home", "End"]) {{
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true }}));
          stops.push([letters.indexOf(document.activeElement), letters.filter((e) => e.tabIndex === 0).length]);
        }}
        return stops;"""
    )
    assert walked == [[1, 1], [1, 1], [0, 1], [1, 1]], "of the two letters of its prompt"
