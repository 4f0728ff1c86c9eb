"""What a post says of itself where its author wrote no description."""

from __future__ import annotations

from pathlib import Path

import feedparser
import pytest
from bs4 import BeautifulSoup

from escriba.markup.html.summary import summarise
from escriba.markup.markdown import render
from support.blogs import run
from support.trees import read_tree


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("# Heading\n\n![x](a.png)\n*caption*\n\nText *a* [b](c) `d` e[^1].\n\n[^1]: n\n", "Text a b d e."),
        ("![x](a.png)\n\n*caption*\n\nreal\n", "real"),
        ("*All stressed*\n\nnext\n", "All stressed"),
        ("<figure><img src='a'><figcaption><p>cap</p></figcaption></figure>\n\nreal\n", "real"),
        ("para\n{: .caption}\n\nreal\n", "real"),
        ('A <data class="escriba-value" value="3">3,0</data> of them\n', "A 3,0 of them"),
        ("> quoted\n\nown\n", "own"),
        ("> only quoted\n", "only quoted"),
        ("- loose\n\n- list\n\nown\n", "own"),
        ("```\ncode\n```\n\nafter\n", "after"),
        ("| a | b |\n|---|---|\n| c | d |\n\nafter\n", "after"),
        ("* TOC\n{:toc}\n\n## H\n\nafter\n", "after"),
        ("<p>raw <b>html</b></p>\n\nnext\n", "raw html"),
        ("<script>'<p>no</p>'</script>\n\nyes\n", "yes"),
        ("<!-- <p>no</p> -->\n\nyes\n", "yes"),
        ("one<br>two  \nthree\n", "one two three"),
        ("a &lt;b&gt; &amp; c\n", "a <b> & c"),
        ("Loss $$L_t = \\frac{a_1}{b}$$ is low.\n", "Loss L_t = a_1/b is low."),
        ("$$x$$\n\nafter $$a<b$$\n", "after a < b"),
        ("## H\n\none\n\n```\ncode\n```\n\n- li\n- lo\n\ntwo\n\n<!--more-->\n\nthree\n", "one li lo two"),
        ("One <!-- more --> two\n", "One"),
        ("<!--more-->\n\nafter\n", "after"),
        ("## H <!--more-->\n\nafter\n", "after"),
        ("- tight\n- list\n", ""),
        ("", ""),
        ("word " * 100 + "\n", "word " * 47 + "word…"),
    ],
)  # fmt: skip
def test_a_summary_is_the_first_paragraph_or_what_is_before_more(text: str, summary: str) -> None:
    assert summarise(render(text, path=Path("a.md")).root) == summary


def test_what_the_author_marks_is_not_cut_short() -> None:
    text = "word " * 100
    root = render(f"{text}\n\n<!--more-->\n\nrest", path=Path("a.md")).root
    assert summarise(root) == text.strip()


@pytest.mark.parametrize(
    "html", ["<p>", "<p><em>" * 900, "<math>" * 900, "<figure>" * 900, "<!--" * 900, "</p>" * 900]
)
def test_any_html_has_a_summary(html: str) -> None:
    assert isinstance(summarise(read_tree(html)), str)


def test_list_meta_and_feed_have_the_same_summary(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: t\nurl: https://example.org\n")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "2024-01-01-a.md").write_text(
        "---\ntitle: A\n---\n## Heading\n\n```\ncode\n```\n\nThe first paragraph.\n\nMore.\n"
    )
    assert run(tmp_path, "build").returncode == 0
    site = tmp_path / "site"
    page = BeautifulSoup((site / "2024/01/01/a.html").read_text(), "html.parser")
    home = BeautifulSoup((site / "index.html").read_text(), "html.parser")
    feed = feedparser.parse((site / "feed.xml").read_bytes())
    meta = page.select_one("meta[name=description]")
    assert meta is not None and meta["content"] == "The first paragraph."
    assert [p.get_text() for p in home.select(".summary")] == ["The first paragraph."]
    assert [entry.summary for entry in feed.entries] == ["The first paragraph."]
