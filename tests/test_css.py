"""The addresses in style sheets."""

from __future__ import annotations

import pytest

from escriba.markup.html.css import find, rewrite


def addresses(css: str) -> list[str]:
    return [address for _, _, address in find(css)]


@pytest.mark.parametrize(
    ("css", "found"),
    [
        ("p { background: url(a.png) }", ["a.png"]),
        ("p { background: URL( 'a b.png' ) }", ["a b.png"]),
        ('p { background: url("a).png"), url(b.png) }', ["a).png", "b.png"]),
        ('@import "a.css"; @import url(b.css) print;', ["a.css", "b.css"]),
        (
            "@font-face { src: url(a.woff2?#iefix) format('woff2'), local('Font') }",
            ["a.woff2?#iefix"],
        ),
        ("p { background: image-set('a.png' 1x, url(b.png) 2x) }", ["a.png", "b.png"]),
        (
            "p { background: -webkit-image-set('a.avif' type('image/avif'), 'a.png' 1x) } q {c: 'x'}",
            ["a.avif", "a.png"],
        ),
        ("/* url(no.png) */ p { content: 'url(no.png)' } q { x: url(a.png) }", ["a.png"]),
        ("p { background: my-url(no.png) }", []),
        (r"p { background: url(a\ b\29.png) }", ["a b).png"]),
        (r"p { background: url('a\'b.png') }", ["a'b.png"]),
        (r"p { background: url(\0.png) }", ["\ufffd.png"]),
        ("p { background: url(data:image/png;base64,AA==) }", ["data:image/png;base64,AA=="]),
        ("p { background: url() }", [""]),
        ('p { content: "a\n" } q { background: url(a.png) }', ["a.png"]),
        ("p { background: url(a.png", []),
        ("/* url(a.png)", []),
    ],
)
def test_addresses_are_found(css: str, found: list[str]) -> None:
    assert addresses(css) == found
    assert rewrite(css, lambda address: address) == css


def test_what_is_written_is_read_again() -> None:
    odd = "a\"b\\c\nd'e(f).png"
    css = rewrite("p { background: url(a.png) }", lambda address: odd)
    assert addresses(css) == [odd]
    assert css.startswith('p { background: url("a\\22 b') and css.endswith('.png") }')


@pytest.mark.parametrize(
    "unit",
    ['"', "'", '\\"', "url(", "url('", "/*", "url( ", "(", "image-set(", "@import ", "'\\\""],
)
def test_what_is_never_closed_is_looked_for_once(unit: str) -> None:
    css = unit * 100_000  # an expression would look for the end as many times
    assert rewrite(css, lambda address: address) == css
