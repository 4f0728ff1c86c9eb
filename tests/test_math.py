"""Formulas in posts: where they are found, and how the bad ones are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.article import tex
from escriba.blog.markdown import render
from escriba.errors import Mistakes, SourceError
from html_tree import formulas

POST = Path("posts/a.md")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In $$a_1$$ and $$ b $$ text", ["inline: a_1", "inline: b"]),
        ("$$a$$", ["block: a"]),
        ("$$\na\n$$\n", ["block: a"]),
        ("$$a$$ begins", ["inline: a"]),
        ("- $$a$$\n- in $$b$$\n", ["block: a", "inline: b"]),
        ("> $$a$$", ["block: a"]),
        ("<center>\n$$a < b$$\n</center>", ["block: a < b"]),
        ("<p>$$a &lt; b$$</p>", ["block: a < b"]),
        ('<div title="$$no$$">$$a$$</div>', ["block: a"]),
        ("<pre>$$no$$</pre>\n\n<script>\n$$no$$\n</script>\n\n<!-- $$no$$ -->", []),
        ("`$$no$$` and `` $$no$$ ``", []),
        ("```\n$$no$$\n```\n\n    $$no$$\n", []),
        (r"\$$no$$ and \$5 and $5", []),
        ("*$$a*b*c$$*", ["inline: a*b*c"]),
        ("[$$a$$](/x) **$$b$$**", ["inline: a", "inline: b"]),
        ("| $$a$$ | b |", ["inline: a"]),
        ("# $$a$$\n\n[^1]\n\n[^1]: Note $$b$$", ["inline: a", "inline: b"]),
        ("$$a\n= b$$ end", ["inline: a = b"]),
    ],
)
def test_formulas_are_where_kramdown_finds_them(text: str, expected: list[str]) -> None:
    html = render(text, path=POST).html
    assert formulas(html.replace("$$no", "")) == expected
    assert html.count("<math") == len(expected)


def test_a_formula_keeps_its_tex_for_copying() -> None:
    html = render(r"$$a < \frac{1}{2} \& b$$ x", path=POST).html
    tex_kept = r'<annotation encoding="application/x-tex">a &lt; \frac{1}{2} \&amp; b</annotation>'
    assert tex_kept in html


def test_every_bad_formula_is_reported_with_its_place() -> None:
    text = (
        "Good $$x$$, bad $$x^{1$$.\n\n`$$\\nope$$` is code.\n\n$$\n\\nope\n$$\n\n"
        "> quoted $$a\n> = \\nope$$\n\n<center>\n$$\\frac{1}$$ and $$y & z$$\n</center>\n"
        "\n```\n$$\\nope$$\n```\n\nAgain $$\\nope$$.\n"
    )
    mistakes = Mistakes()
    render(text, path=POST, first_line=10, mistakes=mistakes)
    with pytest.raises(SourceError) as raised:
        mistakes.check()
    assert str(raised.value).splitlines() == [
        'posts/a.md:10:23: bad formula: expected closing token "}", but reached end of input',
        'posts/a.md:15:1: bad formula: unknown command "\\nope"',
        'posts/a.md:19:5: bad formula: unknown command "\\nope"',
        'posts/a.md:22:11: bad formula: expected argument but reached end of input',
        'posts/a.md:22:22: bad formula: found "&", which may only appear in a table-like environment',
        'posts/a.md:29:9: bad formula: unknown command "\\nope"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        r"\LaTeX",
        r"\begin{array}{l|c:r} a & b & c \\ \hline d & e & f \end{array}",
        r"\begin{cases} a & b \\ c & d \end{cases}",
        r"\begin{align} a &= b \\ c &= d \end{align}",
        r"\begin{aligned} a &= b \end{aligned}",
        r"\boxed{x} \cancel{y} \xcancel{z}",
        r"\tanh(x) f\!g 2\sin x",
        r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
    ],
)
def test_mathml_needs_neither_style_attributes_nor_named_entities(source: str) -> None:
    html = tex.render(source, True)
    markup = html.partition("<annotation")[0]
    assert " style=" not in markup
    assert "&" not in markup.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
    for name in _classes(markup):
        assert f".{name}" in tex.stylesheet()


def _classes(markup: str) -> list[str]:
    return [name for part in markup.split('class="')[1:] for name in part.split('"')[0].split()]


def test_what_tex_cannot_be_says_where() -> None:
    with pytest.raises(tex.TexError) as raised:
        tex.render(r"ñ + \nope", False)
    assert (raised.value.message, raised.value.offset) == (r'unknown command "\nope"', 4)


@pytest.mark.parametrize(
    ("formula", "message", "offset"),
    [
        ("x" * 10_001, "the formula is longer than 10000 characters", 10_000),
        ("{" * 101 + "}" * 101, "braces are nested more than 100 deep", 100),
    ],
)
def test_a_formula_that_would_exhaust_the_stack_is_refused(
    formula: str, message: str, offset: int
) -> None:
    with pytest.raises(tex.TexError) as raised:
        tex.render(formula, display=False)
    assert (raised.value.message, raised.value.offset) == (message, offset)
