"""What a network writes while it trains: for its log, in floating point."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from escriba.charlm.network import CharLSTM, State
from escriba.records.vocabulary import Vocabulary

STEPS = frozenset(
    {10, 30, 100, 300, 500, 700} | {n * 10**power for n in (1, 2, 3, 5) for power in range(3, 7)}
)
LENGTH = 500  # symbols
PROMPT = "\n"
TEMPERATURE = 0.8
SEED = 1


def preview(network: CharLSTM, vocabulary: Vocabulary) -> list[int]:
    """Symbols to go on from PROMPT; always by the same random numbers, so that only the network
    differs."""
    return write_several(network, vocabulary, [SEED], TEMPERATURE)[0]


@torch.inference_mode()
def write_several(
    network: CharLSTM, vocabulary: Vocabulary, seeds: Sequence[int], temperature: float = 1.0
) -> list[list[int]]:
    """LENGTH symbols to go on from PROMPT by the random numbers of each seed, side by side."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    read = torch.full((1, len(seeds)), vocabulary.indices.get(PROMPT, 0), device=device)
    state: State | None = None
    written: list[torch.Tensor] = []
    for _ in range(LENGTH):
        logits, state = network(read, state)
        chances = torch.softmax(logits[0].double().cpu() / temperature, 1)
        draws = [torch.rand(1, generator=each, dtype=torch.float64) for each in generators]
        found = torch.searchsorted(chances.cumsum(1), torch.stack(draws))  # (len(seeds), 1)
        read = found.clamp(max=len(vocabulary) - 1).t().to(device)
        written.append(read[0].cpu())
    network.train(was_training)
    return torch.stack(written, 1).tolist()
