"""The addresses in HTML, wherever HTML has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.markup.html import tags as hypertext
from escriba.markup.html.tags import Reference, find_names
from support.trees import find, rewrite


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<img src="a" srcset="b 1x, c 2x">', ["a", "b", "c"]),
        ('<img srcset="a, b 2x,c">', ["a", "b", "c"]),
        ('<img srcset=" a  100w , b(x) 200w,">', ["a", "b(x)"]),
        ('<img srcset="data:image/png;base64,AA== 1x, b 2x">', ["data:image/png;base64,AA==", "b"]),
        ("<picture><source srcset='a 1x'><img src=b></picture>", ["a", "b"]),
        ('<link rel="preload" imagesrcset="a 1x" href="b">', ["a", "b"]),
        ('<video poster="a"><source src="b"><track src="c"></video>', ["a", "b", "c"]),
        ("<audio src=a></audio><embed src=b><iframe src=c></iframe>", ["a", "b", "c"]),
        ('<object data="a"></object><div data="no"></div>', ["a"]),
        (
            '<svg><use href="a#b"/><use xlink:href="c#d"/><image href="e"/></svg>',
            ["a#b", "c#d", "e"],
        ),
        ("<p style=\"background: url('a')\">", ["a"]),
        ('<p style="background: url(&quot;a&quot;)">', ["a"]),
        ("<style>p { background: url(a) }</style>", ["a"]),
        ('<style media="print">@import "a";</style>', ["a"]),
        ('<rect fill="url(a#b)" stroke="red"/>', ["a#b"]),
        ('<script src="a">var x = \'<a href="no">\';</script>', ["a"]),
        ('<form action="a"><button formaction="b"></form>', ["a", "b"]),
        ('<table background="a">', ["a"]),
        ("<A HREF=a>x</A>", ["a"]),
        ("<a\n  title=' href=\"no\"'\n  href\n=\n'b'>", ["b"]),
        ('<a title="x > y" href="b">', ["b"]),
        ("<a href=a/>", ["a/"]),
        ('<a href="a&amp;b">', ["a&b"]),
        ('<a href="">', [""]),
        ("<a href>", []),
        ('<base href="no"><a data-href="no">', []),
        ('<!-- <a href="no"> --></a href="no">', []),
        ('<a href="a', []),
    ],
)
def test_addresses_are_found(html: str, found: list[str]) -> None:
    assert [reference.address for reference in find(html)] == found
    assert rewrite(html, lambda reference: reference.address) == html


def test_addresses_are_replaced_and_nothing_else() -> None:
    html = (
        "<p title='src=\"a\"'>src=a <img src=a alt='a' srcset='a 1x, a 2x'> "
        "<i style=\"color: a; background: url(a) url('a')\">a</i><style>a { b: url(a) }</style></p>"
    )
    assert rewrite(html, lambda reference: 'x"&' + reference.attribute[:1]) == (
        '<p title=\'src="a"\'>src=a <img src="x&quot;&amp;s" alt=\'a\' srcset="x&quot;&amp;s 1x, '
        'x&quot;&amp;s 2x"> <i style="color: a; background: url(&quot;x\\22 &amp;u&quot;) '
        'url(&quot;x\\22 &amp;u&quot;)">a</i><style>a { b: url("x\\22 &u") }</style></p>'
    )


def test_what_an_anchor_can_lead_to() -> None:
    html = (
        '<h2 id="one">a</h2><a name="two"></a><input name="no"><p ID=three>'
        '<!-- <p id="no"> --><p title=\'id="no"\' id="f&uuml;r"></p id="no">'
    )
    assert list(find_names(html)) == ["one", "two", "three", "für"]


def test_drawings_speak_of_their_own_document() -> None:
    html = '<a href="#a"><use href="#b"/></a><rect fill="url(#c)"/>'
    assert [r.is_same_document for r in find(html)] == [False, True, True]
    assert Reference("#a", "a", "href").is_same_document is False


pieces = st.sampled_from(
    ["<a", "<img", "<style>", "</style>", ">", '"', "'", " href=", " srcset=", " style=", "=", "x", "/",
     "url(", ")", ",", " 1x", "<!--", "-->", "\\", "&quot;"]
)  # fmt: skip


@given(st.lists(pieces, max_size=20).map("".join))
def test_what_stays_the_same_is_untouched(html: str) -> None:
    assert rewrite(html, lambda reference: reference.address) == html


@pytest.mark.parametrize(
    "unit",
    ["<a href='x' ", "<a srcset='x 1x, ", "<a ' ", "<img srcset='(", "<p style='url(", "<style>url(",
     "<a =", "<a / ", "x="],
)  # fmt: skip
def test_what_is_never_closed_is_looked_for_once(unit: str) -> None:
    for html in (unit * 50_000, f"<img {unit * 50_000}>", f"<img srcset='{unit * 50_000}'>"):
        rewrite(html, lambda reference: reference.address)


def test_no_tag_with_an_address_is_passed_over() -> None:
    for name, elements in (
        *hypertext._ADDRESSES.items(),
        *((each, None) for each in hypertext._SETS),
    ):
        for element in elements or ("a",):
            assert hypertext.HOLDS.search(f"<{element} {name}=x>"), name
    for name in hypertext._STYLES:
        assert hypertext.HOLDS.search(f'<a {name}="url(x)">'), name
    assert not hypertext.HOLDS.search('<span class="a" title="b">')
