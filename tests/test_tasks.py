"""Boxes of tasks have names, whatever stands behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from escriba.markup.html.prose import furnish
from escriba.markup.html.write import write
from escriba.markup.markdown import render
from support.trees import furnish_html


def items(text: str) -> list[str]:
    html = furnish_html(render(text, path=Path("a.md")).html)
    return [li.decode_contents().strip() for li in BeautifulSoup(html, "html.parser").select("li")]


@pytest.mark.parametrize(
    ("item", "labelled"),
    [
        ("to do", "to do"),
        ("*to* [do](x)", '<em>to</em> <a href="x">do</a>'),
        ("a `b` <br> c", 'a <code class="language-plaintext highlighter-rouge">b</code> <br/> c'),
        ("![words](a.png)", '<img alt="words" src="a.png"/>'),
        ("<b>a</b> <!-- b --> c", "<b>a</b> <!-- b --> c"),
    ],
)
def test_the_words_after_a_box_are_its_label(item: str, labelled: str) -> None:
    (found,) = items(f"- [ ] {item}\n")
    start = found.index("<input")
    assert found[:start] == "<label>"
    assert found[found.index("/>") + 2 :] == f"{labelled}</label>"


def test_a_label_ends_where_a_list_or_a_paragraph_begins() -> None:
    text = "- [x] one\n  - [ ] two\n\n- [ ] three\n\n  four\n"
    html = furnish_html(render(text, path=Path("a.md")).html)
    labels = [
        each.get_text().strip() for each in BeautifulSoup(html, "html.parser").select("label")
    ]
    assert labels == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("<button>x</button>", "[ ]"),
        ("a <b>x <input> y</b>", "a x y"),
        ("![](a.png)", "[ ]"),
        ('"q" <button>x</button>', "“q”"),
        ("<label>x</label>", "[ ]"),
        ("<del>a", "a"),
    ],
)
def test_what_a_label_cannot_hold_is_left_outside(item: str, name: str) -> None:
    html = furnish_html(render(f"- [ ] {item}\n", path=Path("a.md")).html)
    box = BeautifulSoup(html, "html.parser").select_one("input.task-list-item-checkbox")
    assert box is not None
    label = box.find_parent("label")
    assert box.get("aria-label") == name or (label and label.get_text() == name)


def test_a_formula_is_within_a_label() -> None:
    (found,) = items("- [ ] $$x^2$$ and so on\n")
    assert found.startswith("<label>")
    assert found.endswith("</math> and so on</label>")


def test_a_comment_in_a_post_is_within_a_label() -> None:
    root = render("- [ ] *a* <!-- b --> c\n", path=Path("a.md")).root
    furnish(root)
    assert "<em>a</em> <!-- b --> c</label>" in write(root).html


def test_all_else_is_left_alone() -> None:
    html = '<ul><li><input type="checkbox">a</li></ul><p>task-list-item-checkbox</p>'
    assert furnish_html(html) == html
