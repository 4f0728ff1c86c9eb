"""Texts in blocks: whatever the blocks, what comes out is what the whole text would give."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from escriba.corpora.texts import _STARTER, BadByteError, compose, cut, decode, unwrap
from support.texts import split_points

ALPHABET = "aei \t\n\r.é€😀\u0301\u0323\u0338ᄀ\u1161\u11a8가\u0dd9\u0dcf\u0dca\u00a0\x85\ufeff"
TEXTS = st.text(ALPHABET, max_size=40)
SIZES = st.integers(1, 9)


def blocks(whole, size: int) -> Iterator:  # type: ignore[no-untyped-def, type-arg]
    return (whole[at : at + size] for at in range(0, len(whole), size))


@given(TEXTS | st.binary(max_size=20), SIZES, st.integers(0, 100), st.integers(0, 100))
@example("é", 1, 50, 0)
@example("\r\n", 1, 50, 50)
@example("\ufeff", 1, 10, 10)
def test_parts_end_where_they_would_in_the_whole(
    text: str | bytes, size: int, one: int, two: int
) -> None:
    data = text.encode() if isinstance(text, str) else text
    split = min(one, two), abs(one - two), 100 - max(one, two)
    found = [b"", b"", b""]
    for part, piece in cut(blocks(data, size), len(data), split):
        found[part] += piece
    first, second, end = split_points(data, split)
    assert found == [data[:first], data[first:second], data[second:end]]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_every_stretch_is_split_alike(size: int) -> None:
    data = "".join(f"línea {n}\r\n" for n in range(200)).encode()
    pieces: dict[int, bytes] = {}
    for number, piece in cut(blocks(data, size), len(data), (80, 10, 10), stretches=7):
        pieces[number] = pieces.get(number, b"") + piece
    assert list(pieces) == list(range(21))
    assert b"".join(pieces.values()) == data
    stretch = len(data) / 7
    for number, piece in pieces.items():
        piece.decode()  # no character is cut in two
        assert len(piece) == pytest.approx(stretch * (0.8, 0.1, 0.1)[number % 3], abs=3)


@given(TEXTS, SIZES, st.booleans())
@example("\ufeff\ufeffa", 1, True)
@example("a\r\r\n\n", 1, False)
def test_decoding_drops_a_bom_and_mends_line_ends(text: str, size: int, beginning: bool) -> None:
    found = "".join(decode(blocks(text.encode(), size), beginning=beginning))
    whole = text.encode().decode("utf-8-sig" if beginning else "utf-8")
    assert found == whole.replace("\r\n", "\n").replace("\r", "\n")


@given(st.binary(max_size=12) | TEXTS.map(lambda t: t.encode()[:-1]), SIZES)
@example(b"\xef\xbb\xbfgood \xe9\n", 2)
@example("a€".encode()[:-1], 1)
@example(b"\xff", 1)
def test_a_bad_byte_has_its_position(data: bytes, size: int) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        with pytest.raises(BadByteError) as caught:
            list(decode(blocks(data, size), beginning=True))
        assert caught.value.position == error.start
        assert caught.value.byte == data[error.start]
    else:
        list(decode(blocks(data, size), beginning=True))


@given(TEXTS, SIZES)
@example("a\u0301", 1)
@example("\u1112\u1161\u11ab", 1)
@example("a\u0323\u0301\u0338", 1)
def test_composing_is_nfc(text: str, size: int) -> None:
    assert "".join(compose(blocks(text, size))) == unicodedata.normalize("NFC", text)


def test_nothing_joins_with_what_stands_before_a_starter() -> None:
    """Checked against Unicode's own tables, of the Python that runs."""
    joining = set()  # what is the second half of some composed character
    for point in range(0x110000):
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            joining.add(chr(int(parts[1], 16)))
    hangul = {chr(point) for point in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    found = [c for c in map(chr, range(0x110000)) if _STARTER.match(c)]
    assert len(found) > 30_000
    for character in found:
        first = unicodedata.normalize("NFD", character)[0]
        assert unicodedata.combining(first) == 0, hex(ord(character))
        assert first not in joining | hangul, hex(ord(character))


@given(TEXTS | st.text("ab \t\n\u00a0", max_size=30), SIZES)
@example("a \n\nb", 1)
@example("a\n", 1)
@example("\na", 1)
@example("a\u00a0\nb", 1)
def test_unwrapping_joins_the_lines_of_paragraphs(text: str, size: int) -> None:
    whole = re.sub(r"(?<=\S)[ \t]*\n(?=[^\s])", " ", text)
    assert "".join(unwrap(blocks(text, size))) == whole


def test_unwrap_joins_paragraphs_and_keeps_verse() -> None:
    text = "En un lugar\nde la Mancha.\n\n   Verso uno\n   Verso dos\n\nFin.\n"
    joined = "En un lugar de la Mancha.\n\n   Verso uno\n   Verso dos\n\nFin.\n"
    assert "".join(unwrap([text])) == joined


def test_no_stage_keeps_more_than_it_must() -> None:
    line = "Una línea bastante corriente, con acentos.\n"
    for stage in (compose, unwrap):
        given_on = waiting = 0
        for text in stage(iter([line] * 50)):
            given_on += len(text)
            waiting = max(waiting, len(line) - len(text))
        assert given_on == 50 * len(line)
        assert waiting <= len(line)
