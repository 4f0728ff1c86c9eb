"""How well a network predicts a text: mean cross-entropy in nats per symbol."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from escriba.charlm.network import CharLSTM, State


@torch.inference_mode()
def measure(
    network: CharLSTM,
    text: Tensor,
    before: Tensor | None = None,
    *,
    streams: int = 64,
    context: int = 256,
    window: int = 256,
) -> float:
    """The mean of -ln p(symbol | everything before it) over a text, in nats.

    text (N,) and before (M,) are symbol indices. The text is read in parallel streams; each
    first reads the `context` symbols that stand before its share, so that the result differs
    from one sequential reading by less than 1e-3. `before` is what precedes the text (the
    validation part, for a test part); without it the first symbol is not predicted.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    head = before[-context:] if before is not None else text[:0]
    whole = torch.cat([head, text]).long()
    first = max(len(head), 1)  # index in `whole` of the first symbol to predict
    count = len(whole) - first
    streams = max(1, min(streams, count // (2 * context) or 1))
    share = -(-count // streams)
    # Positions read by each stream: (context + share, streams); the symbol after each is predicted.
    reads = torch.arange(-context, share)[:, None] + first - 1 + share * torch.arange(streams)
    counted = (torch.arange(-context, share)[:, None] >= 0) & (reads < len(whole) - 1)
    symbols = whole[reads.clamp(0, len(whole) - 2)]
    targets = whole[reads.clamp(0, len(whole) - 2) + 1]
    total = 0.0
    state: State | None = None
    edges = sorted({*range(0, context, window), *range(context, context + share, window)})
    for start, end in zip(edges, [*edges[1:], context + share], strict=True):
        if start == context and state is not None:
            # Streams that begin nearer to the start than `context` have read padding: forget it.
            padded = (reads[0] < 0).to(device)
            state = [tuple(part.masked_fill(padded[None, :, None], 0) for part in s) for s in state]
            short = torch.nonzero(reads[0] < 0).flatten().tolist()
            for stream in short:
                real = int(reads[context, stream])
                if real > 0:
                    _, warm = network(whole[:real, None].to(device))
                    for layer, part in zip(state, warm, strict=True):
                        for kept, new in zip(layer, part, strict=True):
                            kept[:, stream] = new[:, 0]
        logits, state = network(symbols[start:end].to(device), state)
        if start >= context:
            losses = F.cross_entropy(
                logits.float().flatten(0, 1), targets[start:end].flatten().to(device),
                reduction="none",
            )  # fmt: skip
            total += float((losses.double() * counted[start:end].flatten().to(device)).sum())
    network.train(was_training)
    return total / max(count, 1)
