"""What the lines around a fence say about it, against the plain search from every line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from escriba.article.source import lines as module
from escriba.article.source.lines import Lines, count_columns, strip

TAB = module.TAB
pieces = st.sampled_from(
    ["```", "~~~", "````", "> ", ">", "- ", "1. ", "    ", "  ", "\t", "x", " ", "\n", "\n", "\n\n",
     ": ", "!!! a", "-->", "\n> ```\n", "\n    ```\n"]
)  # fmt: skip
texts = st.lists(pieces, max_size=24).map(lambda found: "".join(found).split("\n"))


def unquoted(line: str, quotes: int) -> str:
    at = strip(line, quotes, 0)
    return "" if at is None else line[at:]


def search_code(lines: Sequence[str], index: int, quotes: int, own: int) -> bool:
    indent = own
    for above in range(index - 1, -1, -1):
        if indent < TAB:
            return False
        rest = unquoted(lines[above], quotes)
        width = count_columns(rest[: len(rest) - len(rest.lstrip())])
        if not rest.strip() or width >= indent:
            continue
        if module._CONTAINER.match(rest.lstrip()):
            return own >= width + 2 * TAB
        if above and unquoted(lines[above - 1], quotes).strip():
            continue  # a lazy line
        if width < TAB:
            return True
        indent = width
    return indent >= TAB


def search_closing(
    lines: Sequence[str], first: int, quotes: int, indent: int, marks: str
) -> int | None:
    closing = re.compile(rf"[ \t]{{0,3}}{marks[0]}{{{len(marks)},}}[ \t]*$")
    for index in range(first + 1, len(lines)):
        width = strip(lines[index], quotes, indent)
        if width is None:
            return None
        if closing.match(lines[index], width):
            return index
    return None


@given(texts, st.integers(0, 3), st.integers(0, 14))
def test_what_is_code(lines: list[str], quotes: int, indent: int) -> None:
    text = Lines(lines)
    for index in range(len(lines)):
        expected = indent >= TAB and search_code(lines, index, quotes, indent)
        assert text.is_code(index, quotes, indent) == expected


@given(texts, st.integers(0, 9), st.sampled_from(["```", "````", "~~~"]))
def test_what_closes_a_fence(lines: list[str], indent: int, marks: str) -> None:
    text = Lines(lines)
    for index, line in enumerate(lines):
        quotes = module.count_quotes(line)
        expected = search_closing(lines, index, quotes, indent, marks)
        assert text.find_closing(index, quotes, indent, marks) == expected


@given(texts)
def test_where_a_comment_ends(lines: list[str]) -> None:
    text = Lines(lines)
    for index in range(len(lines)):
        ends = [at for at in range(index, len(lines)) if "-->" in lines[at]]
        assert text.skip_comment(index) == (ends[0] if ends else index) + 1
