"""Markdown as kramdown reads it: each case against what Jekyll 4.3.1 made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.ground.errors import SourceError
from escriba.markup.markdown import Heading, render
from support.html_tree import outline

CASES = sorted((Path(__file__).parent / "cases" / "kramdown").glob("*.md"))
POST = Path("posts/a.md")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_structure_is_that_of_kramdown(case: Path) -> None:
    expected = case.with_suffix(".html").read_text("utf-8")
    rendered = render(case.read_text("utf-8"), path=case)
    assert outline(rendered.html) == outline(expected)


def test_headings_are_listed_with_their_ids_and_plain_text() -> None:
    text = "# Año *nuevo*\n\n## `x` &amp; $$y^2$$[^1]\n\n> ### Año *nuevo*\n\n[^1]: # Not listed\n"
    assert render(text, path=POST).headings == (
        Heading(1, "año-nuevo", "Año nuevo"),
        Heading(2, "x--y2", "x & y^2"),
        Heading(3, "año-nuevo-1", "Año nuevo"),
    )


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("One *a*.\n\nTwo.\n", "<p>One <em>a</em>.</p>"),
        ("# Title\n\nOne.\n", "<p>One.</p>"),
        ("One.\n\nTwo.\n\n<!--more-->\n\nThree.\n", "<p>One.</p>\n<p>Two.</p>"),
        ("One <!-- more --> two.\n", "<p>One </p>"),
        ("One[^1].\n\n[^1]: Note.\n", "<p>One.</p>"),
        ("One.\n{: #lead .first}\n", '<p class="first">One.</p>'),
        ("```\ncode\n```\n", ""),
        ("", ""),
    ],
)
def test_the_excerpt_is_the_first_paragraph_or_what_is_before_more(text: str, excerpt: str) -> None:
    assert render(text, path=POST).excerpt == excerpt


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\n```python\nx\n", "posts/a.md:9:1: the code is never closed: no line '```'"),
        ("a\n~~~~\nx\n~~~\n", "posts/a.md:8:1: the code is never closed: no line '~~~~'"),
        ("- a\n\n  ```\n  x\n", "posts/a.md:9:3: the code is never closed: no line '```'"),
        ("```\nok\n```\n\n```\nx\n", "posts/a.md:11:1: the code is never closed: no line '```'"),
    ],
)
def test_a_fence_without_an_end_is_an_error_at_its_beginning(text: str, message: str) -> None:
    with pytest.raises(SourceError) as raised:
        render(text, path=POST, first_line=7)
    assert str(raised.value) == message


def test_two_documents_do_not_share_anything() -> None:
    first = "# A\n\n[x][l] HTML[^1]\n\n[l]: /l\n[^1]: note\n*[HTML]: Hyper\n{:d: .c}\n"
    second = "# A\n\n[x][l] HTML[^1]\n{: d}\n"
    alone = render(second, path=POST).html
    render(first, path=POST)
    assert render(second, path=POST).html == alone
    assert alone == '<h1 id="a">A</h1>\n<p>[x][l] HTML[^1]</p>'


@pytest.mark.parametrize(
    "text",
    [
        ">" * 2000 + " x", "<b>" * 1000, "<b>x" * 500 + "</b>" * 500, "*a **b __c _d " * 40,
        "<div markdown='1'>\n" * 500, "[" * 500, "- " * 500, "".join(" " * 2 * n + "- x\n" for n in range(99)),
    ],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_deep_nesting_is_cut_off_rather_than_a_crash(text: str) -> None:
    assert render(text, path=POST).html


MARKS = st.sampled_from(
    ["*", "**", "_", "`", "```\n", "$$", "[", "](", ")", "<b>", "</div>", "<div>", "|", "\n", "\n\n",
     "- ", "1. ", "> ", "    ", "{:", "{: .c}", "}", ":", "~~", "\\", '"', "'", "#", "[^1]", "&",
     "word", "ñ", " ", "\t", "---\n", "^\n", "{::", "\x02", "\ufdd0"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(MARKS, max_size=24).map("".join))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        html = render(text, path=POST).html
    except SourceError:
        return
    assert "\x02" not in html
    assert "klzzwxh" not in html
    assert "wzxhzdk" not in html
