"""Bytes → normalised text, block by block, whatever the length of the text.

Each stage takes an iterator of blocks and gives another; where blocks begin and end never shows
in what comes out. `cut` deals the bytes to the parts of a corpus; `decode`, `compose` and `unwrap`
then make each part's bytes its text.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from escriba.unicode import normalize

# Characters that never join with what stands before them, so that composition (NFC) may be
# interrupted before each: no combining marks, no vowels or final consonants of Hangul, no signs
# of the Indic scripts. Only some of them: every text has one of these every few characters.
_STARTER = re.compile(
    "[\0-\u02ff\u0370-\u0482\u05d0-\u05ea\u3041-\u3096\u4e00-\u9fff\uac00-\ud7a3]"
)


class BadByteError(Exception):
    """A byte that is not part of any UTF-8 character, and how many bytes stand before it."""

    def __init__(self, byte: int, position: int):
        super().__init__(byte, position)
        self.byte = byte
        self.position = position


def cut(
    blocks: Iterable[bytes], length: int, split: Sequence[int], stretches: int = 1
) -> Iterator[tuple[int, bytes]]:
    """Pieces of a file of `length` bytes, each with the number of what it belongs to: 0, 1 and 2
    for the parts of the first of the equal stretches, 3, 4 and 5 for those of the second, …

    The parts have `split` percent of a stretch's bytes; their ends move forward off the middle of
    a character or of a CRLF.
    """
    shares = (split[0], split[0] + split[1], 100)
    ends = [
        length * (100 * n + share) // (100 * stretches)
        for n in range(stretches)
        for share in shares
    ]
    number, position, last = 0, 0, b""
    for block in blocks:
        start = 0
        while start < len(block):
            room = ends[number] - position
            if number < len(ends) - 1 and room <= 0 and not _joined(last, block[start]):
                number += 1
                continue
            end = start + max(1, room) if number < len(ends) - 1 else len(block)
            piece = block[start:end]
            yield number, piece
            start, position, last = end, position + len(piece), piece[-1:]


def decode(blocks: Iterable[bytes], *, beginning: bool) -> Iterator[str]:
    """UTF-8 with every line end as LF; at the `beginning` of a file a BOM is dropped.

    Raises BadByteError.
    """
    utf8 = codecs.getincrementaldecoder("utf-8")()
    lines = io.IncrementalNewlineDecoder(utf8, translate=True)
    done = 0
    for block, final in _with_end(blocks):
        try:
            text = lines.decode(block, final)
        except UnicodeDecodeError as error:
            held = len(utf8.getstate()[0])
            raise BadByteError(error.object[error.start], done - held + error.start) from None
        done += len(block)
        if text and beginning:
            text, beginning = text.removeprefix("\ufeff"), False
        yield text


def compose(texts: Iterable[str]) -> Iterator[str]:
    """NFC. The tail of each block waits until a character comes that cannot join with it."""
    held = ""
    for text in texts:
        held += text
        last = next((i for i in range(len(held) - 1, 0, -1) if _STARTER.match(held, i)), 0)
        yield normalize(held[:last])
        held = held[last:]
    yield normalize(held)


def unwrap(texts: Iterable[str]) -> Iterator[str]:
    """Join the hard-wrapped lines of each paragraph; indented lines (verse, lists) stay."""
    # `before` is the last character that was given on: a line may end right after it.
    before = held = ""
    for text in texts:
        held += text
        end = len(held) - held.endswith("\n")
        ready = held[:end].rstrip(" \t")
        if ready:
            yield _WRAP.sub(" ", before + ready)[len(before) :]
            before, held = ready[-1], held[len(ready) :]
    yield _WRAP.sub(" ", before + held)[len(before) :]


_WRAP = re.compile(r"(?<=\S)[ \t]*\n(?=[^\s])")


def _joined(last: bytes, byte: int) -> bool:
    """Is the byte inside of a character or of a CRLF? `last` is the byte before it, if any."""
    return bool(last) and (byte & 0xC0 == 0x80 or (last == b"\r" and byte == 0x0A))


def _with_end(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True
