"""A writer: the text of one stream, from the symbols it draws."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from escriba.sampling.request import Options
from escriba.sampling.until import count_settled, find_end
from escriba.vocabulary import Vocabulary


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

    @property
    def may_end(self) -> bool:
        """Whether what it says may end the text before its length."""
        return self._until is not None

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
