"""The optimisers: AdamW for everything, or Muon for the layers' matrices and AdamW for the rest."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW, Muon, Optimizer

from escriba.charlm.network import CharLSTM
from escriba.charlm.training.settings import Settings

# The learning rate of AdamW beside Muon, as a share of Muon's.
BESIDE_MUON = 0.4


def make_optimisers(network: CharLSTM, settings: Settings) -> list[Optimizer]:
    """AdamW (Loshchilov & Hutter 2019) and, if the settings say so, Muon (Jordan et al. 2024).

    Only matrices decay, not biases nor the embedding. Each group's `rate` is its highest rate.
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


def set_rate(optimisers: list[Optimizer], share: float) -> None:
    """Set every learning rate to that share of its highest."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["highest"] * share
