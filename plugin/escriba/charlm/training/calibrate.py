"""How many streams to read side by side: the machine is asked."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import torch

from escriba.charlm.training.memory import estimate, find_memory
from escriba.charlm.training.run import begin, take_step
from escriba.charlm.training.settings import BATCH, Settings
from escriba.corpora.windows import Reader
from escriba.records.model import Network

LARGEST = 512
# A step of twice the batch must be worth it: so many times the symbols a second, since it learns
# less from each of them (docs/experiments.md).
WORTH = 1.5
STEPS_PER_EPOCH = 50  # at least, so that a short text is not read in a few large steps
TIMED = 4  # steps, of which the fastest counts


def choose_batch(
    network: Network,
    symbols: int,
    length: int,
    settings: Settings,
    precision: str,
    device: torch.device,
) -> int:
    """The batch for a text of that length over so many symbols: BATCH, doubled while it pays."""
    batch = BATCH
    limit = min(LARGEST, length // (STEPS_PER_EPOCH * settings.window))
    if 2 * batch > limit:
        return batch
    there = find_memory(device)
    speed = _measure(network, symbols, replace(settings, batch=batch), precision, device)
    while 2 * batch <= limit:
        doubled = replace(settings, batch=2 * batch)
        if there is not None and estimate(network, symbols, doubled, precision, 1) > there:
            break
        faster = _measure(network, symbols, doubled, precision, device)
        if faster < WORTH * speed:
            break
        batch, speed = 2 * batch, faster
    return batch


def _measure(
    network: Network, symbols: int, settings: Settings, precision: str, device: torch.device
) -> float:
    """Symbols a second of training steps on random text."""
    run = begin(network, symbols, settings, precision=precision, device=device)
    size = settings.batch * settings.window
    text = np.random.default_rng(1).integers(symbols, size=size * (TIMED + 3), dtype=np.uint32)
    times = []
    for window in Reader(text, settings.batch, settings.window, seed=1).read():
        begun = time.perf_counter()
        take_step(run, window)
        float(run.losses[-1])  # waits for the device
        times.append(time.perf_counter() - begun)
        if len(times) == TIMED + 1:  # the first warms up
            return size / min(times[1:])
    raise AssertionError("a reader never ends")
