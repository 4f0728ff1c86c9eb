"""NFC, as Python has it, in time proportional to the text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground import unicode

MARKS = [chr(c) for c in range(0x300, 0x20000) if unicodedata.combining(chr(c))]
LETTERS = st.sampled_from(["a", "e", "\u1100", "\u1161", "\u11a8", "ñ", "\u0344", "ạ", "\ufb2c"])


@given(st.lists(LETTERS | st.sampled_from(MARKS), max_size=300).map("".join))
def test_it_is_pythons(text: str) -> None:
    assert unicode.normalize(text) == unicodedata.normalize("NFC", text)


@given(LETTERS, st.lists(st.sampled_from(MARKS), min_size=80, max_size=300).map("".join))
def test_long_runs_of_marks_are_pythons(letter: str, marks: str) -> None:
    text = f"x{letter}{marks}y{marks}"
    assert unicode.normalize(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("code", range(0, 0x110000, 0x10000))
def test_every_character_is_pythons(code: int) -> None:
    text = "".join(map(chr, range(code, code + 0x10000)))
    assert unicode.normalize(text) == unicodedata.normalize("NFC", text)


def test_a_million_marks_out_of_order_are_sorted_at_once() -> None:
    text = unicode.normalize("a" + "\u0315\u0300" * 500_000)  # by insertion: 50 minutes
    assert (len(text), text[0], text[1], text[-1]) == (1_000_000, "à", "\u0300", "\u0315")
