"""The text of HTML that may be anybody's, and what is cut out of it."""

from __future__ import annotations

import html as python
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.markup import markdown
from escriba.markup.html.text import strip_notes, strip_tags, text_of, unescape


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One  <em>two</em>\n&amp; three</p>", "One two & three"),
        ('<p>a<sup id="fnref:1"><a href="#fn:1">1</a></sup> b</p>', "a b"),
        ('a<sup class="x" id="fnref:1">1</sup>, x<sup>2</sup>', "a, x2"),
        ('<math>x<annotation encoding="application/x-tex">\\x</annotation></math>', "x"),
        ("a <!-- b --> c", "a c"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ('a<sup id="fnref:1">never closed', "anever closed"),
        ("a <annotation>b", "a b"),
        ("a <b never closed", "a <b never closed"),
        ("a</sup></annotation>", "a"),
    ],
)
def test_the_text_of_html(html: str, text: str) -> None:
    assert text_of(html) == text


OLD = re.compile(
    r'<sup\b[^>]*\bid="fnref.*?</sup>|<annotation\b.*?</annotation>', re.DOTALL
)  # took time with the cube of the size
pieces = st.sampled_from(
    ["<sup ", 'id="fnref:1"', "<sup>", ">", "</sup>", "<annotation", "</annotation>", "a", " ",
     "<b>", "</b>", "<!--", "-->", "&lt;", '<sup id="fnref:2">', "\n"]
)  # fmt: skip


@given(st.lists(pieces, max_size=14).map("".join))
def test_it_is_that_of_the_expression(html: str) -> None:
    inside = any("<" in tag[1:] for tag in re.findall("<sup[^>]*>?", html))  # no tag of anyone's
    old = python.unescape(re.sub(r"<[a-zA-Z/!][^>]*>", "", OLD.sub("", html)))
    assert inside or text_of(html) == " ".join(old.split())


@given(st.lists(st.sampled_from(["<p>", "<p ", "</p>", "<pre>", "a", "<!--more-->"])).map("".join))
def test_the_excerpt_is_that_of_the_expression(html: str) -> None:
    paragraph = re.search(r"<p[ >].*?</p>", html, re.S)
    if "more" not in html:
        assert markdown._cut_excerpt(html) == (paragraph[0].strip() if paragraph else "")


@pytest.mark.parametrize("unit", ["<", "<a", "<a ", '<a "', "<!--", '<sup id="fnref', "<sup "])
def test_what_is_never_closed_stays(unit: str) -> None:
    html = unit * 20_000  # of which an expression would look for the end 20,000 times
    assert strip_tags(html) == html
    assert strip_notes(html) == html
    assert text_of(html) == " ".join(html.split())
    assert markdown._cut_excerpt(html) == ""


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&#65;&#x42;&lt;&amp;lt;", "AB<&lt;"),
        (f"&#{'0' * 6000}65;", "A"),
        (f"&#{'9' * 6000};", "\ufffd"),
        (f"&#x{'9' * 6000};", "\ufffd"),
        (f"&#{'0' * 6000};", "\ufffd"),
        ("&#99999999;", "\ufffd"),
        ("&#", "&#"),
    ],
)
def test_numbers_of_any_length_are_resolved(markup: str, text: str) -> None:
    assert unescape(markup) == text


@given(st.text("&#x;0189a", max_size=12))
def test_entities_are_those_of_python(markup: str) -> None:
    assert unescape(markup) == python.unescape(markup)
