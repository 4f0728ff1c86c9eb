"""What begins and ends a formula, where a site says so or a blog of Jekyll's has its script do so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from escriba.ground import project
from escriba.ground.errors import SourceError
from escriba.ground.mistakes import Mistakes
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.markdown import render
from escriba.markup.math.delimiters import ALL, Delimiters
from escriba.markup.math.formulas import Mathematics
from escriba.site.build import build
from support.html_tree import formulas

POST = Path("posts/a.md")
JEKYLL = Delimiters(dollars=True, brackets=True, environments=True, kramdown=True)
ALIGN = r"\begin{align} a &= b \end{align}"


def read(text: str, delimiters: Delimiters) -> list[str]:
    html = render(text, path=POST, mathematics=Mathematics(delimiters)).html
    return formulas(html)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Say $x$ and $y_1$.", ["inline: x", "inline: y_1"]),
        (r"Say \(x\) and \\(y\\).", ["inline: x", "inline: y"]),
        (r"\[x\]", ["block: x"]),
        (r"\\[h_t\\]", ["block: h_t"]),
        ("\\[\nx\n= y\n\\]\n", ["block: x = y"]),
        (ALIGN, [f"block: {ALIGN}"]),
        ("\\begin{align*}\na &= b \\\\\n- c &= d\n\\end{align*}",
         [r"block: \begin{align*} a &= b \\ - c &= d \end{align*}"]),
        ("text\n\\begin{align}\n- a &= b\n\\end{align}\nmore",
         [r"block: \begin{align} - a &= b \end{align}"]),
        (r"See \eqref{a} and \ref{b}.", [r"inline: \eqref{a}", r"inline: \ref{b}"]),
        (r"a \[x\] b", ["block: x"]),
        ("- $x$\n- \\(y\\)\n", ["inline: x", "inline: y"]),
        ("> \\[\n> x\n> \\]\n", ["block: x"]),
        ("| $P(a|b)$ | \\(c|d\\) |", ["inline: P(a|b)", "inline: c|d"]),
        ("the norm $|x|$ of it", ["inline: |x|"]),
        ("$a_1$ and $b_1$ and *em*", ["inline: a_1", "inline: b_1"]),
        ("$a*b$ and $c*d$", ["inline: a*b", "inline: c*d"]),
        ("$a<b$ and $c>d$", ["inline: a<b", "inline: c>d"]),
        (r"$\text{if $x$}$ y", [r"inline: \text{if $x$}"]),
        (r"$\{a\}$ and $a \\ b$", [r"inline: \{a\}", r"inline: a \\ b"]),
        ("<p>$a &lt; b$</p>", ["inline: a < b"]),
        (r"<div>\(x\) and \[y\]</div>", ["inline: x", "block: y"]),
        ("<div>\n" + ALIGN.replace("&", "&amp;") + "\n</div>", [f"block: {ALIGN}"]),
        ("# $x$ of it\n\nText[^1]\n\n[^1]: Note $y$", ["inline: x", "inline: y"]),
        ("**$x$** and [$y$](/a)", ["inline: x", "inline: y"]),
        ("$x$$y$ and $\\$$", ["inline: x", "inline: y", r"inline: \$"]),
        ("It costs $100 with $x$.", ["inline: x"]),
        ("[a $x](http://b) $c$", ["inline: c"]),
        ("$a &lt; b$ &amp; \\(c &gt; d\\)", ["inline: a < b", "inline: c > d"]),
        ("\\begin{align}\n  x &= y\n\n  z\n\\end{align}",
         [r"block: \begin{align} x &= y z \end{align}"]),
        ("Use `\\begin{align}` here.\n\nAnd `\\end{align}` there.", []),
        ("*$x$*, ($y$), $z$-axis and $k$'s",
         ["inline: x", "inline: y", "inline: z", "inline: k"]),
        ("1. $x\n   y$\n\nTerm $t$\n: def $d$\n", ["inline: x y", "inline: t", "inline: d"]),
        # none
        ("<b>$x</b>$", []),
        ("It costs $5 and $6.", []),
        ("It costs 5$ or 6$ or $ 7 $.", []),
        (r"\$x\$ and `$x$` and `\(y\)`", []),
        ("```\n$x$ \\(y\\)\n```\n\n    $z$\n", []),
        ("<code>$c$</code>\n\n<pre>$d$</pre>", []),
        ("$a\n\nb$", []),
        (r"\\(a", []),
        (r"\begin{itemize} \item a \end{itemize}", []),
        ("![the $y$](a.png)", []),
        ('<div title="$no$">x</div>', []),
        ("<!-- $no$ -->", []),
        ("a `code $x` and y$", []),
    ],
)  # fmt: skip
def test_formulas_between_other_marks(text: str, expected: list[str]) -> None:
    assert read(text, ALL) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\\(x\_1\\) and $y\_2$", ["inline: x_1", "inline: y_2"]),
        (r"$\\{a\\}$ and $\{a\}$", [r"inline: \{a\}", r"inline: \{a\}"]),
        (r"$\begin{matrix} a \\\\ b \end{matrix}$", [r"inline: \begin{matrix} a \\ b \end{matrix}"]),
        ("\\begin{align}\na &= b \\\\\\\\\nc &= d\n\\end{align}",
         [r"block: \begin{align} a &= b \\ c &= d \end{align}"]),
        ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
         [r"block: \begin{align} a &= b \\ c &= d \end{align}"]),
        (r"$\\alpha\\,b$", [r"inline: \alpha\,b"]),
        (r"$ x $ and $ y $", ["inline: x", "inline: y"]),
        (r"a \[link\] and \(c\)", []),
        (r"<p>\(x\)</p>", ["inline: x"]),
        (r"$$a \\ b$$", [r"block: a \\ b"]),
    ],
)  # fmt: skip
def test_formulas_as_kramdown_hands_them_to_a_script(text: str, expected: list[str]) -> None:
    assert read(text, JEKYLL) == expected


def test_kramdown_s_own_formulas_stay_as_they_are() -> None:
    text = "In $$a$$ text\n\n$$\nb\n$$\n\n$x$ \\(y\\) \\[z\\]\n"
    assert read(text, Delimiters()) == ["inline: a", "block: b"]
    assert read(text, ALL)[:2] == ["inline: a", "block: b"]


def test_a_display_formula_within_a_line_is_one() -> None:
    html = render(r"a \[x\] b", path=POST, mathematics=Mathematics(ALL)).html
    assert re.match(r'<p>a <math display="block">.*</math> b</p>', html)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a\n\nSay $x + \\nope$.", "posts/a.md:3:10"),
        ("Say \\\\(x + \\nope\\\\)", "posts/a.md:1:12"),
        ("\\[\nx\n\\nope\n\\]", "posts/a.md:3:1"),
        ("\\begin{align}\na &= \\nope\n\\end{align}", "posts/a.md:2:6"),
        ("<!-- $\\nope$ -->\n\n$\\nope$", "posts/a.md:3:2"),
        ("`$\\nope$` and $\\nope$", "posts/a.md:1:16"),
        ("<p>$a &lt; \\nope$</p>", "posts/a.md:1:12"),
    ],
)
def test_a_bad_formula_has_its_place(text: str, place: str) -> None:
    with pytest.raises(SourceError) as raised:
        render(text, path=POST, mathematics=Mathematics(ALL))
    assert [str(problem.place) for problem in raised.value.problems] == [place]


def warnings(text: str, mathematics: Mathematics | None = None) -> list[str]:
    mistakes = Mistakes()
    render(text, path=POST, mathematics=mathematics or Mathematics(), mistakes=mistakes)
    assert not mistakes.errors
    return [str(warning) for warning in mistakes.sorted_warnings()]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a\n\nSay $x_1$ and \\\\(y\\\\).\n", "3:5, 3:15"),
        ("\\begin{align}\na\n\\end{align}\n\n$x$ too", "1:1, 5:1"),
        ("$x$ $y$ $z$ $a$ $b$ $c$", "1:1, 1:5, 1:9, 1:13, 1:17, …"),
    ],
)
def test_formulas_that_stay_text_are_told_of_once(text: str, places: str) -> None:
    (warning,) = warnings(text)
    assert f"formulas, and stay text: {places};" in warning
    assert warning.startswith("posts/a.md:") and "'math: [" in warning


def test_one_formula_that_stays_text() -> None:
    assert warnings(r"Say \(x^2\).") == [
        "posts/a.md:1:5: warning: this looks like a formula, and stays text; 'math: [brackets]' in "
        "escriba.yml reads them, 'math: []' says that they are none"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5, and $6 for two.", "Set $HOME and $PATH.", r"a \[link\] and \(c\)",
        "`$x_1$` and\n```\n$x$\n```", "<!-- $x_1$ -->", "$$x_1$$", "US$5 = 4$ or A$7",
        "<pre>$x_1$</pre>", r"\begin{itemize}a\end{itemize}",
    ],
)  # fmt: skip
def test_prose_is_no_formula(text: str) -> None:
    assert warnings(text) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a\n\\begin{align} x &= y\n", "2:1"),
        ("see \\\\(x and more", "1:5"),
        ("\\\\[x\n\ny\\\\]", "1:1"),
    ],
)
def test_a_formula_without_an_end_is_told(text: str, place: str) -> None:
    (warning,) = warnings(text, Mathematics(ALL))
    assert warning == (
        f"posts/a.md:{place}: warning: this begins a formula that has no end, and stays text"
    )


@pytest.mark.parametrize("text", [r"`\\begin{align}` and `\\(`", r"\begin{itemize}", r"$x$ \(y\)"])
def test_nothing_is_told_of_formulas_that_are_whole(text: str) -> None:
    assert warnings(text, Mathematics(ALL)) == []


def test_who_says_that_there_are_none_is_believed() -> None:
    assert warnings("$x_1$", Mathematics(Delimiters())) == []


def test_a_reference_to_nothing_is_told() -> None:
    assert warnings("<!-- $$\\eqref{a}$$ -->\n\nIn $$\\eqref{a}$$ and $$\\ref{a}$$.") == [
        r"posts/a.md:3:6: warning: no formula of this page has '\label{a}', which this one refers to"
    ]


def test_a_bad_formula_may_be_shown() -> None:
    mistakes = Mistakes()
    shown = Mathematics(ALL, show=True)
    html = render(
        "a $\\nope < 1$\n\n$$\n\\frac{\n$$", path=POST, mathematics=shown, mistakes=mistakes
    ).html
    assert '<code class="tex-unread" translate="no">\\nope &lt; 1</code>' in html
    assert '<code class="tex-unread tex-display" translate="no">\\frac{</code>' in html
    assert not mistakes.errors
    assert [str(w.place) for w in mistakes.sorted_warnings()] == [
        "posts/a.md:1:4",
        "posts/a.md:4:6",
    ]


def test_definitions_leave_nothing() -> None:
    html = render(
        "$$\\newcommand{\\R}{\\mathbb{R}}$$\n\nSay $$\\def\\x{y}$$ it: $$\\R \\x$$.", path=POST
    ).html
    assert html.count("<math") == 1 and html.startswith("<p>Say  it: <math>")
    assert "<mi>ℝ</mi><mi>y</mi>" in html


def test_an_inline_formula_knows_macros_of_a_display_above_it_and_the_other_way_round() -> None:
    text = "In $$\\def\\x{a}$$ text.\n\n$$\n\\x \\def\\x{b}\n$$\n\nAnd $$\\x$$.\n"
    html = render(text, path=POST).html
    assert re.findall("<mi>(.)</mi>", html) == ["a", "b"]


def test_ids_and_references_are_those_of_the_page() -> None:
    text = (
        "See $$\\eqref{eq:h}$$.\n\n$$\n\\begin{equation}\\label{eq:h} h=1 \\end{equation}\n$$\n\n"
        "$$\n\\begin{align} x &= 1 \\label{sec} \\end{align}\n$$\n\n## sec\n\n<p id='eq-sec'>x</p>\n"
    )
    html = render(text, path=POST).html
    assert '<a href="#eq-h">(1)</a>' in html
    assert re.findall(r'id="([^"]*)"><mtext>(\(\d\))', html) == [
        ("eq-h", "(1)"),
        ("eq-sec-2", "(2)"),
    ]
    assert '<h2 id="sec">' in html


def test_an_excerpt_refers_to_no_equation() -> None:
    rendered = render("See $$\\eqref{a}$$.\n\n$$x \\label{a}$$\n", path=POST)
    assert "<a " not in rendered.excerpt and "<mtext>(1)</mtext>" in rendered.excerpt


def test_a_formula_in_a_heading_has_its_tex_in_the_id() -> None:
    rendered = render("## The $$x^2$$\n\n* toc\n{:toc}\n", path=POST)
    assert rendered.headings[0].id == "the-x2"
    assert rendered.html.count("<math") == 2


def test_attributes_of_a_formula_stay_on_it() -> None:
    html = render("$$\nx\n$$\n{: .big #eq}\n", path=POST).html
    assert html.startswith('<math display="block" id="eq" class="big"><semantics><mi>x</mi>')


# -- a site


def make(root: Path, files: dict[str, str]) -> project.Project:
    for name, text in {"escriba.yml": "title: T\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return project.load(root)


FRONT = "---\ntitle: A\n---\n"
TEXT = FRONT + "Say $x$ and \\\\(y\\\\) and \\(z\\).\n"
MATHJAX = "<script>MathJax = {tex: {inlineMath: [['$','$'], ['\\\\(','\\\\)']]}};</script>"


def found(root: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """The formulas of a site's one post, and what is warned of."""
    site = make(root, {"posts/2020-01-01-a.md": TEXT, **files})
    result = build(site, frozen=True)
    page = next(root.glob("site/2020/**/a.html"), root / "site/2020/01/01/a.html")
    made = re.findall(r"<math>.*?x-tex\">(.*?)</annotation>", page.read_text("utf-8"))
    return [f"inline: {tex}" for tex in made], [str(w) for w in result.warnings]


