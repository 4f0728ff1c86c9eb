"""Formulas in posts: where they are found, and how the bad ones are reported."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba import tex
from escriba.ground.errors import SourceError
from escriba.ground.mapped import MappedText
from escriba.ground.mistakes import Mistakes
from escriba.markup.html.tree import Formula
from escriba.markup.markdown import render
from escriba.markup.math.delimiters import NONE
from escriba.markup.math.html import find_formulas
from support.html_tree import formulas

POST = Path("posts/a.md")
HINT = "; correct it, or define it in 'macros' of escriba.yml"


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
        "posts/a.md:10:21: bad formula: '{' is never closed",
        'posts/a.md:15:1: bad formula: unknown command "\\nope"' + HINT,
        'posts/a.md:19:5: bad formula: unknown command "\\nope"' + HINT,
        "posts/a.md:22:11: bad formula: a command wants an argument in braces here",
        "posts/a.md:22:22: bad formula: '&' divides cells, and this is no table; write '\\&' for the sign",
        'posts/a.md:29:9: bad formula: unknown command "\\nope"' + HINT,
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
    assert (raised.value.message, raised.value.offset) == (r'unknown command "\nope"' + HINT, 4)


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


NESTING = {
    r"\left(": r"\right)", r"\begin{matrix}": r"\end{matrix}", r"\sqrt": "", r"\sqrt[": "]x",
    r"\frac1": "", r"\hat": "", r"\overset1": "", r"\boxed": "", r"\color{red}": "", r"\cancel": "",
    r"\displaystyle": "", r"\mathop{": "}", r"\phantom": "", r"\xrightarrow": "", r"\xrightarrow[": "]x",
    r"\underbrace": "", r"\underline": "", r"\vec": "", r"\stackrel1": "", r"\mathrel": "",
}  # fmt: skip


@pytest.mark.parametrize("opening", NESTING)
def test_whatever_nests_has_a_depth(opening: str) -> None:
    """math-core recurses into all of these, and ends the process when the stack does."""
    closing = NESTING[opening]
    few = min(90, 900 // len(opening + closing))
    assert tex.render(opening * few + " x" + closing * few, display=True)
    many = 9990 // len(opening + closing)
    with pytest.raises(tex.TexError) as raised:
        tex.render(opening * many + " x" + closing * many, display=True)
    assert re.fullmatch(
        "(the formula is|braces are) nested more than [14]00 deep", raised.value.message
    )
    with pytest.raises(tex.TexError):
        tex.render(opening * many, display=False)


@pytest.mark.parametrize("formula", ["]" * 9990, r"\not" * 2400 + " x", "x" * 9990, "~" * 9990])
def test_a_long_formula_that_is_flat_is_rendered(formula: str) -> None:
    assert tex.render(formula, display=True).count("<math") == 1


def test_no_formula_needs_more_than_a_small_stack() -> None:
    script = (
        "from escriba import tex\n"
        f"for opening, closing in {NESTING!r}.items():\n"
        "    for count in (100, 2000):\n"
        "        many = min(count, 9990 // len(opening + closing))\n"
        "        try: tex.render(opening * many + ' x' + closing * many, display=True)\n"
        "        except tex.TexError: pass\n"
    )
    done = subprocess.run(
        ["sh", "-c", 'ulimit -s 1024; exec "$0" -c "$1"', sys.executable, script],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def places(text: str) -> list[str]:
    mistakes = Mistakes()
    render(text, path=POST, mistakes=mistakes)
    return [str(problem.place) for error in mistakes.errors for problem in error.problems]


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("<!-- $$\\nope$$ -->\n\n", 2),
        ("a <!-- $$\\nope$$ --> b\n\n", 2),
        ("{::comment}\n$$\\nope$$\n{:/comment}\n\n", 4),
        ("a {::comment}$$\\nope$$ {:/} b\n\n", 2),
        ("<pre>\n$$\\nope$$\n</pre>\n\n", 4),
        ("<script>\n$$\\nope$$\n</script>\n\n", 4),
        ("a\n\n    $$\\nope$$\n\n", 4),
        ("```\n$$\\nope$$\n```\n\n", 4),
        ("`$$\\nope$$` and ``$$\\nope$$``\n\n", 2),
    ],
)
def test_a_bad_formula_is_not_where_it_is_hidden_above(above: str, lines: int) -> None:
    assert places(f"{above}good $$x$$ bad $$\\nope$$\n") == [f"posts/a.md:{lines + 1}:18"]


def test_a_bad_formula_in_quotes_of_quotes() -> None:
    text = "> a\n> > $$a\n> > \\nope$$\n>\n> <p>$$a &lt; \\nope$$</p>\n"
    assert places(text) == ["posts/a.md:3:5", "posts/a.md:5:15"]


def test_every_bad_formula_of_many_has_its_place() -> None:
    """Each was once looked for in all of the text."""
    text = "".join(f"$$x_{n} \\nope$$ and $$\\nope$$\n\n" for n in range(3000))
    found = places(text)
    assert found[::2] == [f"posts/a.md:{2 * n + 1}:{len(str(n)) + 6}" for n in range(3000)]
    assert found[1::2] == [f"posts/a.md:{2 * n + 1}:{len(str(n)) + 20}" for n in range(3000)]


OLD = re.compile(
    r"<(?P<name>script|style|pre|code|textarea|math)\b.*?</(?P=name)\s*>|<!--.*?-->"
    r"|<[^>]*>|(?<!\\)\$\$(?P<tex>.+?)\$\$",
    re.S | re.I,
)  # took time with the square of the size
pieces = st.sampled_from(
    ["<pre>", "</pre>", "<CODE", "</code >", ">", "<", "<!--", "-->", "$$", "$", "\\", "x", " ",
     "<script>", "</script>", "&lt;"]
)  # fmt: skip


@given(st.lists(pieces, max_size=14).map("".join))
def test_formulas_in_html_are_those_of_the_expression(html: str) -> None:
    html += "$$"
    parts = find_formulas(MappedText(html), NONE)
    found = [part.tex for part in parts if isinstance(part, Formula)]
    written = [f"[{p.tex}]" if isinstance(p, Formula) else p.text for p in parts]
    assert found == [unescape(match["tex"]) for match in OLD.finditer(html) if match["tex"]]
    expected = OLD.sub(lambda m: f"[{unescape(m['tex'])}]" if m["tex"] else m[0], html)
    assert "".join(written) == expected
