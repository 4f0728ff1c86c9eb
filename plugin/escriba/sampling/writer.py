"""A writer: the text of one stream, from the symbols it draws."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from escriba.records.vocabulary import MARKS, Vocabulary
from escriba.sampling.request import Options
from escriba.sampling.until import Ending, count_settled


class Writer:
    """The text of one stream, from the symbols it draws."""

    def __init__(self, vocabulary: Vocabulary, options: Options):
        self.ended = False
        self._settled: list[str] = []  # what is certain to stay, in pieces
        self._length = 0  # of these together
        self._taken = 0  # so many pieces
        self._open = ""  # what comes after them
        self._vocabulary = vocabulary
        self._until = options.until
        self._ending = Ending(options.until)
        self._left = options.length
        # Half a character at a piece's end waits for its other half.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def may_end(self) -> bool:
        """Whether what it says may end the text before its length."""
        return self._until is not None

    @property
    def text(self) -> str:
        return "".join([*self._settled, self._open])

    def take(self) -> str:
        """What is certain to stay of the text and was not taken before."""
        taken = "".join(self._settled[self._taken :])
        self._taken = len(self._settled)
        return taken

    def write(self, drawn: Sequence[int]) -> bool:
        """Add what was drawn; true if the text has ended."""
        self._left -= len(drawn)
        symbols = "".join([self._vocabulary.symbols[index] for index in drawn])
        symbols, over = self._end_document(symbols)
        if self._vocabulary.unit == "bytes":
            final = over or not self._left
            symbols = self._decoder.decode(symbols.encode("latin-1"), final=final)
        end = self._ending.read(symbols)
        text = self._open + symbols
        if end is not None:
            text = text[: end - self._length]
        self.ended = end is not None or over or not self._left
        size = len(text) if self.ended else count_settled(text, self._until)
        self._settled.append(text[:size])
        self._length += size
        self._open = text[size:]
        return self.ended

    def _end_document(self, symbols: str) -> tuple[str, bool]:
        """What is written of these, and whether the text is over: at the mark of a document's end,
        or else that ends a line."""
        mark = MARKS[self._vocabulary.unit]
        if self._until == "document":
            symbols, found, _ = symbols.partition(mark)
            return symbols, bool(found)
        return symbols.replace(mark, "\n"), False
