"""A model that writes: options → text, in exact integer arithmetic.

The kernel runs in wasmtime; where wasmtime is not installed the reference, in numpy, does the same,
much slower. Either is imported when an engine is made, and not before.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence

from escriba.model import Model
from escriba.sampling.request import Options
from escriba.sampling.stream import BATCH, Runner, make_stream
from escriba.sampling.until import count_settled, find_end
from escriba.vocabulary import Vocabulary

CHUNK = 256  # steps between two looks at the text, at most
PIECE = 16  # the same where somebody is watching


class Engine:
    """A model, loaded and ready to sample. Texts are without their prompts.

    Raises ModelError for a model that cannot be run exactly.
    """

    def __init__(self, model: Model, runner: Runner | None = None):
        self.model = model
        self._runner = runner or load_runner(model)

    def sample(self, options: Options) -> str:
        """The text that some options give. Raises SourceError for an unreadable prompt."""
        return self.sample_many([options])[0]

    def sample_many(self, options: Sequence[Options]) -> list[str]:
        """The texts of many options; together they take much less time, and are the same."""
        streams = [make_stream(self.model, each) for each in options]
        texts: list[str] = []
        for start in range(0, len(streams), BATCH):
            group = options[start : start + BATCH]
            batch = self._runner.begin(streams[start : start + BATCH])
            writers = [Writer(self.model.vocabulary, each) for each in group]
            while not all(writer.ended for writer in writers):
                for index, drawn in enumerate(batch.advance(CHUNK)):
                    if not writers[index].ended and writers[index].write(drawn):
                        batch.stop(index)
            texts.extend(writer.text for writer in writers)
        return texts

    def stream(self, options: Options) -> Iterator[str]:
        """The text of `sample`, piece by piece as it is written.

        An engine writes one thing at a time: to go on after another call is a RuntimeError.
        """
        batch = self._runner.begin([make_stream(self.model, options)])
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
