"""What stands within a line: what it becomes, and that it is read in time proportional to it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from escriba.ground.mapped import MappedText
from escriba.markup.html.tree import Formula, Node
from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.blocks.block import OF_LETTERS, PARSERS
from escriba.markup.kramdown.document.read import read as read_document
from escriba.markup.kramdown.notes import Notes
from escriba.markup.kramdown.parser import Definition, Hooks, KramdownParser
from escriba.markup.kramdown.spans.abbreviations import LONGEST, Abbreviations
from escriba.markup.kramdown.spans.reader import DEEPEST, Reader
from escriba.markup.kramdown.spans.stage import Spans
from escriba.markup.markdown import render
from support.growth import check_growth
from support.html_tree import outline

POST = Path("posts/a.md")
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
DEFINED = '\n\n[r]: /ref "T"\n\n[^1]: note\n\n*[HTML]: Hyper\n\n{:z: .c}\n'


def read(text: str) -> str:
    return render(text + DEFINED, path=POST).html.partition('\n<div class="footnotes"')[0]


# -- time

UNITS = (
    "[", "![", "]", "[a", "[a](", "[a]((", "[a](<", "[a](b 'c ", "![a](", "[a][", "[a] ", "[<b>", "[a](b) ", "](",
    "*", "_", "*a ", "*a_b", "**a*", "*a **b __c _d ", "*a_a**a__a", "*a _b **c __d ", "a* b** c_ ", "*a* ", "***a ",
    "*a `x*` ", "*a [b](u) ", "*a <b>x</b> ", "*[a_b](**c", "*a![b](c)", "a_b", "a-_b", "{:", "{: a", "{: .c}",
    "*a*{: .c}", "*a*{:", "{::comment ", "{::comment}", "{::nomarkdown}x{:/", "<!--", "<!-- a -->", "`", "`a``b",
    "` a`` ", "`a` ", "$$", "$$a", "$$a$$ ", "$", "<", "<<", "<a", "<a>", "<a ", "<a b='", "<a b=\"' c='\" ",
    " b=' <a", "<b>a</b> ", "</b>", "<i><b></i>", "<br>", "<http:a", "<http://a.b> ", "<a@b", "<a@b>", "<?",
    "~~", "~~a ", "~~a~", "[^1]", "[^x]", "[^", "\\", "\\*", "\\\\\n", "a\\\n", "\"", "'\"", "a\" ", "&", "&a",
    "&amp;", "-", "--- ", ".", "... ", "  \n", "HTML ", "(", "a.b@c.d", "{", "\ufdd0", "<kbd>", "![<b>", "[a][r] ",
)  # fmt: skip
NESTED = (
    ("[", "]"), ("[", "](u)"), ("![", "](u)"), ("![", "]"), ("[a](", ")"), ("<b>", "</b>"), ("<b>x", "</b>"),
    ("*a _b ", " c_ d*"), ("*a ", "`x*`"), ("*a **b _c __d ", "`*_**__`"), ("~~a ", "b~~"), ("(", ")"),
    ("<b", ">"), ("[<b>", "</b>](u)"), ("*a <b>", "</b> c*"), ("\"'", "'\""), ("`` a ", "` b "),
)  # fmt: skip


def count_steps(text: str) -> int:
    """How many functions are called to read a text: what does not depend on the machine."""
    parser = KramdownParser(Hooks(), PARSERS, OF_LETTERS)
    parser.footnotes["1"] = Node("li")
    parser.abbreviations["HTML"] = "Hyper"
    parser.references["r"] = Definition("/ref", "T", 0)
    spans = Spans(parser, Notes(parser))
    root = Node("", None, [Node("p", source=MappedText(text))])
    steps = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        spans.run(root)
    finally:
        sys.setprofile(None)
    return steps


@pytest.mark.parametrize("unit", UNITS)
def test_steps_grow_with_the_size(unit: str) -> None:
    small, large = (count_steps("p " + unit * (size // len(unit))) for size in (600, 2400))
    assert large < 4.5 * small + 100


@pytest.mark.parametrize(("opening", "closing"), NESTED)
def test_steps_grow_with_the_depth(opening: str, closing: str) -> None:
    depths = (80, 320)  # both above what may be nested
    small, large = (count_steps("p " + opening * n + closing * n) for n in depths)
    assert large < 4.5 * small + 100


@pytest.mark.parametrize(
    "text",
    [
        "*a*{:" + ' a="x' * 1500 + "}", "*a*{:" + ' a="\\' * 1500 + "}", "*a*{: " + ".a" * 4000 + "}",
        "*a*{: " + "z " * 4000 + "}", "*a*" + "{: .x}" * 1500, "*a*" + "{: z .x}" * 1000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_attribute_lists_are_read_at_once(text: str) -> None:
    assert count_steps(text) < 40 * len(text)


@pytest.mark.parametrize(
    "unit",
    [
        "[", "![", "*a_a**a__a", "*a **b __c _d ", "{:", "<!--", "<a>", "<i><b></i>", "$$a$$ ", "<!-- a --> ", "`a` ",
        "\"a\" ", "<br>", "[^1] ", 'The *network* reads `one` [letter](/u) after **another**, "says" $$x$$ -- and *more*, ',
    ],
    ids=lambda unit: unit[:14],
)  # fmt: skip
def test_one_long_text_takes_as_long_as_many_short_ones(unit: str) -> None:
    def prepare(times: int) -> Callable[[], object]:
        return partial(render, "p " + unit * times + "\n\n[^1]: x\n", path=POST)

    times = 640 // len(unit) + 1
    check_growth(prepare, times, 12 * times)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000, "![" * 10_000 + "](u)" * 10_000, "*" * 10_000, "*a_" * 10_000, "<b>" * 10_000,
        "<b>" * 10_000 + "</b>" * 10_000, "<b><i>" * 5000 + "</i></b>" * 5000, "[<b>" * 5000 + "</b>](u)" * 5000,
        "<kbd>" * 10_000 + "</kbd>" * 10_000, "~~a" * 10_000, "*a **b ![c <b>d " * 2500 + "</b>](u)** *" * 2500,
    ],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_nothing_is_too_deep(text: str) -> None:
    html = read("p " + text)
    depth = deepest = 0
    for tag in re.findall(r"</?\w+[^<>]*>", html):
        if not tag.startswith(("<img", "<br")):
            depth += -1 if tag.startswith("</") else 1
            deepest = max(deepest, depth)
    assert depth == 0
    assert deepest <= 2 * DEEPEST


def test_what_is_too_deep_is_text() -> None:
    html = read("<b>" * 60 + "x" + "</b>" * 60)
    assert (
        html
        == "<p>" + "<b>" * 40 + "&lt;b&gt;" * 20 + "x" + "</b>" * 40 + "&lt;/b&gt;" * 20 + "</p>"
    )


def test_many_pieces_are_put_in_again() -> None:
    text = "$$a$$ <!-- b --> `c` {::nomarkdown}<i>d</i>{:/} " * 5000
    html = render(text, path=POST).html
    assert html.count("<math") == html.count("<!-- b -->") == html.count("<i>d</i>") == 5000
    assert html.count("<code") == 5000


# -- what definitions may add


def test_a_long_address_is_not_multiplied_without_a_bound() -> None:
    html = render("[r] " * 5000 + "\n\n[r]: /" + "u" * 20_000, path=POST).html
    assert html.startswith('<p><a href="/uuu')
    assert html.endswith("[r] [r]</p>")  # what is too much stays as it is written
    assert len(html) < 2_000_000


def test_a_long_meaning_is_not_multiplied_without_a_bound() -> None:
    html = render("HTML " * 5000 + "\n\n*[HTML]: " + "u" * 20_000, path=POST).html
    assert html.startswith('<p><abbr title="uuu')
    assert html.endswith("HTML HTML</p>")
    assert len(html) < 2_000_000


def test_a_long_list_is_not_multiplied_without_a_bound() -> None:
    html = render("*a*{:l} " * 5000 + '\n\n{:l: title="' + "u" * 900 + '"}', path=POST).html
    assert html.startswith('<p><em title="uuu')
    assert html.endswith("<em>a</em></p>")
    assert len(html) < 500_000


def test_ordinary_definitions_are_used_as_often_as_one_likes() -> None:
    text = "[a][r] HTML *b*{:l} " * 5000
    defined = "\n\n[r]: https://example.org/an/address/of/some/length 'T'\n\n*[HTML]: Hypertext\n"
    html = render(text + defined + "\n{:l: .a .b title='c'}", path=POST).html
    assert html.count("<a ") == html.count("<abbr") == html.count("<em class=") == 5000


# -- structure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # whether an address is one is not asked here
        ("[a](http://[x]/)", '<a href="http://[x]/">a</a>'),
        ("![a](http://[)", '<img alt="a" src="http://[" />'),
        # a formula in what describes an image is its TeX
        ("![curve of $$y$$](/c.png)", '<img alt="curve of $$y$$" src="/c.png" />'),
        # code in HTML is left alone
        ("a <code>$$c$$</code>", "a <code>$$c$$</code>"),
        # a comment with brackets in the text of a link
        ("[a <!-- ] --> b](/c)", '<a href="/c">a <!-- ] --> b</a>'),
        # HTML that is none of kramdown's elements is no Markdown within
        ("<mark>*a*</mark> <s>_b_</s>", "<mark>*a*</mark> <s>_b_</s>"),
        ("<b>*a*</b> <small>_b_</small>", "<b><em>a</em></b> <small><em>b</em></small>"),
        ("a <svg viewBox='0 0 1 1'></svg>", 'a <svg viewBox="0 0 1 1"></svg>'),
        ('<b title="&amp;lt;">x</b>', '<b title="&amp;lt;">x</b>'),
        # quotes beside elements
        ('"[a](/b)"', '“<a href="/b">a</a>”'),
        ('a "<b>c</b>"', "a “<b>c</b>”"),
        # white space and letters
        ("*\xa0a*", "<em>\xa0a</em>"),
        ("ñ_a_ a_ñ_ _ñ_", "ñ_a_ a_ñ_ <em>ñ</em>"),
        # lists of attributes
        ('"a"{: .b} *c*{: .d}{: #e}', '“a” <em class="d" id="e">c</em>'),
        ("*a*{: .b}{: z}", '<em class="b c">a</em>'),
        ("*a*{: z unknown .b}", '<em class="c b">a</em>'),
        ('[^1]{: .c role="x"}', '<sup id="fnref:1" role="doc-noteref"><a class="footnote" '
         'href="#fn:1" rel="footnote">1</a></sup>'),
        # what is unknown
        ("&nope; &check; &amp; &#65;", "&amp;nope; &check; &amp; &#65;"),
        ("{::foo}a{:/foo} {:/} {::comment}", "{::foo}a{:/foo} {:/} {::comment}"),
        ("<nope *a*", "&lt;nope <em>a</em>"),
        ("[^none] [none] [a][none]", "[^none] [none] [a][none]"),
        # addresses
        ("[\\r][] [\\*][] [\\r] [a][\\r]", "[\\r][] [*][] [\\r] [a][\\r]"),
        ("[a](/b\\_c)", '<a href="/b\\_c">a</a>'),
        ("[a]( /b  'c' ) [a](<b c>) [a]()", '<a href="/b" title="c">a</a> <a href="b c">a</a> <a href="">a</a>'),
        ("[a](/b 'c \"d\" e')", '<a href="/b" title="c &quot;d&quot; e">a</a>'),
        # one within the other
        ("~~a *b~~ c*", "<del>a *b</del> c*"),
        ("*a ~~*b*~~ c*", "<em>a <del><em>b</em></del> c</em>"),
        ("[a [b](/c) d](/e)", '<a href="/e">a [b](/c) d</a>'),
        ("[![a](/b)](/c)", '<a href="/c"><img alt="a" src="/b" /></a>'),
        ("`` ` `` ``` `` ```", '<code class="language-plaintext highlighter-rouge">`</code> '
         '<code class="language-plaintext highlighter-rouge">``</code>'),
    ],
)  # fmt: skip
def test_a_line_becomes(text: str, expected: str) -> None:
    assert read(text) == f"<p>{expected}</p>"


def test_a_formula_takes_attributes() -> None:
    assert read("$$x$$ $$y$$").startswith("<p><math><semantics>")
    assert read("a $$x$$").startswith("<p>a <math>")
    assert re.match('<p>a <math (class="c"|id="d"| )+><semantics>', read("a $$x$${: .c #d}"))
    assert "\n" not in read("- a $$x$$").partition("<li>")[2].partition("</li>")[0]


@pytest.mark.parametrize("line", ["a\\", "a  ", "a\\\\"])
def test_the_end_of_a_text_is_no_broken_line(line: str) -> None:
    assert "<br" not in read(f"- {line}\n  - b")
    assert "<br" not in read(line)
    assert "a<br />\nb" in read(f"{line}\nb")


def test_formulas_are_read_in_the_order_of_the_text() -> None:
    text = "- $$a$$ *$$b$$ $$c$$*\n  - $$d$$ ~~$$e$$~~\n\n$$f$$ [$$g$$](/x) *unclosed $$h$$\n\n- i $$i$$\n"
    formulas = [
        each
        for each in read_document(MappedText(text), Hooks()).root.all()
        if isinstance(each, Formula)
    ]
    assert [each.tex for each in formulas] == list("abcdefghi")
    assert [text[each.at] for each in formulas] == list("abcdefghi")


# -- footnotes


def test_the_marks_of_footnotes_are_those_that_are_read() -> None:
    html = render(
        '<sup id="fnref:1" role="doc-noteref">x</sup> [^1] <sup id="fnref:no" role="doc-noteref">y</sup>'
        "\n\n[^1]: note\n",
        path=POST,
    ).html
    assert '<sup id="fnref:no" role="doc-noteref">y</sup>' in html
    assert html.count('<li id="fn:1"') == 1


def test_a_block_of_the_author_is_not_that_of_the_footnotes() -> None:
    html = render(
        '<div class="footnotes" markdown="1">\nmine\n</div>\n\na[^1]\n\n[^1]: note\n', path=POST
    ).html
    assert html.index("mine") < html.index("a<sup") < html.index('<li id="fn:1"')


def test_many_footnotes_are_numbered_in_time() -> None:
    count = 2000
    text = "".join(f"[^{n}] " for n in range(count))
    text += "\n\n" + "".join(f"[^{n}]: x\n\n" for n in range(count))
    html = render(text, path=POST).html
    assert f'href="#fn:{count - 1}" rel="footnote">{count}</a>' in html


# -- attributes and abbreviations


@pytest.mark.parametrize(
    ("text", "values", "references"),
    [
        (" a=\"b\" c='d'", {"a": "b", "c": "d"}, []),
        (' a="b"c" d="e\\"f" g="h\\}"', {"a": 'b"c', "d": 'e"f', "g": "h}"}, []),
        (' a="b', {}, []),
        (' a="b\\"', {"a": "b\\"}, []),
        (' a="" b', {"a": ""}, ["b"]),
        (".a.b #c.d x y-z", {"class": "a b d", "id": "c"}, ["x", "y-z"]),
        (" =a .b", {"class": "b"}, []),
        (' .a class="b" .c', {"class": "b c"}, []),
    ],
)
def test_a_list_of_attributes(text: str, values: dict[str, str], references: list[str]) -> None:
    attributes = Attributes().read(text)
    assert (attributes.values, attributes.references) == (values, references)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HTML, HTML5 and XHTML; HTMLs", ["HTML"]),
        ("C++ and C+ and C++11", ["C++"]),
        ("HTML 5 HTML 6", ["HTML 5", "HTML"]),
        ("A.B.C and A.B. C", ["A.B."]),
        ("PIÑA, ñPI, PI", ["PI"]),  # letters with accents are letters
    ],
)
def test_abbreviations(text: str, found: list[str]) -> None:
    words = Abbreviations(dict.fromkeys(["HTML", "HTML 5", "C++", "A.B.", "PI"], "x"))
    assert [text[start:end] for start, end in words.find(text)] == found


def test_an_abbreviation_is_short() -> None:
    assert list(Abbreviations({"a" * LONGEST: "x"}).find("a" * LONGEST))
    assert not list(Abbreviations({"a" * (LONGEST + 1): "x"}).find("a" * (LONGEST + 1)))


# -- positions


def test_parts_know_where_they_stand() -> None:
    text = "a *b `c`* [d](e) $$f$$"
    parts = [
        (type(node).__name__, text[start:end])
        for node, start, end in Reader(text, (), {}).parts(0, len(text))
    ]
    assert parts == [("Span", "*b `c`*"), ("Link", "[d](e)"), ("Formula", "$$f$$")]


# -- kramdown itself


@pytest.fixture
def random_spans() -> Callable[..., str]:
    if shutil.which("jekyll") is None:
        pytest.skip("jekyll is not installed")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, BENCHMARKS / "random_spans.py", *arguments],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize("marks", [6, 14, 40])
def test_random_marks_are_read_as_kramdown_reads_them(
    random_spans: Callable[..., str], marks: int
) -> None:
    said = random_spans("--texts", "300", "--seed", "7", "--marks", str(marks))
    assert said == "300 texts; 0 differ\n"


def test_the_same_structure_however_a_line_is_divided() -> None:
    words = 'The *network* reads `one` [letter](/u) "after" **another** -- $$x$$. '
    one = outline(read(words * 40))
    assert one.count("<em>") == one.count("<code") == one.count("<a ") == 40
