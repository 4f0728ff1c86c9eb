"""What a network writes while it trains: for the log, in floating point, never published."""

from __future__ import annotations

import torch

from escriba.charlm.network import CharLSTM, State
from escriba.vocabulary import Vocabulary


@torch.inference_mode()
def preview(
    network: CharLSTM, vocabulary: Vocabulary, length: int, *, temperature: float, seed: int
) -> str:
    """Text of that many symbols after a line end; the same random numbers for the same seed."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    index = vocabulary.indices.get("\n", 0)
    state: State | None = None
    written: list[int] = []
    for _ in range(length):
        logits, state = network(torch.tensor([[index]], device=device), state)
        chances = torch.softmax(logits[0, 0].double().cpu() / temperature, 0)
        draw = torch.rand(1, generator=generator, dtype=torch.float64)
        index = int(torch.searchsorted(chances.cumsum(0), draw).clamp(max=len(vocabulary) - 1))
        written.append(index)
    network.train(was_training)
    return vocabulary.decode(written)