DOLLARS, BRACKETS = ["inline: x", "inline: y"], ["inline: y"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"_config.yml": "title: B\n", "_includes/head.html": MATHJAX}, DOLLARS),
        ({"_config.yml": "", "_layouts/default.html":
          '<script type="text/x-mathjax-config">MathJax.Hub.Config({ tex2jax: { inlineMath: '
          "[ ['$','$'], ['\\\\(','\\\\)'] ] } });</script>"}, DOLLARS),
        ({"_config.yml": "", "_includes/katex.html":
          'renderMathInElement(document.body, {delimiters: [{left: "$$", right: "$$", display: true},'
          '{left: "$", right: "$", display: false}]}); katex'}, DOLLARS),
        ({"_config.yml": "", "_includes/katex.html":
          'katex: {delimiters: [{left: "$$", right: "$$", display: true}]}'}, BRACKETS),
        ({"_config.yml": "", "_includes/scripts.html":
          '<script src="https://cdn.example/MathJax.js?config=TeX-AMS-MML_HTMLorMML"></script>'},
         BRACKETS),
        ({"_config.yml": "use_math: true\n"}, DOLLARS),
        ({"_config.yml": "mathjax: true\n"}, DOLLARS),
        ({"_config.yml": "theme: jekyll-theme-chirpy\n"}, DOLLARS),
        ({"_config.yml": "", "assets/js/mathjax-config.js": MATHJAX, "_includes/head.html":
          "<script src='/assets/js/mathjax-config.js'></script>"}, DOLLARS),
        ({"escriba.yml": "math: dollars\n"}, ["inline: x"]),
        ({"escriba.yml": "math: [brackets]\n"}, ["inline: y", "inline: z"]),
        ({"escriba.yml": "math: [brackets]\n", "_config.yml": "", "_includes/a.html": MATHJAX},
         ["inline: y", "inline: z"]),
        ({"escriba.yml": "math: []\n", "_config.yml": "use_math: true\n"}, []),
        ({"posts/2020-01-01-a.md": TEXT.replace("title: A", "title: A\nuse_math: true")}, DOLLARS),
    ],
)  # fmt: skip
def test_what_a_blog_reads_is_found(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    assert found(tmp_path, files) == (expected, [])


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"_config.yml": "title: B\nmathjax: false\n"},
        {"_includes/head.html": MATHJAX},  # no blog of Jekyll's
        {"_config.yml": "", "_includes/head.html": "<p>no script</p>"},
    ],
)
def test_where_nothing_says_so_a_warning_does(tmp_path: Path, files: dict[str, str]) -> None:
    seen, told = found(tmp_path, files)
    assert not seen and len(told) == 1 and told[0].startswith("posts/2020-01-01-a.md:4:5: warning:")


