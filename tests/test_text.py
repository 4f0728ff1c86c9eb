"""The text of HTML that may be anybody's, and what is cut out of it."""

from __future__ import annotations

import html as python

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.markup.html import text as texts
from escriba.markup.html.entities import unescape
from escriba.markup.html.summary import cut_excerpt
from escriba.markup.html.write import write
from support.trees import read_tree


def text_of(html: str) -> str:
    return texts.text_of(read_tree(html))


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
        ("a <b never closed", "a"),
        ("a</sup></annotation>", "a"),
    ],
)
def test_the_text_of_html(html: str, text: str) -> None:
    assert text_of(html) == text


pieces = st.sampled_from(
    ["<sup ", 'id="fnref:1"', "<sup>", ">", "</sup>", "<p>", "</p>", "<p ", "a", " ", "<b>", "</b>",
     "<!--", "-->", "<!--more-->", "&lt;", '<sup id="fnref:2">', "\n", "<style>", "</style>", "<br>"]
)  # fmt: skip


@given(st.lists(pieces, max_size=14).map("".join))
def test_html_in_a_tree_is_what_it_was(html: str) -> None:
    root = read_tree(html)
    assert write(root).html == html
    assert write(root.copy()).html == html
    assert isinstance(cut_excerpt(root), str)
    assert write(root).html == html


@pytest.mark.parametrize("unit", ["<", "<a", "<a ", '<a "', "<!--", '<sup id="fnref', "<sup "])
def test_what_is_never_closed_stays(unit: str) -> None:
    html = unit * 20_000  # of which an expression would look for the end 20,000 times
    assert text_of(html) == (html if unit == "<" else "")  # as a browser shows it
    assert cut_excerpt(read_tree(html)) == ""


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
