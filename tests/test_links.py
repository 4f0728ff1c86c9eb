"""What a link in a post means, and how a page writes it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground.project import load
from escriba.markup.html.tags import TAG
from escriba.site.build import build
from escriba.site.links.addresses import Addresses, globaliser, localiser, relative
from support.trees import find, furnish_html, rewrite

SITE = Addresses(
    "https://example.org",
    "/blog",
    frozenset({"/", "/2020/rnn/", "/img/curve.svg", "/2020/lstm.html"}),
    {"posts/2020-10-01-rnn.md": "/2020/rnn/", "posts/img/curve.svg": "/img/curve.svg"},
)


@pytest.mark.parametrize(
    ("link", "meaning"),
    [
        ("/2020/rnn/", "/2020/rnn/"),
        ("/blog/2020/rnn/#cell", "/2020/rnn/#cell"),
        ("/blog", "/"),
        ("2020-10-01-rnn.md?a=b", "/2020/rnn/?a=b"),
        ("./img/curve.svg", "/img/curve.svg"),
        ("../posts/img/curve.svg", "/img/curve.svg"),
        ("/elsewhere/", None),
        ("../../x", None),
        ("#cell", None),
        ("?q", None),
        ("", None),
        ("https://example.com/2020/rnn/", None),
        ("//example.com/2020/rnn/", None),
        ("mailto:a@example.com", None),
    ],
)
def test_what_a_link_means(link: str, meaning: str | None) -> None:
    assert SITE.resolve(link, "posts/2020-11-01-lstm.md") == meaning


paths = st.lists(st.sampled_from(["a", "b", "c.html"]), max_size=4).map(
    lambda parts: "/" + "".join(f"{part}/" for part in parts)
)


@given(paths, paths, st.sampled_from(["", "#x", "?y"]), st.booleans(), st.booleans())
def test_relative_links_lead_where_they_should(
    path: str, page: str, rest: str, file: bool, from_file: bool
) -> None:
    path, page = path + "p.svg" * file, page + "q.html" * from_file
    assert urljoin(page, relative(path + rest, page)) == path + rest


def test_only_attributes_of_tags_are_rewritten() -> None:
    html = (
        '<p>href="x" <a href=\'x\' title="a > b">x</a> &lt;a href="x"&gt;</p>'
        '<!-- <a href="x"> --><script>a = "<a href=\'x\'>"</script><img alt="" src=x>'
        '<img\nsrc = "x"/><a data-href="x" href="a&amp;b">'
    )
    new = {"x": 'y"', "a&b": "c&d"}
    assert rewrite(html, lambda reference: new[reference.address]) == (
        '<p>href="x" <a href="y&quot;" title="a > b">x</a> &lt;a href="x"&gt;</p>'
        '<!-- <a href="x"> --><script>a = "<a href=\'x\'>"</script><img alt="" src="y&quot;">'
        '<img\nsrc = "y&quot;"/><a data-href="x" href="c&amp;d">'
    )


def targets_of(html: str) -> dict[str, str]:
    """What the addresses in a post lead to."""
    found = {
        each.address: SITE.resolve(each.address, "posts/2020-11-01-lstm.md", "/2020/lstm.html")
        for each in find(html)
    }
    return {link: path for link, path in found.items() if path is not None}


def test_pages_link_relatively_and_feeds_absolutely() -> None:
    html = '<a href="/2020/rnn/">a</a> <img src="img/curve.svg"> <a href="#x">b</a>'
    page = rewrite(html, localiser(targets_of(html), "/2020/lstm.html"))
    assert page == '<a href="rnn/">a</a> <img src="../img/curve.svg"> <a href="#x">b</a>'
    assert rewrite(page, globaliser(SITE, "/2020/lstm.html")) == (
        '<a href="https://example.org/blog/2020/rnn/">a</a> '
        '<img src="https://example.org/blog/img/curve.svg"> '
        '<a href="https://example.org/blog/2020/lstm.html#x">b</a>'
    )


@pytest.mark.parametrize(
    "link",
    ["http://[x]/", "http://[", "//[", "http://a]b/", "http://a\u2100b/", "http://[::1", "[x](y)"],
)
def test_what_is_no_address_stays_as_it_is(link: str) -> None:
    html = f'<a href="{link}">a</a> <img src="{link}">'
    page = rewrite(html, localiser(targets_of(html), "/2020/lstm.html"))
    assert page == html
    assert rewrite(page, globaliser(SITE, "/2020/lstm.html")) in (
        html,
        html.replace(link, f"https://example.org/blog/2020/{link}"),
    )


def test_links_that_are_no_address_in_a_post(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "escriba.yml").write_text("title: x\nurl: https://example.org\n")
    text = (
        "---\ntitle: x\npermalink: /a/\n---\n[a](http://[x]/) ![a](http://[) <a href='//['>b</a>\n"
    )
    (tmp_path / "posts" / "2020-01-01-a.md").write_text(text)
    build(load(tmp_path), output=tmp_path / "www")
    page = (tmp_path / "www" / "a" / "index.html").read_text("utf-8")
    feed = unescape((tmp_path / "www" / "feed.xml").read_text("utf-8"))
    for address in ('href="http://[x]/"', 'src="http://["', "//["):
        assert address in page
        assert address in feed


@pytest.mark.parametrize("begun", ["<!-- ", "<script>", "<style a>", '<a "', "<b title='", "<p "])
def test_what_is_never_closed_takes_the_rest_with_it(begun: str) -> None:
    html = f'<a href="x">x</a>{begun}<a href=x <i href="x"'
    assert rewrite(html, lambda reference: "y") == html.replace('href="x"', 'href="y"', 1)


@pytest.mark.parametrize("unit", ["<!--", "<script ", "<a ", '<a "', "<a '", "<a href=", "</a"])
def test_what_is_never_closed_is_looked_for_once(unit: str) -> None:
    html = unit * 50_000  # an expression would look for the end 50,000 times
    assert rewrite(html, lambda reference: "y") == html
    assert furnish_html(html) == html


OLD = re.compile(
    r"<!--.*?-->|<(script|style)\b.*?</\1\s*>"
    r"|<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>",
    re.DOTALL | re.IGNORECASE,
)
pieces = st.sampled_from(
    [
        "<a",
        "</a",
        "<b1 ",
        ">",
        '"',
        "'",
        " href=",
        "x",
        "<!--",
        "-->",
        "<script>",
        "</script >",
        "< ",
    ]
)


@given(st.lists(pieces, max_size=14).map("".join))
def test_tags_are_those_of_the_expression(html: str) -> None:
    """Which took time with the square of the size; up to what is never closed."""
    for old, new in zip(OLD.finditer(html), TAG.finditer(html), strict=False):
        assert new.end() == len(html) or (old.span(), old.groups()) == (new.span(), new.groups())
        if old.span() != new.span():
            break
