from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from escriba.errors import ModelError
from escriba.model import FILE, GATES, Model, read_model
from escriba.sampling.image import pack
from escriba.sampling.quantised import quantise
from escriba.sampling.reference import Integers
from models import make_model

REAL = Path(__file__).parents[1] / "models" / "tolstoi"
CORPUS = Path(__file__).parents[2] / "shared" / "corpora" / "tolstoy-war-and-peace.en.txt"


def changed(folder, name: str, value: float, **kwargs) -> Model:
    """A model, one number of which is `value`."""
    model = make_model(folder, **kwargs)
    array = np.zeros(model.tensors[name].shape, np.float32)
    array.flat[0] = value
    return make_model(folder, tensors={name: array}, **kwargs)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none(tmp_path, value):
    model = changed(tmp_path / "m", "layers.1.bias_hh", value)
    with pytest.raises(ModelError) as caught:
        quantise(model)
    assert str(caught.value) == (
        f"{model.path}: the tensor 'layers.1.bias_hh' has numbers that are not finite"
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("embedding.weight", 1e6, "an activation can reach 1e+06"),
        ("layers.1.weight_hh", -3e5, "a weight of layer 1 reaches 3e+05"),
        ("layers.0.bias_ih", 3e38, "a sum of layer 0 can reach 3e+38"),
        ("head.weight", 1e5, "a weight of the head reaches 1e+05"),
        ("head.bias", -1e7, "a sum of the head can reach 1e+07"),
    ],
)
def test_weights_that_are_too_large(tmp_path, name, value, reason):
    model = changed(tmp_path / "m", name, value)
    with pytest.raises(ModelError) as caught:
        quantise(model)
    assert str(caught.value) == (
        f"{model.path}: its weights are too large to be run exactly: {reason}"
    )


@pytest.mark.parametrize("scale", [0, 1e-3, 0.3, 2.0, 6.0])
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("cell", GATES)
def test_no_state_can_overflow(tmp_path, cell, residual, scale):
    """The bound of every sum, from the integers themselves, fits 32 bits."""
    layers, hidden = 3, 11
    model = make_model(
        tmp_path / "m", cell=cell, layers=layers, hidden=hidden, residual=residual, scale=scale
    )
    weights = quantise(model)
    one = 1 << weights.activation_shift
    x = np.abs(weights.embedding.astype(np.int64)).max(axis=0)
    state = np.full(hidden, one)
    for layer in weights.layers:
        activations = np.concatenate([x, state])
        sums = np.abs(layer.weights.astype(np.int64)) @ activations + np.abs(layer.bias)
        assert sums.max() < 2**31
        assert layer.shift + weights.activation_shift >= 12
        x = x + one if residual else state
        assert x.max() < 2**15
    sums = np.abs(weights.head.weights.astype(np.int64)) @ x + np.abs(weights.head.bias)
    assert sums.max() < 2**31


def test_the_shifts_are_the_largest(tmp_path):
    name = "head.weight"
    shifts = {
        value: quantise(changed(tmp_path / "m", name, value)).head.shift
        for value in (0.0, 1.9999, 2.0, 3.9, 4.0, 1000.0)
    }
    assert shifts == {0.0: 14, 1.9999: 14, 2.0: 13, 3.9: 13, 4.0: 12, 1000.0: 5}
    name = "embedding.weight"
    shifts = {
        value: quantise(changed(tmp_path / "m", name, value)).activation_shift
        for value in (0.0, 13.9, 14.0, 29.9, 100.0)
    }
    assert shifts == {0.0: 11, 13.9: 11, 14.0: 10, 29.9: 10, 100.0: 8}


def test_the_image_holds_the_integers(tmp_path):
    model = make_model(tmp_path / "m", cell="gru", layers=2, hidden=13, residual=False)
    image = pack(model)
    header = np.frombuffer(image[:48], "<u4")
    assert header[2:10].tolist() == [1, 2, 13, len(model.vocabulary), 0, 11, 32, 16]
    at, bias, rows, shift = np.frombuffer(image[64 + 16 :][:16], "<u4").tolist()
    layer = quantise(model).layers[1]
    assert (rows, shift) == (52, layer.shift)
    blocks = np.frombuffer(image, "<i2", rows * 32, at).reshape(rows // 4, 32 // 8, 4, 8)
    found = np.array([[blocks[r // 4, j // 8, r % 4, j % 8] for j in range(32)] for r in range(52)])
    assert np.array_equal(found[:, :26], layer.weights)
    assert not found[:, 26:].any()
    assert np.array_equal(np.frombuffer(image, "<i4", rows, bias), layer.bias)


# The quality of the integers: the loss of a text, beside the same network in float64


def loss_in_integers(model: Model, text: list[int]) -> float:
    network = Integers(quantise(model))
    state = network.zero_state()
    total = 0.0
    for symbol, target in itertools.pairwise(text):
        logits = network.logits(network.step(symbol, state)) / 2.0**network.logit_shift
        total += np.logaddexp.reduce(logits) - logits[target]
    return total / (len(text) - 1)


def loss_in_floats(model: Model, text: list[int]) -> float:
    data = model.path.read_bytes()
    w = {
        name: np.frombuffer(data[t.start : t.end], "<f4").reshape(t.shape).astype(np.float64)
        for name, t in model.tensors.items()
    }
    net = model.network
    h, c = np.zeros((net.layers, net.hidden)), np.zeros((net.layers, net.hidden))
    total = 0.0
    for symbol, target in itertools.pairwise(text):
        x = w["embedding.weight"][symbol]
        for index in range(net.layers):
            name = f"layers.{index}"
            a = w[f"{name}.weight_ih"] @ x + w[f"{name}.bias_ih"]
            b = w[f"{name}.weight_hh"] @ h[index] + w[f"{name}.bias_hh"]
            h[index], c[index] = cell_in_floats(net.cell, a, b, h[index], c[index])
            x = x + h[index] if net.residual else h[index]
        logits = w["head.weight"] @ x + w["head.bias"]
        total += np.logaddexp.reduce(logits) - logits[target]
    return total / (len(text) - 1)


def cell_in_floats(cell, a, b, h, c):
    def sigma(x):
        return 1 / (1 + np.exp(-x))

    if cell == "rnn":
        return np.tanh(a + b), c
    if cell == "gru":
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        z = sigma(az + bz)
        return (1 - z) * np.tanh(an + sigma(ar + br) * bn) + z * h, c
    i, f, g, o = np.split(a + b, 4)
    c = sigma(f) * c + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(c), c


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("cell", GATES)
def test_the_loss_is_that_of_floats(tmp_path, cell, residual):
    # Weights small enough for the network not to be chaotic, as a trained one is not.
    model = make_model(tmp_path / "m", cell=cell, hidden=24, residual=residual, scale=0.15)
    text = np.random.default_rng(1).integers(0, len(model.vocabulary), 400).tolist()
    assert loss_in_integers(model, text) == pytest.approx(loss_in_floats(model, text), abs=2e-4)


@pytest.mark.skipif(not (REAL / FILE).exists(), reason="models/tolstoi is not trained")
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_the_loss_of_the_real_model_is_that_of_floats():
    model = read_model(REAL)
    text = CORPUS.read_text(encoding="utf-8-sig")[-40_000:]
    if model.vocabulary.unit == "bytes":
        text = text.encode().decode("latin-1")
    indices = [model.vocabulary.indices[s] for s in text if s in model.vocabulary.indices][:4000]
    floats = loss_in_floats(model, indices)
    assert floats < 2
    assert loss_in_integers(model, indices) == pytest.approx(floats, abs=1e-3)
