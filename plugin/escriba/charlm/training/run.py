"""A training under way: network, optimisers, place in the corpus, best weights; and its steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from escriba.charlm.device import mixed
from escriba.charlm.network import CharLSTM, Dropout, State
from escriba.charlm.training import states
from escriba.charlm.training.optimise import make_optimisers, set_rate
from escriba.charlm.training.origin import Origin
from escriba.charlm.training.processes import Processes
from escriba.charlm.training.schedule import Schedule
from escriba.charlm.training.settings import Settings
from escriba.corpora.windows import Window
from escriba.records.model import Network

# What a checkpoint holds beside tensors and the schedule.
PLAIN = (
    "attempt", "step", "epoch", "index", "characters", "seconds",
    "loss", "best", "best_step", "validated", "validations", "cooled_after",
    "exhausted",
)  # fmt: skip
LATER = ("stale", "since", "asked", "best_seconds")  # what those of earlier versions lack


# The learning rate of an attempt, as a share of that of the one before, which collapsed.
SLOWER = 0.3


@dataclass
class Run:
    """The state of a training, all of which a checkpoint holds.

    `losses` and `norms` are of the steps since the last line of the log, each a scalar tensor that
    stays on its device until it is needed.
    """

    settings: Settings
    precision: str
    device: torch.device
    processes: Processes
    network: CharLSTM
    forward: nn.Module  # the network, or what joins it with the other processes'
    optimisers: list[torch.optim.Optimizer]
    schedule: Schedule
    attempt: int = 0
    step: int = 0
    epoch: int = 0
    index: int = 0
    characters: int = 0
    seconds: float = 0.0
    loss: float | None = None  # mean of the last line of the log
    best: float = math.inf
    best_step: int = 0
    validated: int = 0  # the step of the last validation
    cooled_after: float = 0.0  # seconds after which the rate began to fall
    exhausted: bool = False  # whether it ends because the validation loss falls no more
    stale: int | None = None  # the best step when it was seen that the loss falls no more
    since: int = 0  # the step from which the patience with it counts
    asked: tuple[float | None, float | None, int | None] | None = None  # the limit it runs to
    best_seconds: float | None = None  # those of the best weights; None: unknown
    validations: list[tuple[int, float]] = field(default_factory=list)  # step and loss of each
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    carried: State | None = None
    losses: list[Tensor] = field(default_factory=list)
    norms: list[Tensor] = field(default_factory=list)

    def to_state(self) -> dict[str, Any]:
        """What a checkpoint holds. Every process must call it, since each has a part of it."""
        join = self.processes.join
        carried = self.carried and [tuple(join(p, 1) for p in layer) for layer in self.carried]
        return {
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.network.dropout.generator.get_state(),
            "schedule": (self.schedule.cool, self.schedule.end, self.schedule.bend),
            "best_weights": self.best_weights,
            "carried": carried,
            "losses": self.mean_losses().cpu(),
            "norms": torch.stack(self.norms).cpu() if self.norms else torch.empty(0),
            **{name: getattr(self, name) for name in (*PLAIN, *LATER)},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint holds.

        Raises ValueError, TypeError, KeyError, AttributeError or RuntimeError for what `to_state`
        never gives: anybody can make a file.
        """
        states.check(state, self.network, self.optimisers)
        self.network.load_state_dict(state["network"])
        for optimiser, values in zip(self.optimisers, state["optimisers"], strict=True):
            own = optimiser.state_dict()["param_groups"]  # which the settings decide
            optimiser.load_state_dict({"state": values["state"], "param_groups": own})
        self.network.dropout.generator.set_state(state["random"])
        self.schedule = Schedule(self.settings.warmup, *state["schedule"])
        for name in PLAIN:
            setattr(self, name, state[name])
        self.stale = state.get("stale", self.best_step if self.exhausted else None)
        self.since, self.asked = state.get("since", 0), state.get("asked")
        self.best_seconds = state.get("best_seconds")
        self.best_weights = state["best_weights"]
        if state["carried"] is not None:
            own = self.processes.own
            self.carried = [
                tuple(own(part, 1).to(self.device) for part in layer) for layer in state["carried"]
            ]
        self.losses = list(state["losses"].to(self.device))
        self.norms = list(state["norms"].to(self.device))

    def mean_losses(self) -> Tensor:
        """(n,) the losses since the last line of the log, over all processes."""
        if not self.losses:
            return torch.empty(0)
        losses = self.processes.mean(torch.stack(self.losses))
        self.losses = list(losses)
        return losses


def begin(
    network: Network,
    symbols: int,
    settings: Settings,
    *,
    precision: str,
    device: torch.device,
    processes: Processes = Processes(),  # noqa: B008, a frozen value
    attempt: int = 0,
    origin: Origin | None = None,
) -> Run:
    """A training at its first step, with the weights of its `origin` if it has one. `attempt`
    counts those that collapsed before it."""
    seed = settings.seed + 1_000_003 * attempt
    settings = replace(settings, learning_rate=settings.learning_rate * SLOWER**attempt)
    torch.manual_seed(seed)
    dropout = Dropout(settings.dropout, seed, processes.rank, processes.world)
    module = CharLSTM(network, symbols, dropout)
    if origin is not None and origin.weights:  # a checkpoint has its own
        origin.fill(module)
    module = module.to(device)
    forward: nn.Module = module
    if processes.world > 1:
        forward = DistributedDataParallel(
            module, device_ids=[device] if device.type == "cuda" else None
        )
    optimisers = make_optimisers(module, settings)
    schedule = Schedule(settings.warmup)
    module.train()
    return Run(
        settings, precision, device, processes, module, forward, optimisers, schedule, attempt
    )


def take_step(run: Run, window: Window) -> None:
    """One step of truncated back-propagation through time.

    The state at the end of the last window is carried in, without its gradient (Mikolov 2010). The
    gradient is scaled down to the norm `clip` where it is longer (Pascanu et al. 2013).
    """
    set_rate(run.optimisers, run.schedule.rate(run.step))
    with mixed(run.device, run.precision):
        logits, run.carried = run.forward(
            window.symbols.to(run.device), None if window.fresh else run.carried
        )
    targets = window.targets.to(run.device)
    loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
    run.network.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    clip = math.inf if run.settings.clip is None else run.settings.clip
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), clip)
    for optimiser in run.optimisers:
        optimiser.step()
    run.step += 1
    run.epoch, run.index = window.epoch, window.index + 1
    run.characters += window.symbols.numel() * run.processes.world
    run.losses.append(loss.detach())
    run.norms.append(norm.detach())
