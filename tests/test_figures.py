"""Scales, ticks, curves and their words, and the drawing of a network, by themselves."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.article.figures.curve import clip, mean, path, spread, thin
from escriba.article.figures.labels import Notation, label
from escriba.article.figures.scale import Scale, fit
from escriba.article.figures.unrolled import unroll
from escriba.templating.formats import format_figures, format_percent, format_share

D = Decimal


def points(*pairs: tuple[float, float]) -> list[tuple[Decimal, Decimal]]:
    return [(D(str(x)), D(str(y))) for x, y in pairs]


@pytest.mark.parametrize(
    ("scale", "value", "position"),
    [
        (Scale(D(0), D(10), D(0), D(100)), D("2.5"), "25.0"),
        (Scale(D(0), D(10), D(200), D(100)), D("2.5"), "175.0"),
        (Scale(D(0), D(3), D(0), D(1)), D(1), "0.3"),
        (Scale(D(0), D(3), D(0), D(1), grain=D("0.01")), D(1), "0.33"),
        (Scale(D(0), D(10), D(0), D(100)), D(-1), "-10.0"),
        (Scale(D(1), D(100), D(0), D(100), log=True), D(10), "50.0"),
        (Scale(D(1), D(100), D(0), D(100), log=True), D(0), "-600.0"),
        (Scale(D(5), D(5), D(7), D(9)), D(5), "7.0"),
    ],
)
def test_position(scale: Scale, value: Decimal, position: str) -> None:
    assert str(scale(value)) == position


def test_what_is_infinite_is_far_beyond_the_end() -> None:
    for log in (False, True):
        assert Scale(D(1), D(10), D(0), D(100), log=log)(D("Infinity")) > 10**9


@pytest.mark.parametrize(
    ("low", "high", "log", "count", "ticks"),
    [
        ("0", "10", False, 5, ["0", "2", "4", "6", "8", "10"]),
        ("1.1", "1.9", False, 5, ["1.2", "1.4", "1.6", "1.8"]),
        ("0", "114780160", False, 5, ["0", "5E+7", "1.0E+8"]),
        ("-3", "3", False, 5, ["-2", "0", "2"]),
        ("7", "7", False, 5, ["7"]),
        ("1", "100", True, 7, ["1", "2", "5", "1E+1", "2E+1", "5E+1", "1E+2"]),
        ("1", "100", True, 6, ["1", "3", "1E+1", "3E+1", "1E+2"]),
        ("0.001", "1000000", True, 5, ["0.001", "0.1", "1E+1", "1E+3", "1E+5"]),
        ("204800", "114780160", True, 6, ["3E+5", "1E+6", "3E+6", "1E+7", "3E+7", "1E+8"]),
        ("1.1", "1.9", True, 5, ["1.2", "1.4", "1.6", "1.8"]),
    ],
)
def test_ticks(low: str, high: str, log: bool, count: int, ticks: list[str]) -> None:
    found = Scale(D(low), D(high), D(0), D(100), log=log).ticks(count)
    assert [D(str(tick)) for tick in found] == [D(tick) for tick in ticks]


@pytest.mark.parametrize(
    ("values", "log", "ends"),
    [
        (["1.15", "2.99"], False, ("1.0", "3.0")),
        (["1.15", "3"], False, ("1.0", "3.5")),
        (["1"], False, ("1.0", "1.2")),
        (["0"], False, ("0.0", "0.2")),
        (["0.3", "7", "Infinity", "0"], True, ("0.2", "10")),
        (["1", "10"], True, ("1", "10")),
        ([], True, ("1", "10")),
        ([], False, ("0", "10")),
    ],
)
def test_fit(values: list[str], log: bool, ends: tuple[str, str]) -> None:
    assert fit([D(value) for value in values], log=log) == tuple(D(end) for end in ends)


@given(st.lists(st.decimals("0.001", "1000000", places=3), min_size=1), st.booleans())
def test_a_fitted_scale_holds_its_values_and_has_ticks(values: list[Decimal], log: bool) -> None:
    low, high = fit(values, log=log)
    scale = Scale(low, high, D(0), D(100), log=log)
    assert all(scale.holds(value) and 0 <= scale(value) <= 100 for value in values)
    ticks = scale.ticks(5)
    assert 1 <= len(ticks) <= 6
    assert all(scale.holds(tick) for tick in ticks)
    assert list(ticks) == sorted(set(ticks))


@pytest.mark.parametrize(
    ("values", "lang", "log", "notation", "words"),
    [
        (["0", "5E7", "1E8"], "es", False, "prefixes", ["0", "50\u202fM", "100\u202fM"]),
        (["0", "2.5E6", "5E6"], "en", False, "prefixes", ["0", "2.5\u202fM", "5.0\u202fM"]),
        (["1", "1.5", "2"], "es", False, "prefixes", ["1,0", "1,5", "2,0"]),
        (["0", "2000", "4000"], "en", False, "prefixes", ["0", "2,000", "4,000"]),
        (["1E3", "1E4", "3E5", "1E6"], "es", True, "prefixes",
         ["1.000", "10\u202fk", "300\u202fk", "1\u202fM"]),
        (["0.0001", "0.01", "1", "100", "1000", "2000", "1E12"], "es", True, "powers",
         ["10⁻⁴", "0,01", "1", "100", "10³", "2.000", "10¹²"]),
        (["0", "0.5", "1"], "es", False, "percent", ["0\xa0%", "50\xa0%", "100\xa0%"]),
    ],
)  # fmt: skip
def test_label(
    values: list[str], lang: str, log: bool, notation: Notation, words: list[str]
) -> None:
    assert label([D(value) for value in values], lang, log, notation) == tuple(words)


def test_thin_keeps_a_short_series_as_it_is() -> None:
    series = points((1, 2), (2, 3))
    assert thin(series, lambda x: x, mean) == series


def test_thin_takes_means_or_the_largest_of_what_falls_together() -> None:
    series = [(D(i), D(i % 4)) for i in range(1600)]

    def place(x: Decimal) -> Decimal:
        return x / 16

    thinned = thin(series, place, mean)
    assert len(thinned) == 160
    assert thinned[:2] == points((4.5, 1.3), (14.5, 1.7)), "means of ten"
    assert {y for _, y in thin(series, place, max)} == {D(3)}
    assert thin([*series, (D(1599), D("Infinity"))], place, mean)[-1][1] == D("Infinity")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ([(0, 5), (1, 6)], [[(0, 5), (1, 6)]]),
        ([(0, -10), (2, 10)], [[(1, 0), (2, 10)]]),
        ([(0, 5), (1, -5), (2, 5)], [[(0, 5), (0.5, 0)], [(1.5, 0), (2, 5)]]),
        ([(0, -10), (4, 30)], [[(1, 0), (3, 20)]]),
        ([(0, -10), (1, -5), (2, 25), (3, 30)], [[(1.2, 0), (1.8, 20)]]),
        ([(0, 25), (1, 26)], []),
        ([(0, 7)], [[(0, 7)]]),
        ([(0, 27)], []),
        ([], []),
    ],
)
def test_clip(line: list[tuple[float, float]], parts: list[list[tuple[float, float]]]) -> None:
    given = [(x.quantize(D("0.1")), y) for x, y in points(*line)]
    assert clip(given, D(0), D(20)) == [tuple(points(*part)) for part in parts]


def test_markers_stand_apart_and_the_last_one_is_kept() -> None:
    line = points((0, 0), (3, 0), (5, 0), (9, 0), (10, 0))
    assert spread(line, D(5)) == tuple(points((0, 0), (5, 0), (10, 0)))


def test_path_is_short_and_a_single_point_can_be_seen() -> None:
    assert path([(D("1.50"), D("20")), (D("100.0"), D("-0.5"))]) == "M1.5 20L100 -0.5"
    assert path([(D(1), D(2))]) == "M1 2h0"


@pytest.mark.parametrize(
    ("value", "figures", "text"),
    [
        ("0", 3, "0"),
        ("0.0123456", 3, "0.0123"),
        ("0.999", 2, "1.0"),
        ("1.5", 3, "1.50"),
        ("1234.5", 2, "1,200"),
        ("999999", 2, "1.0\u202f×\u202f10⁶"),
        ("1.26E+12", 2, "1.3\u202f×\u202f10¹²"),
        ("Infinity", 3, "∞"),
    ],
)
def test_significant_figures(value: str, figures: int, text: str) -> None:
    assert format_figures(D(value), "en", figures) == text


def test_shares() -> None:
    shares = ["0", "0.0004", "0.0123", "0.1", "0.5", "1"]
    assert [format_share(D(share), "es") for share in shares] == [
        "0\xa0%", "0,04\xa0%", "1,2\xa0%", "10\xa0%", "50\xa0%", "100\xa0%",
    ]  # fmt: skip
    assert format_percent(D("0.1254"), "en", 1) == "12.5%"


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(("moments", "layers"), [(1, 1), (3, 4), (7, 6), (2, 64)])
def test_unrolled_network(moments: int, layers: int, residual: bool) -> None:
    drawing = unroll(moments, layers, residual=residual)
    shown = [row.layer for row in drawing.rows if row.kind == "layer"]
    assert shown == (list(range(layers, 0, -1)) if layers <= 6 else [layers, 2, 1])
    assert ("skipped" in [row.kind for row in drawing.rows]) == (layers > 6)
    assert len(drawing.boxes) == moments * (len(shown) + 2)
    kinds = [mark.kind for mark in drawing.marks]
    assert kinds.count("sum") == (moments * len(shown) if residual else 0)
    assert kinds.count("zero") == len(shown)
    assert kinds.count("input") == kinds.count("target") == moments
    flows = [stroke.flow for stroke in drawing.strokes]
    assert flows.count("state") == (moments - 1) * len(shown)
    assert flows.count("shortcut") == kinds.count("sum")
    # All of it lies in the picture, and no box touches the next.
    assert min(float(box.x) for box in drawing.boxes) >= 0
    assert max(float(box.x) + float(box.width) for box in drawing.boxes) <= 100
    assert all(0 < row.y < drawing.height for row in drawing.rows)
    middles = sorted({float(box.middle) for box in drawing.boxes})
    width = float(drawing.boxes[0].width)
    assert all(right - left > width for left, right in pairwise(middles))
