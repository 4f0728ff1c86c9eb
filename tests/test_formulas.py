"""Formulas as people write them: what becomes of each, macros, messages, and their words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba import tex
from escriba.tex.expansion import CALLS
from escriba.tex.words import read

CASES = Path(__file__).parent / "cases" / "formulas.mathml"
GIVEN = Path(__file__).parents[2] / "shared" / "faults" / "formulas.json"


def kept() -> list[tuple[str, str, str]]:
    """A formula, and its MathML as a display one and within a line; looked at in Chromium."""
    lines = CASES.read_text("utf-8").splitlines()
    return [(lines[n], lines[n + 1].strip(), lines[n + 2].strip()) for n in range(0, len(lines), 3)]


def structure(formula: str, display: bool) -> str:
    html = tex.render(formula, display)
    return html[: html.index("<annotation")].partition("<semantics>")[2]


@pytest.mark.parametrize(("formula", "display", "inline"), kept())
def test_formulas_as_people_write_them(formula: str, display: str, inline: str) -> None:
    assert structure(formula, True) == display
    assert structure(formula, False) == inline
    assert " style=" not in display.replace('<span style="font-variant-caps: small-caps">', "")


@pytest.mark.skipif(not GIVEN.exists(), reason="the list is not part of the repository")
def test_no_formula_of_the_given_list_is_lost() -> None:
    for row in json.loads(GIVEN.read_text("utf-8")):
        if row["want"] == "renders":
            assert "<math" in tex.render(row["tex"], True), row["name"]
            continue
        try:
            tex.render(row["tex"], False)
        except tex.TexError as error:
            assert error.message, row["name"]


@pytest.mark.parametrize(
    ("formula", "message", "offset"),
    [
        (r"\frac{1", "'{' is never closed", 5),
        (r"a} b", "'}' closes nothing; a '{' before it is missing", 1),
        (r"a + \frac{1}", "a command wants an argument in braces here", 12),
        (r"\begin{aligned} a", r"'\begin{aligned}' has no '\end{aligned}'", 0),
        (
            r"\begin{aligned} a \end{align}",
            r"'\end{align}' stands where '\end{aligned}' is to stand",
            18,
        ),
        (r"\begin{algin} a \end{algin}", "unknown environment \"algin\" (did you mean 'align'?)", 0),
        (r"x \alhpa", r"unknown command " + '"\\alhpa" (did you mean \'alpha\'?)', 2),
        (r"\left( x", r"a '\left' has no '\right'; write '\right.' for none that is seen", 8),
        (r"a & b", r"'&' divides cells, and this is no table; write '\&' for the sign", 2),
        (r"x_a_b",
         "two subscripts or two superscripts of one thing; put what they belong to in braces, as in "
         "{a_b}_c", 3),
        (r"\begin{array}{lq} a \end{array}",
         "'q' says nothing of a column; l, c, r, |, @{} do", 15),
        (r"a \hspace{wide}", "'wide' is no length; write one such as 1em, 3mu or 6pt", 9),
        (r"\color{a_b} x", "'a_b' is no colour; write a name, or a number such as #1A2B3C", 0),
        (r"\text{if $x}", "'$' is never closed", 9),
        (r"x \tag{1} \tag{2}", r"an equation has one '\tag' at most", 10),
        (r"\SI{3}{\metre}",
         r"units of siunitx are not read; write the number, and its unit in \mathrm{…}", 0),
        (r"\newcommand{\a}{\a} \a",
         rf"'\a' leads to more than {CALLS} macros; one may name itself", 20),
        (r"\def\x#1{\frac{#1}} \x{a} + \nope{b}", None, None),
    ],
)  # fmt: skip
def test_messages_say_where_and_what_to_do(
    formula: str, message: str | None, offset: int | None
) -> None:
    with pytest.raises(tex.TexError) as raised:
        tex.render(formula, True)
    if message is not None:
        assert (raised.value.message, raised.value.offset) == (message, offset)
    assert 0 <= raised.value.offset <= len(formula)


def test_a_mistake_in_a_macro_is_at_its_call() -> None:
    page = tex.Page(tex.Macros.read({"bad": r"\nope x", "R": r"\mathbb{R}"}))
    with pytest.raises(tex.TexError) as raised:
        tex.translate(r"\R + \bad", True, page)
    assert raised.value.offset == 5


@pytest.mark.parametrize(
    ("macros", "formula", "same"),
    [
        ({"R": r"\mathbb{R}"}, r"\R^n", r"\mathbb{R}^n"),
        ({r"\norm": r"\lVert #1 \rVert"}, r"\norm{x} \norm y", r"\lVert x \rVert \lVert y \rVert"),
        ({"vec": r"\mathbf{#1}"}, r"\vec{a}", r"\mathbf{a}"),
        ({"pair": "(#1,#2)"}, r"\pair{a}b", "(a,b)"),
        ({"a": r"\b", "b": "c"}, r"\a", "c"),
        ({}, r"\newcommand{\x}[2][d]{#1#2} \x{a}\x[b]{c}", "dabc"),
        ({}, r"\def\x#1.#2;{#2#1} \x a.b;", "ba"),
        ({}, r"\newcommand{\x}{a}\renewcommand{\x}{b} \x", "b"),
        ({}, r"\newcommand{\x}{a}\newcommand{\x}{b} \x", "b"),
        ({}, r"\newcommand{\y}[1]{\def\x##1{##1 #1}} \y{a} \x{b}", "b a"),
        ({}, r"\let\x=\alpha \x", r"\alpha"),
        ({}, r"\newcommand{\x}{\mbox{if }} \x y", r"\mbox{if } y"),
        ({}, r"\newenvironment{e}[1]{\begin{aligned} #1}{\end{aligned}} \begin{e}{a} \end{e}",
         r"\begin{aligned} a \end{aligned}"),
    ],
)  # fmt: skip
def test_macros(macros: dict[str, str], formula: str, same: str) -> None:
    page = tex.Page(tex.Macros.read(macros))
    made = tex.translate(formula, True, page)
    assert made.partition("<annotation")[0] == tex.render(same, True).partition("<annotation")[0]


def test_a_macro_holds_for_the_formulas_that_follow() -> None:
    page = tex.Page()
    tex.translate(r"\newcommand{\vx}{\mathbf{x}}", True, page)
    assert "<mi>𝐱</mi>" in tex.translate(r"\vx", False, page)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (
            r"\def\a{" + "x" * 100 + r"}" + r"\a " * 101,
            "the formula is longer than 10000 characters",
        ),
        (r"\def\a{\b\b}\def\b{\a\a}\a", "macros; one may name itself"),
        (r"\def\a#1{\a{#1#1}}\a{x}", "macros"),
    ],
)
def test_what_macros_write_has_bounds(formula: str, message: str) -> None:
    with pytest.raises(tex.TexError, match=message):
        tex.render(formula, True)


def test_numbers_and_references_of_a_page() -> None:
    sources = [
        r"\eqref{b} \ref{a}",
        r"\begin{align} x &= 1 \label{a} \\ y &= 2 \notag \\ z &= 3 \label{b} \end{align}",
        r"x \tag{$\ast$}\label{c}",
        r"\begin{equation} x \end{equation}",
        r"y \label{used}",
        r"z \label{unused}",
        r"\text{see \eqref{used}, \ref{c} and \ref{nowhere}}",
    ]
    page = tex.Page(wanted=tex.find_references(sources), taken=lambda name: name == "eq-a")
    made = [page.resolve(html) for html in [tex.translate(s, True, page) for s in sources]]
    assert '<a href="#eq-b">(2)</a>' in made[0] and '<a href="#eq-a-2">1</a>' in made[0]
    assert re.findall(r'id="([^"]*)"><mtext>([^<]*)', made[1]) == [
        ("eq-a-2", "(1)"), ("eq-b", "(2)"),
    ]  # fmt: skip
    assert "<mtext>(3)</mtext>" in made[3]
    assert 'id="eq-used"><mtext>(4)</mtext>' in made[4]
    assert "<mtext>" not in made[5]
    assert '<a href="#eq-used">(4)</a>' in made[6] and '<a href="#eq-c">∗</a>' in made[6]
    assert list(page.missing) == ["nowhere"]


@pytest.mark.parametrize("label", ["eq_a", "eq:loss", "a b", "1", "é", "x.y/z", "fig-1&2"])
def test_labels_have_any_characters(label: str) -> None:
    page = tex.Page(wanted=frozenset([label]))
    html = tex.translate(rf"x \label{{{label}}} \ref{{{label}}}", True, page)
    html = page.resolve(html)
    (name,) = re.findall(r'<mtd class="[^"]*" id="([^"]*)"', html)
    assert f'<a href="#{name}">1</a>' in html and re.fullmatch(r"eq-[\w-]+", name)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"L_t = \frac{a_1}{b}", "L_t = a_1/b"),
        (r"x^2+y^{n-1}", "x² + y^(n−1)"),
        (r"\sum_{i=1}^n x_i", "∑_(i=1)^n x_i"),
        (r"h_t = \tanh(W_{hh}h_{t-1})", "h_t = tanh(W_hh h_(t−1))"),
        (r"\hat{x} \in \mathbb{R}", "x̂ ∈ ℝ"),
        (r"\text{if $x>0$ then}", "if x > 0 then"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "(1 2; 3 4)"),
        (r"\sqrt[3]{x+1} - y", "³√(x+1) − y"),
        (r"-x, f'(x)", "−x, f′(x)"),
        (r"a \tag{1}", "a (1)"),
        (r"\frac{a+b}{c} = 90^\circ", "(a+b)/c = 90°"),
    ],
)
def test_a_formula_as_words(formula: str, words: str) -> None:
    assert read(tex.render(formula, True)) == words


@given(st.text("<>/ abm\"='&;", max_size=60))
def test_words_of_anything(html: str) -> None:
    assert "\n" not in read(html)


PIECES = st.sampled_from(
    [r"\begin{aligned}", r"\end{aligned}", r"\begin{array}{c|c}", r"\end{array}", "&", r"\\", "{",
     "}", "[", "]", "x", "1", "^", "_", r"\text{", "$", r"\tag{1}", r"\label{a}", r"\ref{a}", "#1",
     r"\newcommand{\a}", r"\a ", r"\def\a", r"\mathop", r"\limits", r"\color{red}", r"\color{#fff}",
     r"\large ", r"\substack{", r"\left<", r"\right>", r"\hline", r"\multicolumn{2}{c}{", "⊤", "é",
     r"\hspace{1em}", r"\kern 1pt ", r"\fbox{", r"\verb|a|", "%", "\n", r"\over ", r"\rule{1em}{1em}",
     r"\begin{align}", r"\end{align}", r"\cline{1-2}", r"\operatorname{", r"\smash[b]", r"\raise "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_any_formula_is_translated_or_refused(formula: str, display: bool) -> None:
    try:
        html = tex.render(formula, display)
    except tex.TexError as error:
        assert 0 <= error.offset <= len(formula) and error.message
    else:
        assert html.startswith("<math") and html.count("<mtr>") == html.count("</mtr>")
        assert not re.search("[\U000f0000-\U0010fffd]", html.partition("<annotation")[0])
