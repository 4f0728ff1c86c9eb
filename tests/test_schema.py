"""YAML to dataclasses: every mistake at once, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from escriba.ground import files, schema
from escriba.ground.errors import Place, SourceError, find_typo
from escriba.ground.schema import Mistake, Range, Unlike, Words, raise_all

START = Place(Path("a.yml"), 10)


@dataclass(frozen=True)
class Inner:
    size: int = 1


@dataclass(frozen=True)
class Outer:
    name: str
    count: Annotated[int, Range(1, 5)] = 1
    share: Annotated[Decimal, Range(0, 1)] | None = None
    kind: Literal["red", "blue"] = "red"
    flag: bool = False
    words: Annotated[tuple[str, ...], Words()] = ()
    items: tuple[int, ...] = ()
    inner: Inner = field(default_factory=Inner)
    inners: tuple[Inner, ...] = ()
    when: datetime | None = None
    two_words: str = ""

    def __post_init__(self) -> None:
        if self.name == "forbidden":
            raise Mistake("'name' must not be forbidden")


def test_a_whole_document() -> None:
    text = """
name: 2020
count: 5
share: 0.10
kind: blue
flag: yes
words: deep learning
items: [1, 2]
inner: {size: 3}
inners: [{size: 4}, {}]
when: 2020-10-01 23:30:34 -0600
two-words: x
"""
    assert schema.read(Outer, text, START) == Outer(
        "2020", 5, Decimal("0.10"), "blue", True, ("deep", "learning"), (1, 2), Inner(3),
        (Inner(4), Inner(1)),
        datetime(2020, 10, 1, 23, 30, 34, tzinfo=timezone(timedelta(hours=-6))), "x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["a.yml:10: 'name' is missing"]),
        ("- a", ["a.yml:10:1: expected 'key: value' lines, found a list"]),
        ("name: a\nnmae: b", ["a.yml:11:1: unknown key 'nmae' (did you mean 'name'?)"]),
        (
            "name: a\nzzz: b",
            [
                "a.yml:11:1: unknown key 'zzz' (allowed: count, flag, inner, inners, items, kind, "
                "name, share, two-words, when, words)"
            ],
        ),
        (
            "name: [a]\ncount: 6\nkind: green\nflag: maybe\nitems: 3\ninner: {sise: 2}",
            [
                "a.yml:10:7: 'name' must be text, not a list",
                "a.yml:11:8: 'count' must be from 1 to 5, not '6'",
                "a.yml:12:7: 'kind' must be one of red, blue, not 'green'",
                "a.yml:13:7: 'flag' must be true or false, not 'maybe'",
                "a.yml:14:8: 'items' must be a list, not '3'",
                "a.yml:15:9: unknown key 'sise' (did you mean 'size'?)",
            ],
        ),
        ("name: a\nshare: .nan", ["a.yml:11:8: 'share' must be a number, not '.nan'"]),
        ("name: a\nshare: 2", ["a.yml:11:8: 'share' must be from 0 to 1, not '2'"]),
        (
            "name: a\nwhen: tomorrow",
            [
                "a.yml:11:7: 'when' must be a date such as 2020-10-01 or "
                "2020-10-01 23:30:34 -0600, not 'tomorrow'"
            ],
        ),
        ("name: a\nname: b", ["a.yml:11:1: 'name' is given twice (first in line 10)"]),
        ("name: forbidden", ["a.yml:10:1: 'name' must not be forbidden"]),
        ("name:", ["a.yml:10:6: 'name' must be text, not nothing"]),
        (
            "name: 'a",
            ["a.yml:10:9: broken YAML: found unexpected end of stream"],
        ),
    ],
)
def test_mistakes(text: str, messages: list[str]) -> None:
    with pytest.raises(SourceError) as caught:
        schema.read(Outer, text, START)
    assert [str(problem) for problem in caught.value.problems] == messages


def test_extra_takes_the_unknown_keys() -> None:
    @dataclass(frozen=True)
    class Open:
        name: str = ""
        extra: dict[str, Any] = field(default_factory=dict)

    globals()["Open"] = Open
    found = schema.read(Open, "layout: post\npin: true\nn: 3\nl: [1, a, null]", START)
    assert found.extra == {"layout": "post", "pin": True, "n": 3, "l": [1, "a", None]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-10-01", datetime(2020, 10, 1)),
        ("2020-1-1 7:05", datetime(2020, 1, 1, 7, 5)),
        ("2020-10-01T23:30:34Z", datetime(2020, 10, 1, 23, 30, 34, tzinfo=UTC)),
        (
            "2020-10-01 23:30:34 +05:30",
            datetime(2020, 10, 1, 23, 30, 34, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
        (
            "2020-10-01 23:30 -0330",
            datetime(2020, 10, 1, 23, 30, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ),
    ],
)
def test_dates_keep_the_authors_offset(text: str, expected: datetime) -> None:
    found = schema.parse_datetime(text)
    assert (found, found.utcoffset()) == (expected, expected.utcoffset())


@pytest.mark.parametrize(
    "text", ["", "2020", "2020-13-01", "2020-02-30", "01/02/2020", "2020-10-01x"]
)
def test_wrong_dates(text: str) -> None:
    with pytest.raises(ValueError):
        schema.parse_datetime(text)


def test_a_file_that_is_not_utf8_is_located(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"uno\ndos " + b"\xf1 tres")
    with pytest.raises(SourceError) as caught:
        files.read_text(path, Path("a.md"))
    assert str(caught.value) == (
        "a.md:2:5: not UTF-8: the byte 0xf1 is not part of any character; save the file as UTF-8"
    )


def test_bom_and_line_ends_are_normalised(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbfuno\r\ndos\rtres\n")
    assert files.read_text(path) == "uno\ndos\ntres\n"


@dataclass(frozen=True)
class Checked:
    low: int = 0
    high: int = 8
    name: str = ""
    extra: Annotated[Mapping[str, Any], Unlike()] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = [
            Mistake(f"'{key}' is odd", key) for key in ("low", "high") if getattr(self, key) % 2
        ]
        if self.low > self.high:
            faults.append(Mistake("'low' is above 'high'"))
        raise_all(faults)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("low: 1\nhigh: 3", ["10:6: 'low' is odd", "11:7: 'high' is odd"]),
        ("low: 4\nhigh: 2", ["10:1: 'low' is above 'high'"]),
        ("low: 5\nhigh: 2", ["10:1: 'low' is above 'high'", "10:6: 'low' is odd"]),
        ("low: a\nhigh: 3", ["10:6: 'low' must be a whole number, not 'a'", "11:7: 'high' is odd"]),
        ("low: 1\nlow: 1", ["11:1: 'low' is given twice (first in line 10)"]),
        ("low: a\nhihg: 3", ["10:6: 'low' must be a whole number, not 'a'",
                            "11:1: unknown key 'hihg' (did you mean 'high'?)"]),
        ("names: 3", ["10:1: unknown key 'names' (did you mean 'name'?)"]),
    ],
)  # fmt: skip
def test_what_a_dataclass_finds_is_told_with_the_rest(text: str, messages: list[str]) -> None:
    with pytest.raises(SourceError) as caught:
        schema.read(Checked, text, Place(Path("a.yml"), 10))
    assert sorted(str(p).removeprefix("a.yml:") for p in caught.value.problems) == messages


def test_a_key_is_given_twice_however_it_is_spelled() -> None:
    with pytest.raises(SourceError) as caught:
        schema.read(Spelled, "top-k: a\ntop_k: b", Place(Path("a.yml"), 1))
    assert [str(p) for p in caught.value.problems] == [
        "a.yml:1:8: 'top-k' must be a whole number, not 'a'",
        "a.yml:2:1: 'top_k' is given twice (first in line 1)",
        "a.yml:2:8: 'top_k' must be a whole number, not 'b'",
    ]


@dataclass(frozen=True)
class Spelled:
    top_k: int = 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ("a", "b")), ("a, b", ("a", "b")), ("a b,c", ("a b", "c")), (",", ()), ("", ()),
        (" a ,, b ", ("a", "b")), ("a", ("a",)),
    ],
)  # fmt: skip
def test_words_are_split_at_commas_if_there_are_any(text: str, words: tuple[str, ...]) -> None:
    assert schema.split_words(text) == words


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("titel", "title"), ("tittle", "title"), ("Title", "title"), ("ttile", "title"),
        ("tgas", "tags"), ("tag", "tags"), ("last-modified", "last_modified_at"),
        ("subtitle", None), ("image", None), ("top", None), ("toc_label", None), ("x", None),
        ("", None), ("title" * 99, None),
    ],
)  # fmt: skip
def test_a_typo_is_near_the_name_that_is_meant(word: str, near: str | None) -> None:
    assert find_typo(word, ["title", "tags", "toc", "last_modified_at", "lang"]) == near
