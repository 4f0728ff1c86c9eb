"""What a network writes while it trains: for its log, in floating point."""

from __future__ import annotations

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


@torch.inference_mode()
def preview(network: CharLSTM, vocabulary: Vocabulary) -> list[int]:
    """Symbols to go on from PROMPT; always by the same random numbers, so that only the network
    differs."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(SEED)
    index = vocabulary.indices.get(PROMPT, 0)
    state: State | None = None
    written: list[int] = []
    for _ in range(LENGTH):
        logits, state = network(torch.tensor([[index]], device=device), state)
        chances = torch.softmax(logits[0, 0].double().cpu() / TEMPERATURE, 0)
        draw = torch.rand(1, generator=generator, dtype=torch.float64)
        index = int(torch.searchsorted(chances.cumsum(0), draw).clamp(max=len(vocabulary) - 1))
        written.append(index)
    network.train(was_training)
    return written
