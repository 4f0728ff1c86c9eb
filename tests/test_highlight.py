"""Highlighted code: its markup, and whether everybody can read its colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from escriba.markup.html import highlight
from escriba.templating import passage
from escriba.templating.lexing import WINDOW
from support.growth import check_growth

CSS = Path(__file__).parents[1] / "templates" / "assets" / "page.css"
COLOURS = CSS.parents[1] / "code.css"


@pytest.mark.parametrize("language", ["python", "Python", "js", "c++", "bash", "yaml"])
def test_known_languages_have_spans(language: str) -> None:
    assert "<span" in (highlight.code("x = 1 # <a>\n", language) or "")


def test_plain_text_is_escaped_and_unknown_languages_are_left_to_the_caller() -> None:
    assert highlight.code("a < b & c\n", "plaintext") == "a &lt; b &amp; c\n"
    assert highlight.code("a", "nosuchlanguage") is None
    assert highlight.figure("\na < b\n", "nosuchlanguage") == (
        '<figure class="highlight"><pre><code class="language-nosuchlanguage" '
        'data-lang="nosuchlanguage">a &lt; b</code></pre></figure>'
    )


@pytest.mark.parametrize(
    "code",
    ["x = 1\n" * 10_000, "x = '" + "a" * 2000 + "'", "x\n" + "\n" * 200 + "y\n", "x" + " \n" * 100],
)
def test_code_that_nobody_would_read_has_no_colours(code: str) -> None:
    # Lexers of Pygments take time that grows with the square of a line, a gap or the whole.
    for language in ("python", "c", "rust"):
        assert highlight.code(code, language) == code
    assert passage.tokens("p", code, "c") == passage.cut("p", code)


def test_heredocs_that_are_looked_for_again_and_again_have_no_colours() -> None:
    assert highlight.code("a = <<E\n" * 21, "terraform") == "a = &lt;&lt;E\n" * 21
    assert "<span" in (highlight.code("a = <<E\nb\nE\n" * 20, "terraform") or "")
    assert "<span" in (highlight.code("std::cout << 1;\n" * 100, "cpp") or "")


def test_long_code_that_people_read_has_colours() -> None:
    code = ("\n" * 150 + "x = " + "'a' " * 400 + "\n") * 20
    assert highlight.code(code, "python") != code
    assert len(passage.tokens("p", code, "python")) > 100


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("java", "a\n"), ("csharp", "a(\n"), ("csharp", "a b\n"), ("xpp", "a\n"), ("systemd", "- \n"),
        ("zeek", "1" * 19 + "x\n"), ("zeek", "1" * 400 + "x\n"), ("mcfunction", "0" * 19 + "ß\n"),
        ("css", "/*x\n"), ("html", "<?x\n"), ("thrift", "$" * 50 + "\n"), ("html+php", "<?php /*\n"),
        ("javascript", "/*x\n"), ("crystal", "<<-A\n"), ("python", "\"\"\"'\n"), ("erb", "<% a\n"),
    ],
)  # fmt: skip
def test_the_time_grows_with_the_code(language: str, line: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        return partial(highlight.code, (line * size)[:size], language)

    check_growth(prepare, 6000, 24_000)


def test_a_lexer_that_never_ends_gives_no_colours() -> None:
    assert highlight.code("<!--\nab", "mcschema") == "&lt;!--\nab"


def test_what_a_lexer_looks_ahead_for_is_near() -> None:
    code = "x = 1\n" * 900
    assert len(code) > WINDOW
    assert (highlight.code(code, "python") or "").count("<span") == 3 * 900
    comment = "/* " + "a a a\n" * 300 + "*/\n"
    shown = highlight.code("int a;\n" * 400 + comment, "c") or ""
    assert shown.count('class="cm"') == 301


def test_colours_have_enough_contrast_with_the_grounds_of_the_theme() -> None:
    light, dark = COLOURS.read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    grounds = re.findall(r"--(?:paper|raised): (#[0-9a-f]{6})", CSS.read_text("utf-8"))
    assert len(grounds) == 4  # two in the light theme, then two in the dark one
    for colours, behind in ((light, grounds[:2]), (dark, grounds[2:])):
        found = re.findall(r"color: (#[0-9a-f]{6})", colours)
        assert len(found) > 8
        for colour in found:
            for ground in behind:
                assert contrast(colour, ground) >= 4.5, (colour, ground)


def test_every_class_that_pygments_writes_for_python_has_a_colour_or_is_plain() -> None:
    html = highlight.code('@d\ndef f(x: int = 0x1F) -> str:\n    """Doc."""\n    # c\n', "python")
    used = set(re.findall(r'class="(\w+)"', html or ""))
    styled = set(re.findall(r"\.highlight \.(\w+)", COLOURS.read_text("utf-8")))
    assert used - styled <= {"n", "p", "o", "w"}


def contrast(first: str, second: str) -> float:
    """The ratio of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_quotes_are_the_same_with_every_version_of_pygments() -> None:
    html = highlight.code("x = \"a\" + 'b' # &quot; &#39;\n", "python")
    assert html is not None
    assert html.count('"a"') == html.count("'b'") == 1
    assert "&amp;quot; &amp;#39;" in html