def test_macros_of_a_site_a_script_and_a_post(tmp_path: Path) -> None:
    files = {
        "_config.yml": "",
        "_includes/m.html": 'MathJax = {tex: {macros: {RR: "{\\\\bf R}", bold: ["{\\\\bf #1}", 1]}}}',
        "escriba.yml": "macros:\n  E: '\\mathbb{E}'\n  norm: '\\lVert #1 \\rVert'\n",
        "posts/2020-01-01-a.md": "---\ntitle: A\nmacros:\n  E: '\\mathcal{E}'\n  k: k'\n---\n"
        "$$\\RR \\bold{x} \\E \\norm{y} \\k$$",
    }
    make(tmp_path, files)
    build(project.load(tmp_path), frozen=True)
    page = (tmp_path / "site/2020/01/01/a.html").read_text("utf-8")
    assert all(f"<mi>{letter}</mi>" in page for letter in ("𝐑", "𝐱", "ℰ\ufe00", "y", "k"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("math: dolars", "escriba.yml:1:7: 'math' has no 'dolars' (did you mean 'dollars'?)"),
        ("macros: x", "escriba.yml:1:9: 'macros' must be 'name: value' lines, not 'x'"),
        (
            "macros: {a b: c}",
            "escriba.yml:1:9: 'a b' is no name of a macro, which has letters only",
        ),
        (
            "math-errors: hide",
            "escriba.yml:1:14: 'math-errors' must be one of error, show, not 'hide'",
        ),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, settings: str, message: str) -> None:
    with pytest.raises(SourceError) as raised:
        make(tmp_path, {"escriba.yml": settings + "\n"})
    assert str(raised.value) == message


def test_a_site_that_shows_what_is_bad(tmp_path: Path) -> None:
    make(tmp_path, {
        "escriba.yml": "math-errors: show\n",
        "posts/2020-01-01-a.md": FRONT + "Say $$\\nope$$.\n",
    })  # fmt: skip
    result = build(project.load(tmp_path), frozen=True)
    assert [str(w) for w in result.warnings] == [
        'posts/2020-01-01-a.md:4:7: warning: bad formula: unknown command "\\nope"; correct it, or '
        "define it in 'macros' of escriba.yml"
    ]
    assert 'class="tex-unread"' in (tmp_path / "site/2020/01/01/a.html").read_text("utf-8")


def test_no_liquid_in_a_formula_that_a_site_asks_for(tmp_path: Path) -> None:
    post = {"posts/2020-01-01-a.md": FRONT + "Say $x_{{a}}$ of {{ page.title }}.\n"}
    make(tmp_path, {"escriba.yml": "math: [dollars]\n", **post})
    build(project.load(tmp_path), frozen=True)
    page = (tmp_path / "site/2020/01/01/a.html").read_text("utf-8")
    assert "x_{{a}}</annotation>" in page and "</math> of A.</p>" in page


@pytest.mark.parametrize(
    "text",
    [
        "$a %s b$",
        r"\\(a %s\\)",
        r"\begin{align}%s\end{align}",
        "$$%s$ x",
        "$$a %s b$$ x",
        "$$\n%s\n$$",
    ],
)
def test_highlighted_code_stands_in_no_formula(tmp_path: Path, text: str) -> None:
    code = "{% highlight text %}q{% endhighlight %}"
    (tmp_path / "f.md").write_text(text % code)
    liquid = LiquidContext(includes=(tmp_path,))
    mistakes = Mistakes()
    html = render("{% include f.md %}", path=POST, liquid=liquid, mathematics=Mathematics(ALL),
                  mistakes=mistakes).html  # fmt: skip
    assert not re.search("wzxhzdk|[\x02\x03]", html)
    if mistakes.errors:
        message = "bad formula: highlighted code cannot stand in a formula; put it outside"
        assert message in str(mistakes.errors[0])
        assert text.count("$$") == 2
    else:
        assert ">q</code></pre></figure>" in html
