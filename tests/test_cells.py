"""The cells are torch.nn's, and those are the formulas of the article, written out in numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch import nn  # noqa: E402

from escriba.charlm.network import CharLSTM, tensors  # noqa: E402
from escriba.records.model import Network  # noqa: E402

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
LAYERS, HIDDEN, SYMBOLS = 3, 16, 11
Array = NDArray[np.float64]
Weights = dict[str, Array]


def make_network(cell: str, *, residual: bool) -> CharLSTM:
    """A network with lively weights and biases, in float64, ready to run."""
    torch.manual_seed(4)
    network = CharLSTM(Network(cell, LAYERS, HIDDEN, residual), SYMBOLS)  # type: ignore[arg-type]
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.4)
    return network.double().eval()


@pytest.mark.parametrize("cell", CELLS)
def test_a_plain_stack_equals_torchs_own_to_the_bit(cell: str) -> None:
    """In float64 and in float32: one module of three layers runs what three modules run."""
    for dtype in (torch.float64, torch.float32):
        network = make_network(cell, residual=False).to(dtype)
        whole = CELLS[cell](HIDDEN, HIDDEN, LAYERS).to(dtype)
        for index, layer in enumerate(network.layers):
            for name, parameter in layer.named_parameters():
                getattr(whole, name.replace("_l0", f"_l{index}")).data.copy_(parameter)
        symbols = torch.randint(SYMBOLS, (12, 4))
        with torch.inference_mode():
            logits, state = network(symbols)
            outputs, last = whole(network.embedding(symbols))
            assert torch.equal(logits, network.head(outputs))
            lasts = last if cell == "lstm" else (last,)
            for part, expected in enumerate(lasts):  # h, and c of an lstm
                assert torch.equal(torch.cat([layer[part] for layer in state]), expected)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rnn(x: Array, h: Array, w: Weights) -> tuple[Array, ...]:
    return (np.tanh(w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ h + w["bias_hh"]),)


def gru(x: Array, h: Array, w: Weights) -> tuple[Array, ...]:
    i_r, i_z, i_n = np.split(w["weight_ih"] @ x + w["bias_ih"], 3)
    h_r, h_z, h_n = np.split(w["weight_hh"] @ h + w["bias_hh"], 3)
    r, z = sigmoid(i_r + h_r), sigmoid(i_z + h_z)
    n = np.tanh(i_n + r * h_n)
    return ((1 - z) * n + z * h,)


def lstm(x: Array, h: Array, c: Array, w: Weights) -> tuple[Array, ...]:
    gates = w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ h + w["bias_hh"]
    i, f, g, o = np.split(gates, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


STEPS: dict[str, Callable[..., tuple[Array, ...]]] = {"rnn": rnn, "gru": gru, "lstm": lstm}


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_the_formulas_in_numpy_give_the_same_scores(cell: str, residual: bool) -> None:
    """From the model file's own tensors, symbol by symbol; float64, so that only the order of the
    terms in a sum can differ."""
    network = make_network(cell, residual=residual)
    named = {name: tensor.double().numpy() for name, tensor in tensors(network).items()}
    network.load_state_dict(
        {key: value.float().double() for key, value in network.state_dict().items()}
    )  # the file has float32
    text = torch.randint(SYMBOLS, (30, 1))
    with torch.inference_mode():
        expected = network(text)[0][:, 0].numpy()
    states = [(np.zeros(HIDDEN),) * (2 if cell == "lstm" else 1) for _ in range(LAYERS)]
    for symbol, scores in zip(text[:, 0].tolist(), expected, strict=True):
        x = named["embedding.weight"][symbol]
        for layer in range(LAYERS):
            weights = {
                part: named[f"layers.{layer}.{part}"]
                for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
            states[layer] = STEPS[cell](x, *states[layer], weights)
            x = x + states[layer][0] if residual else states[layer][0]
        found = named["head.weight"] @ x + named["head.bias"]
        np.testing.assert_allclose(found, scores, rtol=0, atol=1e-12)
