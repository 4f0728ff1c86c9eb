from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from escriba.ground.errors import ModelError
from escriba.records.model import FILE, GATES, Model, read_model
from escriba.sampling.quantised import Matrix, quantise
from escriba.sampling.reference import Integers
from escriba.sampling.wasm import Wasm
from support.models import make_model

REAL = Path(__file__).parents[1] / "models" / "tolstoi"
CORPUS = Path(__file__).parents[2] / "shared" / "corpora" / "tolstoy-war-and-peace.en.txt"


def changed(folder, name: str, value: float, **kwargs) -> Model:
    """A model, one number of which is `value`."""
    model = make_model(folder, **kwargs)
    array = np.zeros(model.tensors[name].shape, np.float32)
    array.flat[0] = value
    return make_model(folder, tensors={name: array}, **kwargs)


def integers(matrix: Matrix) -> np.ndarray:
    return matrix.q.astype(np.int64) * matrix.factors[:, None]


both = pytest.mark.parametrize("load", [quantise, Wasm])


@both
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none(tmp_path, value, load):
    model = changed(tmp_path / "m", "layers.1.bias_hh", value)
    with pytest.raises(ModelError) as caught:
        load(model)
    assert str(caught.value) == (
        f"{model.path}: the tensor 'layers.1.bias_hh' has numbers that are not finite"
    )


@both
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("embedding.weight", 1e6, "an activation can reach 1e+06"),
        ("layers.1.weight_hh", -3e6, "a sum of layer 1 can reach 3e+06"),
        ("layers.0.bias_ih", 3e38, "a sum of layer 0 can reach 3e+38"),
        ("head.weight", 1e6, "a sum of the head can reach 2.68e+06"),
        ("head.bias", -1e7, "a sum of the head can reach 1e+07"),
    ],
)
def test_weights_that_are_too_large(tmp_path, name, value, reason, load):
    model = changed(tmp_path / "m", name, value)
    with pytest.raises(ModelError) as caught:
        load(model)
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
        sums = np.abs(integers(layer)) @ activations + np.abs(layer.bias)
        assert sums.max() < 2**31
        assert layer.shift + weights.activation_shift >= 12
        x = x + one if residual else state
        assert x.max() < 2**15
    sums = np.abs(integers(weights.head)) @ x + np.abs(weights.head.bias)
    assert sums.max() < 2**31


def test_the_shifts_are_the_largest(tmp_path):
    """One more would overflow: the bound of a sum is more than half of what there is."""
    model = make_model(tmp_path / "m", hidden=24, scale=4.0)
    weights = quantise(model)
    bounds = np.abs(weights.embedding.astype(np.int64)).max(axis=0) + 2048 * 2
    sums = np.abs(integers(weights.head)) @ bounds + np.abs(weights.head.bias)
    assert 2**30 < sums.max() < 2**31
    assert weights.head.shift < 14
    name = "embedding.weight"
    shifts = {
        value: quantise(changed(tmp_path / "m", name, value)).activation_shift
        for value in (0.0, 13.9, 14.0, 29.9, 100.0)
    }
    assert shifts == {0.0: 11, 13.9: 11, 14.0: 10, 29.9: 10, 100.0: 8}


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize(("hidden", "scale"), [(1, 1.0), (13, 0.3), (16, 5.0), (35, 0.01)])
def test_the_image_holds_the_integers(tmp_path, cell, residual, hidden, scale):
    shape = {"cell": cell, "layers": 2, "hidden": hidden, "residual": residual, "scale": scale}
    model = make_model(tmp_path / "m", **shape)
    weights, image, symbols = quantise(model), Wasm(model).image, len(model.vocabulary)
    width, cells = -(-hidden // 16) * 16, ["rnn", "gru", "lstm"]
    header = np.frombuffer(image[:48], "<u4").tolist()
    assert header[:8] == [
        int.from_bytes(b"escr", "little"), 2, cells.index(cell), 2, hidden, symbols, residual,
        weights.activation_shift,
    ]  # fmt: skip
    assert header[9:] == [len(image), 0, 0]
    embedding = np.frombuffer(image, "<i2", symbols * width, header[8]).reshape(symbols, width)
    assert np.array_equal(embedding[:, :hidden], weights.embedding)
    assert not embedding[:, hidden:].any()
    for index, matrix in enumerate([*weights.layers, weights.head]):
        fields = np.frombuffer(image[48 + 24 * index :][:24], "<u4").tolist()
        at, factors, bias, rows, columns, shift = fields
        assert (rows, shift) == (-(-len(matrix.q) // 8) * 8, matrix.shift)
        words = np.frombuffer(image, "u1", rows * columns, at).reshape(
            rows // 8, columns // 8, 4, 8, 2
        )
        low, high = words[..., 0].astype(int) - 128, words[..., 1].view(np.int8).astype(int)
        found = np.stack([low, high], axis=1)  # (groups, 2, columns / 8, 4, 8)
        found = found.transpose(0, 1, 3, 2, 4).reshape(rows, columns)
        expected = np.zeros((rows, columns), int)
        for part in range(matrix.q.shape[1] // hidden):
            own = matrix.q[:, part * hidden : (part + 1) * hidden]
            expected[: len(own), part * width : part * width + hidden] = own
        assert np.array_equal(found, expected)
        for offset, numbers in ((factors, matrix.factors), (bias, matrix.bias)):
            stored = np.frombuffer(image, "<i4", rows, offset)
            assert np.array_equal(stored[: len(numbers)], numbers)
            assert not stored[len(numbers) :].any()


# The quality of the integers: the loss of a text, beside the same network in float64


def mean_loss(scores, targets, shift: int) -> float:
    """Of logits in integers."""
    total = 0.0
    for logits, target in zip(scores, targets, strict=True):
        values = np.array(logits) / 2.0**shift
        total += np.logaddexp.reduce(values) - values[target]
    return total / len(targets)


def loss_in_integers(model: Model, text: list[int]) -> float:
    network = Integers(quantise(model))
    state = network.zero_state()
    scores = (network.logits(network.step(symbol, state)) for symbol in text[:-1])
    return mean_loss(scores, text[1:], network.logit_shift)


def loss_in_kernel(model: Model, text: list[int]) -> float:
    kernel = Wasm(model)
    return mean_loss(kernel.score(text[:-1]), text[1:], kernel.logit_shift)


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
    integers = loss_in_integers(model, text)
    assert loss_in_kernel(model, text) == integers
    assert integers == pytest.approx(loss_in_floats(model, text), abs=1e-3)


@pytest.mark.skipif(not (REAL / FILE).exists(), reason="models/tolstoi is not trained")
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_the_loss_of_the_real_model_is_that_of_floats():
    model = read_model(REAL)
    text = CORPUS.read_text(encoding="utf-8-sig")[-40_000:]
    if model.vocabulary.unit == "bytes":
        text = text.encode().decode("latin-1")
    indices = [model.vocabulary.indices[s] for s in text if s in model.vocabulary.indices][:20_000]
    floats = loss_in_floats(model, indices)
    assert floats < 2
    assert loss_in_kernel(model, indices) == pytest.approx(floats, abs=1e-3)
