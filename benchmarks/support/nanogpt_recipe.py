"""nanoGPT's CPU recipe for tiny Shakespeare, for `benchmarks/training.py --vs nanogpt-recipe`.

The network and its training as karpathy/nanoGPT publishes them: its README gives the sizes and the
2,000 iterations, config/train_shakespeare_char.py the rest. A GPT-2 without biases (Radford et al.
2019): learned positions, normalisation before each part, GELU, embedding and head in one matrix.
It is written here to run as fast as torch lets it: fused AdamW where the original has the plain
one on a CPU, batches gathered in one call, nothing logged. Like the original on a CPU, it
calculates in float32 and does not compile. Random numbers are drawn in the original's order, so
that with its seed the last estimate of the loss is the original's own: 1.8857.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SEED = 1337  # the original's


@dataclass(frozen=True)
class Settings:
    layers: int = 4
    heads: int = 4
    width: int = 128
    block: int = 64  # characters of context
    batch: int = 12
    iterations: int = 2000
    warmup: int = 100
    highest_rate: float = 1e-3
    lowest_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.1
    clip: float = 1.0
    evaluate_every: int = 250  # iterations
    evaluate_on: int = 20  # batches of either part


@dataclass(frozen=True)
class Outcome:
    """A whole training. Losses are in nats per character of the validation part."""

    seconds: float  # of the iterations alone
    evaluating: float  # seconds of the evaluations between them
    estimate: float  # by the last of these: random blocks, whose first characters lack context
    loss: float  # on the whole part, each character after 57 to 64 others


class Layer(nn.Module):
    def __init__(self, settings: Settings):
        super().__init__()
        width = settings.width
        self.heads = settings.heads
        self.attention_norm = nn.LayerNorm(width, bias=False)
        self.attention_in = nn.Linear(width, 3 * width, bias=False)
        self.attention_out = nn.Linear(width, width, bias=False)
        self.wide_norm = nn.LayerNorm(width, bias=False)
        self.wide_in = nn.Linear(width, 4 * width, bias=False)
        self.wide_out = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.attention_norm(x))
        wide: Tensor = self.wide_out(F.gelu(self.wide_in(self.wide_norm(x))))
        return x + wide

    def attend(self, x: Tensor) -> Tensor:
        parts = self.attention_in(x).unflatten(-1, (3, self.heads, -1))  # (B, T, 3, heads, C/heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        out: Tensor = self.attention_out(mixed.transpose(1, 2).flatten(2))  # (B, T, C)
        return out


class Transformer(nn.Module):
    def __init__(self, settings: Settings, symbols: int):
        super().__init__()
        self.symbols = nn.Embedding(symbols, settings.width)
        self.positions = nn.Embedding(settings.block, settings.width)
        self.layers = nn.Sequential(*(Layer(settings) for _ in range(settings.layers)))
        self.norm = nn.LayerNorm(settings.width, bias=False)
        self.head = nn.Linear(settings.width, symbols, bias=False)
        self.head.weight = self.symbols.weight
        for module in self.modules():
            if isinstance(module, nn.Embedding | nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if name.endswith("_out.weight"):  # what is added to the residual stream
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * settings.layers))

    def forward(self, symbols: Tensor) -> Tensor:
        """symbols (B, T) → logits (B, T, V)."""
        x = self.symbols(symbols) + self.positions.weight[: symbols.shape[1]]
        logits: Tensor = self.head(self.norm(self.layers(x)))
        return logits


def train(
    text: Tensor, held_out: Tensor, symbols: int, *, seed: int, settings: Settings | None = None
) -> Outcome:
    """One training from scratch on text (N,), measured on held_out (M,)."""
    settings = settings or Settings()
    torch.manual_seed(seed)
    network = Transformer(settings, symbols)
    optimiser = make_optimiser(network, settings)
    blocks = draw_blocks(text, settings)
    evaluating, estimate = 0.0, math.nan
    begun = time.perf_counter()
    for iteration in range(settings.iterations + 1):
        if iteration % settings.evaluate_every == 0:
            paused = time.perf_counter()
            _, estimate = (estimate_loss(network, part, settings) for part in (text, held_out))
            evaluating += time.perf_counter() - paused
        if iteration == settings.iterations:
            break
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(settings, iteration)
        loss = mean_loss(network, blocks)
        blocks = draw_blocks(text, settings)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - begun - evaluating
    return Outcome(seconds, evaluating, estimate, measure(network, held_out, settings.block))


def make_optimiser(network: Transformer, settings: Settings) -> torch.optim.Optimizer:
    """AdamW; all matrices decay, the embeddings too, and the scales of the normalisation do not."""
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.highest_rate, betas=settings.betas, fused=True)


def learning_rate(settings: Settings, iteration: int) -> float:
    """Linear up to the highest, then half a cosine down to the lowest."""
    if iteration < settings.warmup:
        return settings.highest_rate * (iteration + 1) / (settings.warmup + 1)
    share = (iteration - settings.warmup) / (settings.iterations - settings.warmup)
    span = settings.highest_rate - settings.lowest_rate
    return settings.lowest_rate + span * 0.5 * (1 + math.cos(math.pi * share))


def draw_blocks(text: Tensor, settings: Settings) -> Tensor:
    """(B, T + 1): blocks that begin anywhere in text (N,), each with the character after it."""
    starts = torch.randint(len(text) - settings.block, (settings.batch,))
    return text[starts[:, None] + torch.arange(settings.block + 1)]


def mean_loss(network: Transformer, blocks: Tensor) -> Tensor:
    return F.cross_entropy(network(blocks[:, :-1]).flatten(0, 1), blocks[:, 1:].flatten())


@torch.inference_mode()
def estimate_loss(network: Transformer, text: Tensor, settings: Settings) -> float:
    batches = (draw_blocks(text, settings) for _ in range(settings.evaluate_on))
    return float(torch.stack([mean_loss(network, blocks) for blocks in batches]).mean())


@torch.inference_mode()
def measure(network: Transformer, text: Tensor, block: int, stride: int = 8) -> float:
    """The mean loss over text (N,): windows advance by `stride`, and only what the one before has
    not predicted counts, so that each character stands after `block` - `stride` + 1 others or
    more (but for the first `block` of the text)."""
    last = len(text) - 1  # so many characters are predicted
    starts = torch.tensor([*range(0, last - block, stride), last - block])
    done = torch.cat([torch.zeros(1, dtype=torch.long), starts[:-1] + block])
    total = 0.0
    for at in range(0, len(starts), 128):
        places = starts[at : at + 128, None] + torch.arange(block)  # (B, T)
        losses = F.cross_entropy(
            network(text[places]).flatten(0, 1), text[places + 1].flatten(), reduction="none"
        )
        counted = places >= done[at : at + 128, None]
        total += float(losses.double()[counted.flatten()].sum())
    return total / last
