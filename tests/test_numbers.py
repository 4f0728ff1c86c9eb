"""Numbers are read within bounds, and written whatever their size."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground.numbers import DIGITS, read_decimal, read_float, read_json, read_whole, round_to
from escriba.templating.formats import format_number, format_percent


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-12", -12), ("+7", 7), ("1_000", 1000), ("9" * 400, 10**400 - 1)],
)
def test_whole_numbers(text: str, value: int) -> None:
    assert read_whole(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "-", "_1", "1.0", "0x10", "1e3", " 1", "٢", "²", "9" * 401, "9" * 5000, "nan", "1 000"],
)
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError):
        read_whole(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.10", "0.10"), (".5", "0.5"), ("1.", "1"), ("-1e-400", "-1E-400"), ("2E+3", "2000")],
)
def test_decimal_numbers(text: str, value: str) -> None:
    assert read_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", ".", "nan", "inf", "-Infinity", "1e401", "1e-999999999", "1e" + "9" * 500, "٢.٥", "1e", "e1",
     "0." + "1" * DIGITS, "sNaN123", "0x1p3"],
)  # fmt: skip
def test_what_is_no_decimal_number(text: str) -> None:
    with pytest.raises(ValueError):
        read_decimal(text)


def test_a_float_is_finite() -> None:
    assert read_float("1e308") == 1e308
    with pytest.raises(ValueError, match="larger than any"):
        read_float("1e309")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_nearest_one(number: float) -> None:
    assert read_float(repr(number)) == number


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**50), 10**50) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)  # fmt: skip


@given(JSON)
def test_json_is_what_it_says(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested more than 50 deep"),
        ("[" * 100_000 + "]" * 100_000, "nested more than 50 deep"),
        ("[" * 60 + "]" * 60, "nested more than 50 deep"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested more than 50 deep"),
        ("NaN", "NaN is not a number"),
        ("[-Infinity]", "-Infinity is not a number"),
        ("1e999999", "a number larger|not a number"),
        ("9" * 5000, "not a whole number of at most 400 digits"),
        ("1e-999999999", "not a number of at most 400 digits"),
        ("{nope}", "Expecting property name"),
    ],
)
def test_what_is_no_json_within_bounds(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_json(text)


def test_json_as_deep_as_may_be() -> None:
    assert json.dumps(read_json("[" * 50 + "]" * 50)) == "[" * 50 + "]" * 50


@pytest.mark.parametrize(
    ("value", "lang", "text"),
    [
        (166_985_728, "en", "166,985,728"),
        (166_985_728, "es", "166.985.728"),
        (10**8, "en", "100,000,000"),
        (2**64 - 1, "en", "18,446,744,073,709,551,615"),
        (Decimal("123456789.1234567890123456789012345"), "en", "123,456,789.1234567890123456789012345"),
        (Decimal("1e-30"), "en", "0." + "0" * 29 + "1"),
        (10**399, "en", "1" + ",000" * 133),
    ],
)  # fmt: skip
def test_numbers_of_any_size_are_written(value: int | Decimal, lang: str, text: str) -> None:
    assert format_number(value, lang) == text


def test_numbers_of_any_size_are_rounded() -> None:
    assert format_number(Decimal(10**40) + Decimal("0.5"), "en", 2).endswith("000.00")
    assert str(round_to(Decimal("2.5"), 0)) == "2"
    assert round_to(Decimal("1e300"), 6) == Decimal("1e300")
    assert format_percent(10**30, "en") == "100" + ",000" * 10 + "%"
