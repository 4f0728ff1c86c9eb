"""Bytes → normalised text, block by block, whatever the length of the text.

Each stage takes an iterator of blocks and gives another; where blocks begin and end never shows
in what comes out. `cut` deals the bytes to the parts of a corpus; `decode`, `compose` and `unwrap`
then make each part's bytes its text.
"""

from __future__ import annotations

import codecs
import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from escriba.ground.unicode import normalize

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
    last = len(shares) * stretches - 1  # number of the last part

    def end(number: int) -> int:
        """Where a part ends, in bytes from the file's start."""
        stretch, part = divmod(number, len(shares))
        return length * (100 * stretch + shares[part]) // (100 * stretches)

    number, position, before = 0, 0, b""
    for block in blocks:
        start = 0
        while start < len(block):
            if number < last and end(number) <= position and not _joined(before, block[start]):
                number = bisect_right(range(last), position, number, key=end)
            room = max(1, end(number) - position) if number < last else len(block)
            piece = block[start : start + room]
            yield number, piece
            start, position, before = start + room, position + len(piece), piece[-1:]


def decode(blocks: Iterable[bytes], *, beginning: bool, encoding: str = "utf-8") -> Iterator[str]:
    """UTF-8, or what else is named, with every line end as LF; at the `beginning` of a file a BOM
    is dropped.

    Raises BadByteError.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    done = 0
    for block, final in _with_end(blocks):
        try:
            text = lines.decode(block, final)
        except UnicodeDecodeError as error:
            held = len(decoder.getstate()[0])
            raise BadByteError(error.object[error.start], done - held + error.start) from None
        except UnicodeError:  # of UTF-16 without the mark that it begins with
            raise BadByteError(block[0] if block else 0, done) from None
        done += len(block)
        if text and beginning:
            text, beginning = text.removeprefix("\ufeff"), False
        yield text


def compose(texts: Iterable[str]) -> Iterator[str]:
    """NFC. The tail of each block waits until a character comes that cannot join with it."""
    held: list[str] = []
    for text in texts:
        # Every block is searched once: there may be none for as long as the text is.
        last = next((i for i in range(len(text) - 1, -1, -1) if _STARTER.match(text, i)), None)
        if last is None:
            held.append(text)
        else:
            yield normalize("".join((*held, text[:last])))
            held = [text[last:]]
    yield normalize("".join(held))


def unwrap(texts: Iterable[str]) -> Iterator[str]:
    """Join the hard-wrapped lines of each paragraph; indented lines (verse, lists) stay."""
    # `before` is the last character that was given on: a line may end right after it.
    before, held = "", [""]
    for text in texts:
        held.append(text)
        if not text.strip(" \t"):
            continue
        whole = "".join(held)
        end = len(whole) - whole.endswith("\n")
        ready = whole[:end].rstrip(" \t")
        if ready:
            yield _WRAP.sub(" ", before + ready)[len(before) :]
            before, whole = ready[-1], whole[len(ready) :]
        held = [whole]
    yield _WRAP.sub(" ", before + "".join(held))[len(before) :]


_WRAP = re.compile(r"(?<=\S)[ \t]*\n(?=[^\s])")


def _joined(last: bytes, byte: int) -> bool:
    """Is the byte inside of a character or of a CRLF? `last` is the byte before it, if any."""
    return bool(last) and (byte & 0xC0 == 0x80 or (last == b"\r" and byte == 0x0A))


def _with_end(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True
