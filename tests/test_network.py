"""The network is torch's cells, and the loss is measured as one sequential reading would."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from escriba.charlm.measure import measure  # noqa: E402
from escriba.charlm.network import CharLSTM, Dropout, load_tensors, tensors  # noqa: E402
from escriba.records.model import Network  # noqa: E402


@pytest.mark.parametrize(("cell", "whole"), [("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_a_plain_stack_is_torchs_stack(cell: str, whole: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    network = CharLSTM(Network(cell, 3, 8, residual=False), 11)  # type: ignore[arg-type]
    stack = whole(8, 8, 3)
    for index, layer in enumerate(network.layers):
        for name, parameter in layer.named_parameters():
            getattr(stack, name.replace("_l0", f"_l{index}")).data.copy_(parameter)
    symbols = torch.randint(11, (7, 2))
    expected = network.head(stack(network.embedding(symbols))[0])
    first, state = network(symbols[:3])
    second, _ = network(symbols[3:], state)
    torch.testing.assert_close(torch.cat([first, second]), expected)


def test_residual_layers_add_to_the_stream() -> None:
    torch.manual_seed(0)
    network = CharLSTM(Network("gru", 2, 8, residual=True), 5)
    symbols = torch.randint(5, (4, 1))
    x = network.embedding(symbols)
    for layer in network.layers:
        x = x + layer(x)[0]
    torch.testing.assert_close(network(symbols)[0], network.head(x))


def test_dropout_acts_in_training_only() -> None:
    network = CharLSTM(Network("lstm", 2, 8, residual=True), 5, Dropout(0.5, seed=1))
    symbols = torch.randint(5, (4, 1))
    assert not torch.equal(network(symbols)[0], network(symbols)[0])
    network.eval()
    assert torch.equal(network(symbols)[0], network(symbols)[0])


def test_a_window_has_one_mask_and_processes_share_it() -> None:
    x = torch.ones(5, 6, 40)
    whole = Dropout(0.25, seed=3)(x)  # (T, B, H)
    parts = [Dropout(0.25, seed=3, rank=rank, world=3)(x[:, :2]) for rank in range(3)]
    assert torch.equal(torch.cat(parts, 1), whole)
    assert torch.equal(whole, whole[:1].expand_as(whole))
    assert whole.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float((whole[0] == 0).float().mean()) == pytest.approx(0.25, abs=0.08)


def test_tensors_round_trip_under_the_names_of_the_model_file() -> None:
    network = CharLSTM(Network("lstm", 2, 8, residual=True), 5)
    named = tensors(network)
    shapes = {name: tuple(tensor.shape) for name, tensor in named.items()}
    assert shapes == Network("lstm", 2, 8, residual=True).shapes(5)
    other = CharLSTM(Network("lstm", 2, 8, residual=True), 5)
    load_tensors(other, named)
    symbols = torch.randint(5, (4, 1))
    assert torch.equal(other(symbols)[0], network(symbols)[0])


@pytest.mark.parametrize("before", [0, 3, 40])
@pytest.mark.parametrize("streams", [1, 3, 8])
def test_measure_equals_one_sequential_reading(before: int, streams: int) -> None:
    torch.manual_seed(1)
    network = CharLSTM(Network("lstm", 2, 8, residual=True), 6)
    text = torch.randint(6, (before + 300,))
    logits, _ = network(text[:-1, None])
    losses = F.cross_entropy(logits[:, 0], text[1:], reduction="none")
    expected = float(losses[max(before - 1, 0) :].detach().mean())
    # With a context longer than the text, every stream reads all that stands before its share.
    found = measure(
        network, text[before:], text[:before] if before else None,
        streams=streams, context=16, window=7,
    )  # fmt: skip
    assert found == pytest.approx(expected, abs=2e-3)
