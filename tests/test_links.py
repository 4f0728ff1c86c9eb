"""What a link in a post means, and how a page writes it."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.blog.links import Addresses, globalise, localise, relative, rewrite

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


@settings(deadline=None)  # a busy machine is no mistake
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
    assert rewrite(html, lambda link: {"x": 'y"', "a&b": "c&d"}[link]) == (
        '<p>href="x" <a href="y&quot;" title="a > b">x</a> &lt;a href="x"&gt;</p>'
        '<!-- <a href="x"> --><script>a = "<a href=\'x\'>"</script><img alt="" src=x>'
        '<img\nsrc = "y&quot;"/><a data-href="x" href="c&amp;d">'
    )


def test_pages_link_relatively_and_feeds_absolutely() -> None:
    html = '<a href="/2020/rnn/">a</a> <img src="img/curve.svg"> <a href="#x">b</a>'
    page = localise(html, SITE, "posts/2020-11-01-lstm.md", "/2020/lstm.html")
    assert page == '<a href="rnn/">a</a> <img src="../img/curve.svg"> <a href="#x">b</a>'
    assert globalise(page, SITE, "/2020/lstm.html") == (
        '<a href="https://example.org/blog/2020/rnn/">a</a> '
        '<img src="https://example.org/blog/img/curve.svg"> '
        '<a href="https://example.org/blog/2020/lstm.html#x">b</a>'
    )
