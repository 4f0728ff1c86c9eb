"""Languages that are written from right to left."""

from __future__ import annotations

from pathlib import Path

import feedparser
import pytest
from bs4 import BeautifulSoup

from escriba.ground.direction import find_direction
from support.blogs import run


@pytest.mark.parametrize(
    ("lang", "direction"),
    [
        ("ar", "rtl"), ("he", "rtl"), ("he-IL", "rtl"), ("fa-IR", "rtl"), ("ur", "rtl"),
        ("az-Arab", "rtl"), ("ku-Arab-IQ", "rtl"), ("yi", "rtl"), ("ckb", "rtl"), ("dv", "rtl"),
        ("uz-Arab-AF", "rtl"), ("ff-Adlm", "rtl"), ("en", "ltr"), ("es-419", "ltr"), ("az", "ltr"),
        ("ar-Latn", "ltr"), ("ur-Latn-PK", "ltr"), ("zh-Hant-TW", "ltr"), ("ku", "ltr"),
    ],
)  # fmt: skip
def test_the_direction_is_that_of_the_script(lang: str, direction: str) -> None:
    assert find_direction(lang) == direction


def test_pages_and_feed_say_the_direction_of_a_post(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: t\nurl: https://example.org\n")
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "2024-01-01-a.md").write_text("---\ntitle: A\nlang: ar\n---\nمرحبا\n", "utf-8")
    (posts / "2024-01-02-b.md").write_text("---\ntitle: B\nlang: es\n---\nHola\n", "utf-8")
    (posts / "2024-01-03-c.md").write_text(
        "---\ntitle: C\nlang: he\ntranslates: b\n---\nx\n", "utf-8"
    )
    done = run(tmp_path, "build")
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"

    def page(name: str) -> BeautifulSoup:
        return BeautifulSoup((site / name).read_text("utf-8"), "html.parser")

    arabic, spanish, home = (
        page("2024/01/01/a.html"), page("2024/01/02/b.html"), page("index.html"),
    )  # fmt: skip
    assert arabic.html is not None and arabic.html["dir"] == "rtl"
    assert spanish.html is not None and "dir" not in spanish.html.attrs
    assert home.html is not None and "dir" not in home.html.attrs
    link = spanish.select_one("a[hreflang=he]")
    assert link is not None and link["dir"] == "rtl"
    for text in home.select("[lang=ar]"):
        assert text["dir"] == "rtl"
    assert len(home.select("[lang=ar][dir=rtl]")) == 3, "the language, the title, the summary"
    assert not home.select("[lang=es][dir]")
    feed = feedparser.parse((site / "feed.xml").read_bytes(), sanitize_html=False)
    contents = [entry.content[0].value for entry in feed.entries]
    assert [text.lstrip().startswith('<div dir="rtl">') for text in contents] == [True, False, True]


def test_a_site_from_right_to_left_marks_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: t\nlang: fa\n")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "2024-01-01-a.md").write_text("---\ntitle: A\nlang: en\n---\nHi\n")
    assert run(tmp_path, "build").returncode == 0
    home = BeautifulSoup((tmp_path / "site" / "index.html").read_text("utf-8"), "html.parser")
    assert home.html is not None and home.html["dir"] == "rtl"
    assert len(home.select("[lang=en][dir=ltr]")) == 3
