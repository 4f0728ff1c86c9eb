"""Blocks whose ends are looked up: the same as those that an expression finds, and in time."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground.mapped import MappedText
from escriba.ground.mistakes import Mistakes
from escriba.markup.kramdown import grammar
from escriba.markup.kramdown.blocks import block, lists, references, table
from escriba.markup.kramdown.parser import Definition
from escriba.markup.kramdown.source import Source
from escriba.markup.markdown import render
from support.growth import check_growth

POST = Path("posts/a.md")


def html(text: str) -> str:
    return render(text, path=POST, mistakes=Mistakes()).html


# ---- what the expressions were that took time with the square or the cube of a line or a text ----

OPT, WORD, ANY = r"[ ]{0,3}", r"\w[\w-]*", r"(?:\\\}|[^}])"
LINK = re.compile(
    rf"{OPT}\[([^\n\]]+)\]:[ \t]*(?:<(.*?)>|([^\n]*?\S[^\n]*?))"
    r"""(?:(?:[ \t]*\n|[ \t]+)[ \t]*(["'])(.+?)\4)?[ \t]*\n"""
)
EXTENSION = re.compile(
    rf"{OPT}\{{::(\w+)(?:\s({ANY}*?))?(/)?\}}[^\S\n]*\n"
    rf"(?(3)|(?P<body>(?:.*\n)*?){OPT}\{{:/(?:\1)?\}}[^\S\n]*\n)"
)
ATTRIBUTES = re.compile(rf"\{{:(?!:|/)({ANY}+)\}}[^\S\n]*\n")
OF_ITEM = re.compile(rf"\s*\{{:(?!(?:{WORD})?:|/)({ANY}+)\}}\s*")
RULE = re.compile(r"([+|: \t-]*?-[+|: \t-]*?)[ \t]*\n")
FOOT = re.compile(r"[+|: \t=]*?=[+|: \t=]*?[ \t]*\n")
CODE = re.compile(r"(<code.*?>.*?</code>|(?<!`)(`+)(?!`).*?(?<!`)\2(?!`))")
FENCED = re.compile(
    rf"{OPT}(?P<fence>(?P<mark>[`~])(?P=mark){{2,}}+)[^\S\n]*(?P<lang>[^\s`?]+)?[^\n`]*\n"
    rf"(?P<code>(?:.*\n)*?){OPT}(?P=fence)(?P=mark)*[^\S\n]*\n"
)
LINE = re.compile(rf"{OPT}([*_-])[ \t]*\1[ \t]*\1(?:\1|[ \t])*\n")


def texts(*pieces: str, size: int = 12) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=size).map("".join)


@given(texts(" ", "\t", "<", ">", '"', "'", "a", "\n", "\v", ' "', "' ", " '", "> ", '" \n'))
def test_link_definitions(text: str) -> None:
    text = f"[a]:{text}\n"
    match, source = LINK.match(text), Source(MappedText(text))
    expected: Any = None
    if match and not re.search(r"""[ \t]+["']""", match[3] or ""):
        expected = match[3] if match[2] is None else match[2], match[5]
    found = _define(source)
    assert found == expected
    assert match is None or expected is None or source.at == match.end()


def _define(source: Source) -> tuple[str, str | None] | None:
    class Parser:
        references: ClassVar[dict[str, Definition]] = {}

    class Frame:
        def note(self, kind: str) -> None:
            assert kind == "definition"

    parser: Any = Parser()
    frame: Any = Frame()
    if not references.parse_link(parser, source, frame):
        return None
    found: Definition = parser.references["a"]
    return found.url, found.title


@given(texts("{:", "{::a", "a", "}", "\n", " ", "/", "{:/", "{:/a}\n", "{:/}\n", "{::a}\n", ":"))
def test_extensions(text: str) -> None:
    match, source = EXTENSION.match(text), Source(MappedText(text))
    found = references._scan_extension(source)
    expected = match and (match[1], "" if match[3] else match["body"])
    assert (found and (found[0], found[1].text)) == expected
    assert source.at == (match.end() if match else 0)


@given(texts("{:", "a", "}", "\\}", "\\", "\n", " ", "/", ":", "{: a}\n"))
def test_attribute_lists(text: str) -> None:
    text += "\n"
    for old, new in ((ATTRIBUTES, re.compile(grammar.IAL)), (OF_ITEM, lists._ITEM_IAL)):
        match, found = old.match(text), new.match(text)
        assert (match and (match[0], match[1])) == (found and (found[0], found[1]))


@given(st.text("+|: \t-=x", max_size=8))
def test_rules_and_feet_of_tables(text: str) -> None:
    rule, foot = RULE.match(f"{text}\n"), FOOT.match(f"{text}\n")
    found = table._RULE.match(f"{text}\n")
    assert (rule and table._ALIGN.findall(rule[1])) == (found and table._ALIGN.findall(found[1]))
    assert bool(foot) == bool(table._FOOT.match(f"{text}\n"))


@given(st.text("*_- \tx", max_size=8))
def test_lines_of_marks(text: str) -> None:
    assert bool(LINE.match(f"{text}\n")) == bool(re.match(grammar.RULE, f"{text}\n"))


@given(texts("`", "``", "<code", "<code>", "</code>", ">", "x", "|", "\\", " ", size=16))
def test_code_in_rows_of_tables(text: str) -> None:
    assert list(table._find_codes(text)) == [match.span() for match in CODE.finditer(text)]
    assert table._without_code(text) == CODE.sub("", text)


@given(texts("```", "~~~", "`", "~", " ", "\n", "```\n", "````\n", "x", "    ", " ?a", size=16))
def test_fences(text: str) -> None:
    match, source = FENCED.match(f"{text}\n"), Source(MappedText(f"{text}\n"))
    opening = source.check(block._FENCED)
    closing = source.find_fence(opening.end(), opening["marks"]) if opening else None
    found = None
    if opening and closing is not None:
        found = opening["lang"], source.text[opening.end() : closing]
    assert found == (match and (match["lang"], match["code"]))


@given(st.text(" \tx", max_size=10))
def test_the_column_of_an_item_is_that_of_its_text(white: str) -> None:
    text = f"\t{white}x\n"
    column, at = 1, 0
    while text[at] in " \t":
        column += 4 - column % 4 if text[at] == "\t" else 1
        at += 1
    assert lists.read_first_line(MappedText("-"), MappedText(text)).width == column


# ---- bounds ----


def test_an_attribute_list_has_a_thousand_characters_at_most() -> None:
    short, long = "x" * 900, "x" * 1100
    assert html(f"a\n{{: .{short}}}") == f'<p class="{short}">a</p>'
    assert "<p class" not in html(f"a\n{{: .{long}}}")


def test_short_rows_of_a_wide_table_are_filled_up_to_a_bound() -> None:
    shown = html("|a" * 100 + "|\n" + "|b|\n" * 100)
    assert shown.count("<td>") == 100 * 101
    wide = html("|a" * 400 + "|\n" + "|b|\n" * 400)
    assert wide.count("<tr>") == 401
    assert wide.count("<td>") == 400 + 400 + 20_000


def test_a_line_in_a_wide_item_is_set_apart_by_few_spaces() -> None:
    text = "*" + " " * 5000 + "* b\n" + "1. a\n" * 2000
    assert len(html(text)) < len(text) + 2000 * 100


# ---- time ----


def repeat(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda size: before + unit * (size // len(unit)) + after


HOSTILE = {
    "link definition with spaces": repeat(" ", "[a]: b", "x y\n"),
    "link definitions with spaces": repeat("[a]: b" + " " * 100 + "c 'd\n"),
    "link definition with quotes": repeat(" 'a", "[a]: b", " x\n"),
    "link definition with angles": repeat("> ", "[a]: <b", "x\n"),
    "table foot": repeat("=", "|a\n|", "x\n"),
    "table rule": repeat("-", "|a\n|", "x\n"),
    "code rows": repeat("|<code\n"),
    "code row": repeat("<code>", "|", "\n"),
    "code row of tags": repeat("<code ", "|", ">>>\n"),
    "backticks in a row": lambda size: "|" + " ".join("`" * n for n in range(1, int((2 * size) ** 0.5))),
    "tables that are none": repeat("{:x: |}\n{:.a|}\n|a\n"),
    "fences unclosed in items": repeat("- ```\n"),
    "fences of tildes with a backtick": repeat("~~~ a`\n\n"),
    "fences of less marks each": lambda size: "\n".join("`" * n + "x" for n in range(int((2 * size) ** 0.5), 3, -1)),
    "comments unclosed": repeat("<!--\n\n"),
    "comments unclosed in HTML": repeat("<!--", "<div>"),
    "instructions unclosed": repeat("<?\n\n"),
    "extensions unclosed": repeat("{::nomarkdown}\n\n"),
    "attribute lists unclosed": repeat("{:\n\n"),
    "attribute definitions unclosed": repeat("{:a: \n"),
    "definitions apart": repeat("a\n: b\n\n^\n"),
    "one definition of many lines": repeat("c\n", "a\n: b\n"),
    "one item of many lines": repeat("b\n", "- a\n"),
    "a paragraph in pieces": repeat("# \n"),
    "an item's tabs": repeat("\t ", "- ", "x"),
    "an item's spaces": repeat(" ", "- {:.a}", "x"),
    "rules that are none": repeat("* ", "", "x"),
    "links in a heading, with contents": repeat("[a](b) ", "- t\n{:toc}\n\n# ", "\n"),
    "abbreviations": lambda size: "".join(f"*[w{n}]: b\n" for n in range(size // 24)) + "\nw1 w2",
    "definition lists with attributes": repeat("a\n{:.x}\n: b\n\n# h\n\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_in_proportion(name: str) -> None:
    """Four times the text takes about four times as long, where it once took 16 times or more."""
    check_growth(lambda size: partial(html, HOSTILE[name](size)), 8_000, 32_000)
