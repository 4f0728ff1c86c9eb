"""A post's HTML is fitted into a page without touching its text."""

from __future__ import annotations

import pytest

from support.trees import furnish_html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h2>a</h2><h3>b</h3>", "<h2>a</h2><h3>b</h3>"),
        ('<h3 id="h3">h3</h3>\n<h4>b</h4>', '<h2 id="h3">h3</h2>\n<h3>b</h3>'),
        ("<h1>a</h1><h6>b</h6>", "<h2>a</h2><h6>b</h6>"),
        ("<H1>a</H1>", "<H2>a</H2>"),
        ("<p>&lt;h1&gt;</p><!-- <h1> --><h3>a</h3>", "<p>&lt;h1&gt;</p><!-- <h1> --><h2>a</h2>"),
        ("<hr><header>x</header>", "<hr><header>x</header>"),
        ("<pre>a</pre>", '<pre tabindex="0">a</pre>'),
        ('<pre tabindex="0" class="x">a</pre>', '<pre tabindex="0" class="x">a</pre>'),
        (
            "<pre><table><tr><td><pre>1</pre></td></tr></table></pre>",
            '<pre tabindex="0"><table><tr><td><pre>1</pre></td></tr></table></pre>',
        ),
        (
            '<table class="a"><tr><td><math display="block"></math></td></tr></table>',
            '<div class="scroll" tabindex="0"><table class="a"><tr><td>'
            '<math display="block"></math></td></tr></table></div>',
        ),
        (
            '<p><math><mi>a</mi></math> <math display="block"><mi>b</mi></math></p>',
            '<p><math><mi>a</mi></math> <span class="scroll" tabindex="0">'
            '<math display="block"><mi>b</mi></math></span></p>',
        ),
        ("<table><p>never closed", "<table><p>never closed"),
        (
            '<sup id="fnref:1" role="doc-noteref"><a href="#fn:1">1</a></sup>',
            '<sup id="fnref:1"><a href="#fn:1">1</a></sup>',
        ),
    ],
)
def test_furnish(html: str, expected: str) -> None:
    assert furnish_html(html) == expected
