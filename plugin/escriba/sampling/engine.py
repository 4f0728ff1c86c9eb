"""A model that writes: options → text, in exact integer arithmetic.

The kernel runs in wasmtime; where wasmtime is not installed the reference, in numpy, does the same,
much slower. Either is imported when an engine is made, and not before.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from escriba.model import Model
from escriba.sampling.request import Options
from escriba.sampling.stream import BATCH, Runner, Stream, make_stream
from escriba.sampling.until import count_settled, find_end
from escriba.vocabulary import Vocabulary

CHUNK = 256  # steps between two looks at the text, at most
PIECE = 16  # the same where somebody is watching
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

    def sample_many(self, options: Sequence[Options]) -> list[str]:
        """The texts of many options; together they take much less time, and are the same."""
        streams = [make_stream(self.model, each) for each in options]
        symbols = sum(len(stream.prompt) + stream.length for stream in streams)
        workers = min(self._workers, len(streams)) if symbols >= SHARED else 1
        pairs = list(zip(options, streams, strict=True))
        groups = [pairs[begin:end] for begin, end in _split(len(pairs), workers)]
        while len(self._runners) < workers:
            self._runners.append(self._runners[0].copy())
        runners: SimpleQueue[Runner] = SimpleQueue()
        for runner in self._runners:
            runners.put(runner)

        def write(group: Sequence[tuple[Options, Stream]]) -> list[str]:
            runner = runners.get()
            try:
                return self._write(runner, group)
            finally:
                runners.put(runner)

        if workers == 1:
            texts = map(write, groups)
            return [text for group in texts for text in group]
        with ThreadPoolExecutor(workers) as pool:  # a runner works without Python's lock
            return [text for group in pool.map(write, groups) for text in group]

    def _write(self, runner: Runner, group: Sequence[tuple[Options, Stream]]) -> list[str]:
        batch = runner.begin([stream for _, stream in group])
        writers = [Writer(self.model.vocabulary, options) for options, _ in group]
        while not all(writer.ended for writer in writers):
            for index, drawn in enumerate(batch.advance(CHUNK)):
                if not writers[index].ended and writers[index].write(drawn):
                    batch.stop(index)
        return [writer.text for writer in writers]

    def stream(self, options: Options) -> Iterator[str]:
        """The text of `sample`, piece by piece as it is written.

        An engine writes one thing at a time: to go on after another call is a RuntimeError.
        """
        batch = self._runners[0].begin([make_stream(self.model, options)])
        writer = Writer(self.model.vocabulary, options)
        shown = 0
        while not writer.ended:
            writer.write(batch.advance(PIECE)[0])
            if writer.settled > shown:
                yield writer.text[shown : writer.settled]
                shown = writer.settled


class Writer:
    """The text of one stream, from the symbols it draws."""

    def __init__(self, vocabulary: Vocabulary, options: Options):
        self.text = ""
        self.settled = 0  # so much of the text is certain to stay
        self.ended = False
        self._vocabulary = vocabulary
        self._until = options.until
        self._left = options.length
        # Half a character at a piece's end waits for its other half.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, drawn: Sequence[int]) -> bool:
        """Add what was drawn; true if the text has ended."""
        self._left -= len(drawn)
        symbols = "".join([self._vocabulary.symbols[index] for index in drawn])
        if self._vocabulary.unit == "bytes":
            symbols = self._decoder.decode(symbols.encode("latin-1"), final=not self._left)
        self.text += symbols
        end = find_end(self.text, self._until)
        if end is not None:
            self.text = self.text[:end]
        self.ended = end is not None or not self._left
        self.settled = len(self.text) if self.ended else count_settled(self.text, self._until)
        return self.ended


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


def _split(count: int, workers: int) -> Iterator[tuple[int, int]]:
    """Cut so many streams into groups of equal size, at most BATCH, as many for each worker."""
    groups = workers * -(-count // (BATCH * workers))
    for number in range(groups):
        begin, end = count * number // groups, count * (number + 1) // groups
        if end > begin:
            yield begin, end
