"""A training under way: network, optimiser, position in the corpus, best weights, and its steps."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from escriba.charlm.network import CharLSTM, State
from escriba.charlm.recipe import TrainingRecipe
from escriba.charlm.windows import Window
from escriba.errors import TrainingError

# What a checkpoint holds beside tensors.
PLAIN = ("step", "epoch", "index", "characters", "seconds", "best", "best_step")


@dataclass
class Run:
    """The state of a training, all of which a checkpoint holds."""

    network: CharLSTM
    optimiser: torch.optim.Optimizer
    step: int = 0
    epoch: int = 0
    index: int = 0
    characters: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    carried: State | None = None

    def to_state(self, identity: str) -> dict[str, Any]:
        return {
            "identity": identity,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "best_weights": self.best_weights,
            "carried": self.carried,
            **{name: getattr(self, name) for name in PLAIN},
        }

    def load_state(self, state: dict[str, Any], device: torch.device) -> None:
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        for name in PLAIN:
            setattr(self, name, state[name])
        self.best_weights = state["best_weights"]
        carried = state["carried"]
        if carried is not None:
            self.carried = [tuple(part.to(device) for part in layer) for layer in carried]


def take_step(
    run: Run, window: Window, settings: TrainingRecipe, device: torch.device, rate: float
) -> tuple[Tensor, Tensor]:
    """One step of truncated back-propagation through time: (loss, gradient norm before clipping).

    The state at the end of the last window is carried in, without its gradient (Mikolov 2010).
    """
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    carried = None if window.fresh else run.carried
    mixed: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    if settings.precision == "bfloat16":
        mixed = torch.autocast(device.type, torch.bfloat16)
    with mixed:
        logits, run.carried = run.network(window.symbols.to(device), carried)
    targets = window.targets.to(device)
    loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
    run.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), settings.clip)
    run.optimiser.step()
    run.step += 1
    run.epoch, run.index = window.epoch, window.index + 1
    run.characters += window.symbols.numel()
    return loss.detach(), norm.detach()


def make_optimiser(network: CharLSTM, settings: TrainingRecipe) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019); only matrices decay, not biases nor the embedding."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        decays = parameter.dim() == 2 and not name.startswith("embedding")
        (matrices if decays else rest).append(parameter)
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.99), fused=True)


def choose_device(name: str | None) -> torch.device:
    """The named device, or the fastest that is there. Raises TrainingError for one that is not."""
    if name is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"the device '{name}' cannot be used: {reason}") from None
    return device
