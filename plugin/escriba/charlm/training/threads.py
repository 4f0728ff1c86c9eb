"""How many threads take the steps of a training: as many as help, whatever else the machine does.

Beside a busy process every operation waits for the thread that has no processor just then, and
fewer threads may be faster. So now and then each number is tried for a few steps, and the fastest
is taken until the next time. A training must end in the same bytes whenever that happens: only such
numbers are tried as give the same bits. (With some shapes the terms of a sum are dealt to the
threads, which rounds it otherwise.)
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from escriba.charlm.network import tensors
from escriba.charlm.training.run import begin, take_step
from escriba.charlm.training.settings import Settings
from escriba.charlm.training.training import Training
from escriba.corpora.windows import Reader
from escriba.records.model import Network

TRIED = 4  # steps with each number
EVERY = 20  # a trial comes after so many times as long as it took
BETTER = 0.9  # of the time: what another number must take to be worth a change
REHEARSED = 2  # steps, whose bits are compared


@dataclass
class Threads:
    """Takes steps with the number of threads that is fastest, of those that `numbers` allows; the
    first is the usual one."""

    numbers: Sequence[int]
    clock: Callable[[], float] = time.perf_counter
    number: int = field(init=False)
    _trial: list[int] = field(init=False, default_factory=list)  # numbers of the steps to come
    _times: dict[int, float] = field(init=False, default_factory=dict)  # seconds with each
    _due: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.number = self.numbers[0]

    def take(self, step: Callable[[], None]) -> None:
        """Take a step, with the number of threads that it is the turn of."""
        if len(self.numbers) == 1:
            step()
            return
        number = self._trial.pop() if self._trial else self.number
        torch.set_num_threads(number)
        begun = self.clock()
        try:
            step()
        finally:  # everything else has the usual number, and therefore always the same bits
            torch.set_num_threads(self.numbers[0])
        ended = self.clock()
        if number in self._times:
            self._times[number] += ended - begun
            if not self._trial:
                self._settle(ended)
        elif ended >= self._due:
            self._trial = [*self.numbers] * TRIED
            self._times = dict.fromkeys(self.numbers, 0.0)

    def _settle(self, now: float) -> None:
        fastest = min(self._times, key=lambda number: self._times[number])
        if self._times[fastest] < BETTER * self._times[self.number]:
            self.number = fastest
        self._due = now + EVERY * sum(self._times.values())
        self._times = {}


def choose_threads(training: Training) -> Threads:
    """The threads of a training. On other devices, and with several processes, always as many as
    there are."""
    if training.device.type != "cpu" or training.processes.world > 1:
        return Threads((torch.get_num_threads(),))
    reader = training.reader
    settings = replace(training.settings, batch=reader.batch, window=reader.window)
    network, symbols = training.recipe.architecture(), len(training.corpus.vocabulary)
    return Threads(find_numbers(network, symbols, settings, training.precision))


def find_numbers(
    network: Network, symbols: int, settings: Settings, precision: str
) -> tuple[int, ...]:
    """The numbers of threads to choose from on this machine, the usual one first: fewer ones with
    which steps of that shape, with `settings` fitted to the text, give the same bits."""
    usual = torch.get_num_threads()
    fewer = sorted({usual - 1, usual // 2, 1} - {0, usual}, reverse=True)
    if not fewer:
        return (usual,)

    def rehearse(number: int) -> str:
        return _rehearse(network, symbols, settings, precision, number)

    with suppress(RuntimeError):  # what one number cannot do is no choice
        expected = rehearse(usual)
        return usual, *(number for number in fewer if rehearse(number) == expected)
    return (usual,)


def _rehearse(
    network: Network, symbols: int, settings: Settings, precision: str, number: int
) -> str:
    """The digest of the weights after the first steps on random text, by so many threads."""
    usual = torch.get_num_threads()
    # A gradient that is clipped depends on the norm of it, as any may later.
    settings = replace(settings, warmup=0, clip=1e-3 if settings.clip else None)
    run = begin(network, symbols, settings, precision=precision, device=torch.device("cpu"))
    size = settings.batch * settings.window * (REHEARSED + 2)
    text = np.random.default_rng(1).integers(symbols, size=size, dtype=np.uint32)
    torch.set_num_threads(number)
    try:
        for window in Reader(text, settings.batch, settings.window, seed=1).read():
            take_step(run, window)
            if run.step == REHEARSED:
                break
    finally:
        torch.set_num_threads(usual)
    found = hashlib.sha256()
    for name, tensor in sorted(tensors(run.network).items()):
        found.update(name.encode() + tensor.numpy().tobytes())
    for value in (*run.losses, *run.norms):
        found.update(value.numpy().tobytes())
    return found.hexdigest()
