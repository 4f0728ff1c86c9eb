from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.sampling import tables
from escriba.sampling.quantised import quantise
from escriba.sampling.reference import Integers, Pcg32, filter_weights, round_shift, weigh
from escriba.sampling.stream import Stream
from support.models import make_model

POWER = tables.load().power


def stream(*, top_k: int = 0, top_p: int = 10**6, min_p: int = 0) -> Stream:
    return Stream((0,), 1, 1, 1000, top_k, top_p, min_p)


def test_the_generator_is_pcg32():
    """The first numbers that the demo of the published C library prints (pcg32-demo.c)."""
    random = Pcg32(42, 54)
    assert [random.next() for _ in range(6)] == [
        0xA15C02B7, 0x7B47F409, 0xBA1D3330, 0x83D2F293, 0xBFA4784B, 0xCBED606E,
    ]  # fmt: skip
    assert Pcg32(42).next() == 0xA15C02B7


def test_halves_are_rounded_upwards():
    values = np.array([-3, -2, -1, 0, 1, 2, 3])
    assert round_shift(values, 1).tolist() == [-1, -1, 0, 0, 1, 1, 2]
    assert round_shift(values, 0).tolist() == values.tolist()


def test_tanh_and_sigma(tmp_path):
    network = Integers(quantise(make_model(tmp_path / "m")))
    u = np.arange(-70000, 70000)
    assert np.abs(network.tanh(u) / 2**15 - np.tanh(u / 2**13)).max() < 5e-5
    assert np.array_equal(network.tanh(-u), -network.tanh(u))
    assert np.abs(network.sigma(u) / 2**16 - 1 / (1 + np.exp(-u / 2**12))).max() < 2.5e-5
    huge = np.array([-(2**32), -65536, 65536, 2**32])
    assert network.tanh(huge).tolist() == [-32768, -32768, 32768, 32768]
    assert network.sigma(huge).tolist() == [0, 0, 65536, 65536]


@pytest.mark.parametrize("temperature", ["0.001", "0.1", "0.8", "1", "3.5", "100"])
@pytest.mark.parametrize("shift", [6, 16, 17, 25])
def test_weights_are_exponentials(shift, temperature):
    differences = [0, 1, 2**shift // 3, 2**shift, 5 * 2**shift, 20 * 2**shift, 2**31 - 1]
    found = weigh(differences, shift, int(Decimal(temperature) * 1000), POWER)
    wanted = [math.exp(-d / 2**shift / float(temperature)) for d in differences]
    # 2^-16 nats and 2^-16 of a power of two are the steps of the arithmetic.
    step = 2**-16 / float(temperature) + 2**-16
    assert [w / 2**30 for w in found] == pytest.approx(wanted, rel=2 * step, abs=2**-29)


def test_filters():
    weights = [10, 40, 20, 20, 10]
    cases = [
        (stream(), weights),
        (stream(top_k=1), [0, 40, 0, 0, 0]),
        (stream(top_k=2), [0, 40, 20, 0, 0]),  # of equals, the first
        (stream(top_k=9), weights),
        (stream(top_p=1), [0, 40, 0, 0, 0]),  # never nothing
        (stream(top_p=400_000), [0, 40, 0, 0, 0]),
        (stream(top_p=400_001), [0, 40, 20, 0, 0]),
        (stream(top_p=900_000), [10, 40, 20, 20, 0]),
        (stream(top_k=2, top_p=666_666), [0, 40, 0, 0, 0]),  # of what top-k leaves
        (stream(top_k=2, top_p=666_667), [0, 40, 20, 0, 0]),
        (stream(min_p=500_000), [0, 40, 20, 20, 0]),
        (stream(min_p=500_001), [0, 40, 0, 0, 0]),
        (stream(min_p=10**6), [0, 40, 0, 0, 0]),
        (stream(top_k=3, min_p=250_000), [0, 40, 20, 20, 0]),
    ]
    for given_stream, wanted in cases:
        assert filter_weights(weights, given_stream) == wanted, given_stream


@given(
    st.lists(st.integers(0, 2**30), min_size=1, max_size=30).map(lambda w: [2**30, *w]),
    st.integers(0, 40),
    st.integers(1, 10**6),
    st.integers(0, 10**6),
)
def test_filters_keep_the_heaviest(weights, top_k, top_p, min_p):
    kept = filter_weights(weights, stream(top_k=top_k, top_p=top_p, min_p=min_p))
    assert kept[weights.index(max(weights))] > 0
    inside = [w for w, k in zip(weights, kept, strict=True) if k]
    outside = [w for w, k in zip(weights, kept, strict=True) if not k]
    assert min(inside) >= max(outside, default=0)
    assert not top_k or len(inside) <= top_k
