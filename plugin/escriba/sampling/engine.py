"""A model that writes: options → text, in exact integer arithmetic.

The kernel runs in wasmtime; where wasmtime is not installed the reference, in numpy, does the same,
much slower. Either is imported when an engine is made, and not before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from escriba.records.model import Model
from escriba.sampling.request import Options
from escriba.sampling.stream import Runner, make_stream
from escriba.sampling.workers import Job, WorkerPool
from escriba.sampling.writer import Writer

PIECE = 32  # steps between two looks at a text that somebody watches
SHARED = 4000  # symbols from which on several processors share them


class Engine:
    """A model, loaded and ready to sample. Texts are without their prompts.

    Raises ModelError for a model that cannot be run exactly.
    """

    def __init__(self, model: Model, runner: Runner | None = None, workers: int | None = None):
        """`workers` is how many threads write many samples: by default, one a processor."""
        self.model = model
        self._runners = [runner or load_runner(model)]  # one for each thread that has been needed
        self._workers = workers or count_processors()

    def sample(self, options: Options) -> str:
        """The text that some options give. Raises SourceError for an unreadable prompt."""
        return self.sample_many([options])[0]

    def sample_many(
        self,
        options: Sequence[Options],
        end: Callable[[int, str], None] = lambda number, text: None,
        advance: Callable[[int], None] = lambda symbols: None,
    ) -> list[str]:
        """The texts of many options; together they take much less time, and are the same.

        `end` gets the number and the text of each once it is written; `advance` how many symbols
        less there are to write, of all lengths together. Either may be called in another thread,
        `advance` by one at a time.
        """
        jobs = [
            Job(
                make_stream(self.model, each), Writer(self.model.vocabulary, each), partial(end, at)
            )
            for at, each in enumerate(options)
        ]
        if not jobs:
            return []
        sizes = [len(job.stream.prompt) + job.stream.length for job in jobs]
        workers = min(self._workers, len(jobs)) if sum(sizes) >= SHARED else 1
        while len(self._runners) < workers:
            self._runners.append(self._runners[0].copy())
        batches = [runner.begin(max(sizes)) for runner in self._runners[:workers]]
        WorkerPool(jobs, batches, advance).write()
        return [job.writer.text for job in jobs]

    def stream(self, options: Options) -> Iterator[str]:
        """The text of `sample`, piece by piece as it is written.

        An engine writes one thing at a time: to go on after another call is a RuntimeError.
        """
        stream = make_stream(self.model, options)
        batch = self._runners[0].begin(len(stream.prompt) + stream.length)
        (place,) = batch.add([stream])
        writer = Writer(self.model.vocabulary, options)
        while not writer.ended:
            writer.write(batch.advance(PIECE)[place])
            if piece := writer.take():
                yield piece

    @property
    def logit_shift(self) -> int:
        """What the integers of `score` are to be divided by, as a power of two."""
        return self._runners[0].logit_shift

    def score(self, symbols: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """After each symbol, read one after the other, the logits (V,) of the next one, in integers
        at 2^logit_shift. What was streamed before cannot go on."""
        return self._runners[0].score(symbols)


def load_runner(model: Model) -> Runner:
    """The kernel with a model in it, or the reference where wasmtime is not available."""
    from escriba.sampling.wasm import Wasm, is_available

    if is_available():
        return Wasm(model)
    from escriba.sampling.quantised import quantise
    from escriba.sampling.reference import Reference

    return Reference(quantise(model))


def count_processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has it
        return os.cpu_count() or 1
