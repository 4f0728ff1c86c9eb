"""The network: embedding → cells with residual connections → scores for the next symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from escriba.records.model import Model, Network, read_weights

# One entry per layer: h of shape (1, B, H), and for lstm also c of the same shape.
State = list[tuple[Tensor, ...]]

_CELLS: dict[str, Callable[[int, int], nn.RNNBase]] = {
    "rnn": nn.RNN,
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}


class Dropout(nn.Module):
    """Dropout with one mask for all the steps of a window (Merity et al. 2018; Gal & Ghahramani
    2016): drawing a mask for every step, serially, took a third of the training time on a CPU.

    With several processes (`world`) that share a batch, every one draws the mask of the whole and
    takes its own columns: the same numbers for any `world`, on any device.
    """

    def __init__(self, share: float, seed: int = 0, rank: int = 0, world: int = 1):
        super().__init__()
        self.share, self.rank, self.world = share, rank, world
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        """x (T, B, H) → the same, with some of its columns' units at zero, the rest scaled up."""
        if not self.training or not self.share:
            return x
        batch = x.shape[1]
        mask = torch.rand(1, batch * self.world, x.shape[2], generator=self.generator)
        mask = mask[:, self.rank * batch : (self.rank + 1) * batch].ge(self.share)
        return x * mask.to(x.device, x.dtype).div(1 - self.share)


class CharLSTM(nn.Module):
    """A stack of recurrent layers over characters; `cell` may also be rnn or gru.

    Each layer is torch's own one-layer module, so cells are torch's to the bit. Dropout acts on
    what a layer adds to the stream and on the embedding, never on the recurrent path.
    """

    def __init__(self, network: Network, symbols: int, dropout: Dropout | None = None):
        super().__init__()
        self.network = network
        hidden = network.hidden
        self.embedding = nn.Embedding(symbols, hidden)
        self.layers = nn.ModuleList(
            _CELLS[network.cell](hidden, hidden) for _ in range(network.layers)
        )
        self.head = nn.Linear(hidden, symbols)
        self.dropout = dropout or Dropout(0.0)
        self._initialise()

    def forward(self, symbols: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """symbols (T, B) int64, state → logits (T, B, V), state after the last symbol."""
        x = self.dropout(self.embedding(symbols))  # (T, B, H)
        after: State = []
        for index, layer in enumerate(self.layers):
            before = state[index] if state else None
            if self.network.cell == "lstm":
                h, last = layer(x, before)
            else:
                h, last = layer(x, before[0] if before else None)
                last = (last,)
            after.append(tuple(part.detach() for part in last))
            h = self.dropout(h)
            x = x + h if self.network.residual else h  # (T, B, H)
        return self.head(x), after

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.5)
        for layer in self.layers:
            for name, parameter in layer.named_parameters():
                if name.startswith("weight_hh"):
                    for block in parameter.data.chunk(parameter.shape[0] // self.network.hidden):
                        nn.init.orthogonal_(block)
                elif name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(parameter)
                else:
                    nn.init.zeros_(parameter)
            if self.network.cell == "lstm" and not self.network.residual:
                # A forget gate that is open at the start (Gers et al. 2000; Jozefowicz et al. 2015)
                # helps a plain stack; between residual connections it costs (docs/experiments.md).
                hidden = self.network.hidden
                getattr(layer, "bias_ih_l0").data[hidden : 2 * hidden] = 1.0  # noqa: B009
        nn.init.zeros_(self.head.bias)


def tensors(model: CharLSTM) -> dict[str, Tensor]:
    """The weights under the names of the model file (torch's, without the `_l0` of a layer)."""
    return {
        name.removesuffix("_l0"): tensor.detach().float().cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }


def load_tensors(model: CharLSTM, weights: Mapping[str, Tensor]) -> None:
    """Put weights from a model file into the network."""
    state = {
        f"{name}_l0" if name.startswith("layers.") else name: tensor
        for name, tensor in weights.items()
    }
    model.load_state_dict(state)


def load_network(model: Model, shown: Path | None = None) -> CharLSTM:
    """The network of a model file, ready to run (evaluation mode); `shown` is how errors name the
    file. Raises ModelError like `read_weights`."""
    network = CharLSTM(model.network, len(model.vocabulary))
    weights = read_weights(model, shown)
    load_tensors(network, {name: torch.from_numpy(array) for name, array in weights.items()})
    return network.eval()


@torch.inference_mode()
def write_text(
    network: CharLSTM, start: int, length: int, seeds: Sequence[int], temperature: float
) -> list[list[int]]:
    """So many symbols to go on from `start`, by the random numbers of each seed, side by side; in
    floating point."""
    was_training = network.training
    network.eval()
    first_weight = network.embedding.weight
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    read = torch.full((1, len(seeds)), start, device=first_weight.device)
    state: State | None = None
    written: list[Tensor] = []
    for _ in range(length):
        logits, state = network(read, state)
        chances = torch.softmax(logits[0].double().cpu() / temperature, 1)
        draws = [torch.rand(1, generator=each, dtype=torch.float64) for each in generators]
        found = torch.searchsorted(chances.cumsum(1), torch.stack(draws))  # (len(seeds), 1)
        read = found.clamp(max=len(first_weight) - 1).t().to(first_weight.device)
        written.append(read[0].cpu())
    network.train(was_training)
    return torch.stack(written, 1).tolist()
