"""YAML within bounds: what would be endless, huge or too deep is one located error, at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground import schema
from escriba.ground.errors import Place, SourceError
from escriba.ground.yaml import compose

START = Place(Path("a.yml"), 1)

BOMB = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)
CHAIN = "x0: &x0 1\n" + "".join(f"x{i + 1}: &x{i + 1} [*x{i}]\n" for i in range(5000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "a.yml:5:4: more than 100000 values, with each alias written out"),
        (CHAIN, "a.yml:50:6: lists and mappings are nested more than 50 deep"),
        ("a: &a [1, *a]", "a.yml:1:11: the alias '*a' stands within what it names"),
        ("a: &a {b: *a}", "a.yml:1:11: the alias '*a' stands within what it names"),
        ("&a\nb: *a", "a.yml:2:4: the alias '*a' stands within what it names"),
        ("a: &a 1\nb: &a {c: *a}", "a.yml:2:11: the alias '*a' stands within what it names"),
        ("a: *b", "a.yml:1:4: the alias '*b' has no '&b' before it"),
        ("{a: " * 60, "a.yml:1:201: lists and mappings are nested more than 50 deep"),
        ("- " * 100_000, "a.yml:1:101: lists and mappings are nested more than 50 deep"),
        ("\n".join(" " * i + "a:" for i in range(900)),
         "a.yml:51:51: lists and mappings are nested more than 50 deep"),
        ("[" + "1," * 120_000 + "]",
         "a.yml:1:200000: more than 100000 values, with each alias written out"),
        ("? [a]\n: b", "a.yml:1:3: a key must be text, not a list or mapping"),
        ("a: 1\n---\nb: 2",
         "a.yml:2:1: broken YAML: a second document begins here; only one is read"),
        ("a: '" + "x" * (4 << 20),
         "a.yml:1: more YAML than is read: 4194308 characters of at most 4194304"),
        ("a: \ud800", "a.yml:1: broken YAML: the character U+D800 is not allowed"),
        ("a: 1\nb: \0", "a.yml:2: broken YAML: the character U+0000 is not allowed"),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds(text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        compose(text, START)
    assert str(caught.value) == message


def test_deep_brackets_end_at_once() -> None:
    with pytest.raises(SourceError):
        compose("[" * 500_000, START)


def test_an_alias_is_what_it_names() -> None:
    node = compose("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x", START)
    assert node is not None
    assert schema.plain(node) == {"a": [1, 2], "b": [1, 2], "c": 3, "d": 3}


YAML = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(YAML, st.sampled_from([None, True, False]))
def test_nodes_are_those_of_pyyaml(value: Any, flow: bool | None) -> None:
    text = pyyaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    ours, theirs = compose(text, START), pyyaml.compose(text, pyyaml.SafeLoader)
    assert show(ours) == show(theirs)


def show(node: Any) -> Any:
    """A tree as plain values, with tags, styles and places."""
    if node is None:
        return None
    inside = node.value
    if isinstance(inside, list):
        inside = [tuple(map(show, i)) if isinstance(i, tuple) else show(i) for i in inside]
    mark = (node.start_mark.line, node.start_mark.column)
    return type(node).__name__, node.tag, mark, inside


@dataclass(frozen=True)
class Anything:
    number: int = 0
    share: float = 0.0
    path: Path = Path()
    extra: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("number: " + "9" * 5000, f"a.yml:1:9: 'number' must be a whole number, not '{'9' * 79}…'"),
        ("number: ٢", "a.yml:1:9: 'number' must be a whole number, not '٢'"),
        ("share: 1e400", "a.yml:1:8: 'share' must be a number, not '1e400'"),
        ("share: .inf", "a.yml:1:8: 'share' must be a number, not '.inf'"),
        ("share: .NaN", "a.yml:1:8: 'share' must be a number, not '.NaN'"),
        ("share: nan", "a.yml:1:8: 'share' must be a number, not 'nan'"),
        ("share: 1e-999999999", "a.yml:1:8: 'share' must be a number, not '1e-999999999'"),
        ('path: "a\\0b"', "a.yml:1:7: 'path' must be a path, not 'a␀b'"),
        ("number: |\n  one\n  two\n", "a.yml:1:9: 'number' must be a whole number, not 'one two'"),
    ],
)
def test_fields_take_what_they_can_hold(text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        schema.read(Anything, text, START)
    assert str(caught.value) == message


def test_keys_that_nobody_knows_keep_numbers_out_of_bounds_as_text() -> None:
    found = schema.read(
        Anything, "a: 1e400\nb: 1" + "0" * 500 + "\nc: 0x10\nd: .inf\ne: 2.5", START
    )
    assert found.extra == {"a": "1e400", "b": "1" + "0" * 500, "c": "0x10", "d": ".inf", "e": 2.5}
