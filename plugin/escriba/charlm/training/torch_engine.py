"""The engine that is torch: its cells and optimisers, on any device that it knows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim import AdamW, Muon, Optimizer

from escriba.charlm.device import mixed
from escriba.charlm.measure import measure
from escriba.charlm.network import (
    CharLSTM,
    Dropout,
    State,
    load_network,
    load_tensors,
    tensors,
    write_text,
)
from escriba.charlm.training.calibrate import Threads, find_numbers
from escriba.charlm.training.engine import Arrays, Floats, Processes
from escriba.charlm.training.settings import Settings
from escriba.corpora.encoded import Text
from escriba.corpora.windows import Window
from escriba.records.model import Model, Network

# The learning rate of AdamW beside Muon, as a share of Muon's.
BESIDE_MUON = 0.4
WAITING = 100_000  # losses that a log can wait for
_MOMENTS = {AdamW: ("step", "exp_avg", "exp_avg_sq"), Muon: ("momentum_buffer",)}


@dataclass(frozen=True)
class TorchBackend:
    """torch, on a device, in a precision, in one process or several."""

    device: torch.device
    precision: str
    processes: Processes = field(default_factory=Processes)

    name = "torch"
    version = torch.__version__.split("+")[0]

    @property
    def kind(self) -> str:
        return self.device.type

    @property
    def threads(self) -> int:
        return torch.get_num_threads()

    def begin(self, network: Network, symbols: int, settings: Settings) -> TorchEngine:
        return TorchEngine(network, symbols, settings, self)

    def rehearse(self, network: Network, symbols: int, settings: Settings) -> TorchEngine:
        """An engine to be timed, which has as many threads as there are."""
        engine = self.begin(network, symbols, settings)
        engine.threads = Threads((self.threads,))
        return engine

    def measure(
        self, model: Model, shown: Path, text: Text, before: Text | None, symbols: int
    ) -> float:
        network = load_network(model, shown).to(self.device)
        return measure(network, text, before, symbols=symbols)


class TorchEngine:
    """A network and its optimisers. Losses and norms stay on the device until they are needed."""

    def __init__(self, network: Network, symbols: int, settings: Settings, backend: TorchBackend):
        self.settings, self.backend = settings, backend
        self._processes, self._device = backend.processes, backend.device
        torch.manual_seed(settings.seed)
        dropout = Dropout(
            settings.dropout, settings.seed, self._processes.rank, self._processes.world
        )
        self.network = CharLSTM(network, symbols, dropout).to(self._device)
        self.forward: nn.Module = self.network  # or what joins it with the other processes'
        if self._processes.world > 1:
            devices = [self._device] if self._device.type == "cuda" else None
            self.forward = DistributedDataParallel(self.network, device_ids=devices)
        self.optimisers = make_optimisers(self.network, settings)
        self._carried: State | None = None
        self._losses: list[Tensor] = []
        self._norms: list[Tensor] = []
        self.threads: Threads | None = None  # chosen at the first step
        self.network.train()

    def step(self, window: Window, rate: float) -> None:
        self.threads = self.threads or self._choose_threads(window)
        self.threads.take(partial(self._step, window, rate))

    def _step(self, window: Window, rate: float) -> None:
        """One step of truncated back-propagation through time.

        The state at the end of the last window is carried in, without its gradient (Mikolov 2010).
        The gradient is scaled down to the norm `clip` where it is longer (Pascanu et al. 2013).
        """
        for group in (group for each in self.optimisers for group in each.param_groups):
            group["lr"] = group["highest"] * rate
        symbols = torch.from_numpy(window.symbols).to(self._device)
        with mixed(self._device, self.backend.precision):
            logits, self._carried = self.forward(symbols, None if window.fresh else self._carried)
        targets = torch.from_numpy(window.targets).to(self._device)
        loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        self.network.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        clip = math.inf if self.settings.clip is None else self.settings.clip
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        for optimiser in self.optimisers:
            optimiser.step()
        self._losses.append(loss.detach())
        self._norms.append(norm.detach())

    def last_loss(self) -> float:
        return float(self._losses[-1]) if self._losses else math.nan

    def losses(self) -> Floats:
        """Their means over the processes, which from then on all have."""
        if not self._losses:
            return np.empty(0, np.float32)
        losses = torch.stack(self._losses)
        if self._processes.world > 1:
            dist.all_reduce(losses)
            losses = losses / self._processes.world
        self._losses = list(losses)
        return _to_array(losses)

    def norms(self) -> Floats:
        return (
            _to_array(torch.stack(self._norms).float()) if self._norms else np.empty(0, np.float32)
        )

    def forget(self) -> None:
        self._losses, self._norms = [], []

    def weights(self) -> dict[str, Floats]:
        return {name: tensor.numpy().copy() for name, tensor in tensors(self.network).items()}

    def load_weights(self, weights: Mapping[str, Floats]) -> None:
        load_tensors(self.network, {name: torch.from_numpy(w) for name, w in weights.items()})
        self._carried = None

    def measure(self, text: Text, before: Text | None, symbols: int) -> float:
        return measure(self.network, text, before, symbols=symbols)

    def write(
        self, start: int, length: int, seeds: Sequence[int], temperature: float
    ) -> list[list[int]]:
        return write_text(self.network, start, length, seeds, temperature)

    def to_state(self) -> dict[str, NDArray[Any]]:
        state = {
            f"weights.{name}": tensor.numpy() for name, tensor in tensors(self.network).items()
        }
        for number, optimiser in enumerate(self.optimisers):
            for index, values in optimiser.state_dict()["state"].items():
                for name, tensor in values.items():
                    state[f"moments.{number}.{index}.{name}"] = _to_array(tensor)
        state["random"] = _to_array(self.network.dropout.generator.get_state())
        for layer, parts in enumerate(self._carried or ()):
            for part, tensor in enumerate(parts):
                state[f"carried.{layer}.{part}"] = _to_array(self._join(tensor))
        return {**state, "losses": self.losses(), "norms": self.norms()}

    def load_state(self, state: Arrays, streams: int) -> None:
        left = dict(state)
        shapes = self.network.network.shapes(len(self.network.embedding.weight))
        weights = {name: left.pop(f"weights.{name}") for name in shapes}
        for name, shape in shapes.items():
            _check(weights[name], shape)
        self.load_weights(weights)
        for number, optimiser in enumerate(self.optimisers):
            _load_moments(optimiser, left, f"moments.{number}.")
        self.network.dropout.generator.set_state(torch.from_numpy(left.pop("random")))
        self._carried = self._take_carried(left, streams * self._processes.world)
        for name, kept in ("losses", self._losses), ("norms", self._norms):
            numbers = left.pop(name)
            _check(numbers, (len(numbers),))
            if len(numbers) > WAITING:
                raise ValueError
            kept[:] = list(torch.from_numpy(numbers).to(self._device))
        if left:
            raise ValueError

    def _take_carried(self, left: dict[str, NDArray[Any]], streams: int) -> State | None:
        """The state that is carried, of whose streams this process takes its own."""
        if not any(name.startswith("carried.") for name in left):
            return None
        network, processes = self.network.network, self._processes
        shape = (1, streams, network.hidden)
        found = []
        for layer in range(network.layers):
            names = [f"carried.{layer}.{part}" for part in range(1 + (network.cell == "lstm"))]
            parts = [left.pop(name) for name in names]
            for part in parts:
                _check(part, shape, (np.float32, np.uint16))
            own = [_to_tensor(part).chunk(processes.world, 1)[processes.rank] for part in parts]
            found.append(tuple(part.contiguous().to(self._device) for part in own))
        return found

    def _join(self, part: Tensor) -> Tensor:
        """The processes' streams, side by side in the order of ranks."""
        if self._processes.world == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self._processes.world)]
        dist.all_gather(parts, part.contiguous())
        return torch.cat(parts, 1)

    def _choose_threads(self, window: Window) -> Threads:
        """On other devices, and with several processes, always as many as there are."""
        if self._device.type != "cpu" or self._processes.world > 1:
            return Threads((self.backend.threads,))
        symbols = len(self.network.embedding.weight)
        make = partial(self.backend.rehearse, self.network.network, symbols)
        return Threads(find_numbers(make, symbols, self.settings, window.symbols.shape))


