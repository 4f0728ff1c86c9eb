"""The symbols that a model reads and writes: Unicode code points, or bytes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from escriba.ground.errors import SourceError
from escriba.ground.language import tr
from escriba.ground.unicode import normalize

Unit = Literal["characters", "bytes"]
What = Literal["prompt", "text"]  # what is read, as messages call it
LISTED = 200  # symbols in a message, at most
# What stands at the end of each document of a corpus that is split by files. No text has it: it is
# no character of Unicode (section 23.7), and in UTF-8 there is no such byte.
MARK = "\uffff"
MARKS: Mapping[Unit, str] = {"characters": MARK, "bytes": "\xff"}


@dataclass(frozen=True)
class Vocabulary:
    """Symbol ↔ index. `symbols` are single characters, in code point order.

    With the unit `bytes` a symbol is the character of the same number (0 to 255, Latin-1),
    so that both units are stored and compared alike.
    """

    unit: Unit
    symbols: str

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def indices(self) -> dict[str, int]:
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    @property
    def mark(self) -> int | None:
        """The index of the mark of a document's end, in a model that knows one."""
        return self.indices.get(MARKS[self.unit])

    @property
    def start(self) -> int:
        """What is read before a text that nothing precedes: the end of a document, or of a line."""
        return self.indices.get("\n", 0) if self.mark is None else self.mark

    def encode(self, text: str, what: What = "prompt") -> list[int]:
        """Text (put here into the form that corpora have) → indices.

        Raises SourceError naming the first character that the vocabulary lacks, and what lacks it.
        """
        text = as_read(text)
        units = spell(text, self.unit)
        try:
            return [self.indices[unit] for unit in units]
        except KeyError as error:
            problem = self._unknown(text, str(error.args[0]), what)
            raise SourceError(problem) from None

    def decode(self, indices: Iterable[int]) -> str:
        """Indices → text. Bytes that are not UTF-8 become U+FFFD, as Unicode advises, and the end
        of a document the end of a line."""
        text = "".join([self.symbols[index] for index in indices]).replace(MARKS[self.unit], "\n")
        if self.unit == "bytes":
            text = text.encode("latin-1").decode("utf-8", "replace")
        return text

    def find_strange(self, text: str) -> str | None:
        """The first character of a text that can never be written with these symbols."""
        for character in text:
            if self.unit == "characters":
                units = character
            elif character == "\ufffd":  # which bytes that are no text are shown as
                continue
            else:
                units = character.encode().decode("latin-1")
            if any(unit not in self.indices for unit in units):
                return character
        return None

    def _unknown(self, text: str, unit: str, what: What) -> str:
        if self.unit == "bytes":
            return (
                tr("the byte 0x{byte:02x} of the prompt is not in the model's vocabulary",
                   byte=ord(unit))
                if what == "prompt"
                else tr("the byte 0x{byte:02x} of the text is not in the model's vocabulary",
                        byte=ord(unit))
            )  # fmt: skip
        values = {
            "character": name_character(unit), "position": text.find(unit) + 1,
            "size": len(self), "symbols": self.listed(),
        }  # fmt: skip
        if what == "prompt":
            return tr(
                "the character {character}, number {position} of the prompt, is not in the model's "
                "vocabulary of {size}: {symbols}",
                **values,
            )
        return tr(
            "the character {character}, number {position} of the text, is not in the model's "
            "vocabulary of {size}: {symbols}",
            **values,
        )

    def listed(self) -> str:
        """The printable symbols in one line, for messages: all, or as many as one can look over."""
        shown = "".join(s for s in self.symbols if s.isprintable())
        return shown if len(shown) <= LISTED else shown[: LISTED - 1] + "…"


def as_read(text: str) -> str:
    """A text in the form that corpora have: characters composed (NFC), and lines that end in LF."""
    return normalize(text.replace("\r\n", "\n").replace("\r", "\n"))


def spell(text: str, unit: Unit) -> str:
    """The symbols of a text, as a vocabulary names them."""
    if unit == "characters":
        return text
    return text.encode().replace(MARK.encode(), b"\xff").decode("latin-1")


def name_character(character: str) -> str:
    """A character in messages: itself, its number and its name."""
    name = unicodedata.name(character, "")
    return f"{character!r} (U+{ord(character):04X}{', ' + name if name else ''})"


def collect(texts: Iterable[str], unit: Unit) -> Vocabulary:
    """The vocabulary of some texts: all their symbols, in order."""
    found: set[str] = set()
    for text in texts:
        found |= set(spell(text, unit))
    return Vocabulary(unit, "".join(sorted(found)))
