"""Where fences are found, and what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.article.source.fences import Fence, find, scan
from escriba.ground.errors import Place, Problem, SourceError

START = Place(Path("a.md"), 10)


def found(text: str) -> list[Fence]:
    return list(find(text.split("\n"), START))


@pytest.mark.parametrize(
    ("text", "line", "column", "body"),
    [
        ("```escriba sample\na: 1\n```", 10, 1, "a: 1"),
        ("~~~escriba sample\na: 1\n~~~", 10, 1, "a: 1"),
        ("``` escriba  sample \na: 1\n``` ", 10, 1, "a: 1"),
        ("`````escriba sample\n```\na: 1\n``````", 10, 1, "```\na: 1"),
        ("~~~escriba sample\n```\n~~~", 10, 1, "```"),
        ("text\n```escriba sample\na: 1\n\nb: 2\n```\ntext", 11, 1, "a: 1\n\nb: 2"),
        ("   ```escriba sample\n   a:\n     b: 1\n   ```", 10, 4, "a:\n  b: 1"),
        ("- item\n\n  ```escriba sample\n  a: 1\n  ```", 12, 3, "a: 1"),
        ("1. item\n\n    ```escriba sample\n    a: 1\n    ```", 12, 5, "a: 1"),
        ("- one\n    - two\n\n        ```escriba sample\n        a: 1\n        ```", 13, 9, "a: 1"),
        ("- item\ngoes on lazily\n\n    ```escriba sample\n    a: 1\n    ```", 13, 5, "a: 1"),
        ("[^1]: note\n\n    ```escriba sample\n    a: 1\n    ```", 12, 5, "a: 1"),
        ("!!! note\n    ```escriba sample\n    a: 1\n    ```", 11, 5, "a: 1"),
        ("- ```escriba sample\n  a: 1\n  ```", 10, 3, "a: 1"),
        ("- item\n\n\t```escriba sample\n\ta: 1\n\t```", 12, 2, "a: 1"),
        ("> ```escriba sample\n> a: 1\n>\n> b: 2\n> ```", 10, 3, "a: 1\n\nb: 2"),
        ("> > ```escriba sample\n> > a: 1\n>> b: 2\n> > ```", 10, 5, "a: 1\nb: 2"),
        ("```escriba sample\n    ```\n```", 10, 1, "    ```"),
        ("<!-- never ended\n\n```escriba sample\na: 1\n```", 12, 1, "a: 1"),
        ("```never closed\n\n~~~escriba sample\na: 1\n~~~", 12, 1, "a: 1"),
    ],
)
def test_fence_is_found(text: str, line: int, column: int, body: str) -> None:
    (fence,) = found(text)
    assert (fence.place, fence.body, fence.kind, fence.closed) == (
        Place(Path("a.md"), line, column),
        body,
        "sample",
        True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "- item\n\n        ```escriba sample\n        a: 1\n        ```",
        "1.  item\n\n    more\n\n        ```escriba sample\n        a: 1\n        ```",
        "- a\n    - b\n\n            ```escriba sample\n            a: 1\n            ```",
        "!!! note\n\n    text\n\n        ```escriba sample\n        a: 1\n        ```",
        "```python\nescriba sample\n```",
        "````markdown\n```escriba sample\na: 1\n```\n````",
        "~~~\n```escriba sample\na: 1\n```\n~~~",
        "> ~~~\n> ```escriba sample\n> ```\n> ~~~",
        "text\n\n    ```escriba sample\n    a: 1\n    ```",
        "- item\n\ntext\n\n    ```escriba sample\n    a: 1\n    ```",
        "<!--\n```escriba sample\na: 1\n```\n-->",
        "```escribano sample\n```",
        "``escriba sample``",
        "```escriba sample``` is code in a line",
        "",
    ],
)
def test_what_is_not_a_fence(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "body", "end"),
    [
        ("```escriba sample\na: 1", "a: 1", 2),
        ("```escriba sample", "", 1),
        ("```escriba sample\na: 1\n\ntext", "a: 1", 2),
        ("````escriba sample\na: 1\n```", "a: 1\n```", 3),
        ("> ```escriba sample\n> a: 1\ntext\n```", "a: 1", 2),
    ],
)
def test_unclosed_fence(text: str, body: str, end: int) -> None:
    (fence,) = found(text)
    assert (fence.closed, fence.body, fence.end) == (False, body, end)


def test_unclosed_fence_does_not_swallow_the_next() -> None:
    first, second = found("```escriba sample\na: 1\n\ntext\n\n```escriba sample\nb: 2\n```")
    assert (first.closed, first.body) == (False, "a: 1")
    assert (second.closed, second.body, second.place.line) == (True, "b: 2", 15)


def test_columns_are_those_of_the_file() -> None:
    (fence,) = found("- item\n\n  > ```escriba sample\n  > a: 1\n  >b: 2\n  > ```")
    problems = [Problem(str(i), Place(Path("a.md"), 12 + i, 4)) for i in range(4)]
    elsewhere = Problem("other", Place(Path("b.md"), 13, 4))
    error = fence.relocate(SourceError([*problems, elsewhere]))
    assert type(error) is SourceError
    assert [str(p) for p in error.problems] == [
        "a.md:12:4: 0",
        "a.md:13:8: 1",
        "a.md:14:7: 2",
        "a.md:15:4: 3",
        "b.md:13:4: other",
    ]


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("```escriba sample\na: 1\n```", ["", "WORD", ""]),
        ("  > ```escriba sample\n  > ```", ["  >", "  > WORD"]),
        ("- ```escriba sample\n  a: 1\n  ```", ["- WORD", "", ""]),
        ("```escriba sample", ["WORD"]),
    ],
)
def test_replacement_keeps_the_number_of_lines(text: str, replaced: list[str]) -> None:
    (fence,) = found(text)
    assert fence.replacement("WORD") == replaced


pieces = st.sampled_from(
    ["```", "~~~", "````", "```escriba sample", "~~~escriba x", "> ", "- ", "    ", "\t", "a: 1",
     "<!--", "-->", "\n", "\n\n", " ", "1. "]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join))
def test_any_text_is_scanned(text: str) -> None:
    lines = text.split("\n")
    end = 0
    for fence in scan(lines, START):
        assert end <= fence.first < fence.end <= len(lines)
        end = fence.end
        assert fence.body.count("\n") == max(0, len(fence.widths) - 1)
        assert len(fence.replacement("WORD")) == fence.end - fence.first