def make_optimisers(network: CharLSTM, settings: Settings) -> list[Optimizer]:
    """AdamW (Loshchilov & Hutter 2019) and, if the settings say so, Muon (Jordan et al. 2024).

    Only matrices decay, not biases nor the embedding. Each group's `highest` is its highest rate.
    """
    matrices: list[nn.Parameter] = []
    layers: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.dim() != 2 or name.startswith("embedding"):
            rest.append(parameter)
        elif name.startswith("layers"):
            layers.append(parameter)
        else:
            matrices.append(parameter)
    rate, decay = settings.learning_rate, settings.weight_decay
    found: list[Optimizer] = []
    if settings.optimiser == "muon":
        muon = Muon(layers, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
        found.append(muon)
        layers, rate = [], rate * BESIDE_MUON
    groups = [
        {"params": matrices + layers, "weight_decay": decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    found.append(AdamW(groups, lr=rate, betas=(0.9, 0.99), fused=True))
    for optimiser in found:
        for group in optimiser.param_groups:
            group["highest"] = group["lr"]
    return found


def _load_moments(optimiser: Optimizer, left: dict[str, NDArray[Any]], prefix: str) -> None:
    """Take an optimiser's moments out of a state: those of all of its parameters, or of none."""
    groups = optimiser.state_dict()["param_groups"]  # which the settings decide
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    if any(name.startswith(prefix) for name in left):
        for index, parameter in enumerate(parameters):
            moments[index] = {}
            for name in _MOMENTS[type(optimiser)]:
                found = left.pop(f"{prefix}{index}.{name}")
                _check(found, () if name == "step" else tuple(parameter.shape))
                moments[index][name] = torch.from_numpy(found)
    optimiser.load_state_dict({"state": moments, "param_groups": groups})


def _check(
    array: NDArray[Any], shape: tuple[int, ...], types: Sequence[type] = (np.float32,)
) -> None:
    # An optimiser trusts the shapes of its moments, and would read memory that is not its own.
    if array.shape != shape or array.dtype not in types:
        raise ValueError


def _to_array(tensor: Tensor) -> NDArray[Any]:
    """A tensor's numbers; those of bfloat16, which numpy lacks, as bits."""
    tensor = tensor.detach().cpu().contiguous()
    return (tensor.view(torch.uint16) if tensor.dtype is torch.bfloat16 else tensor).numpy()


def _to_tensor(array: NDArray[Any]) -> Tensor:
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if array.dtype == np.uint16 else tensor
