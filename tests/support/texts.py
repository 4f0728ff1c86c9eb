"""Where the parts of a corpus end."""

from __future__ import annotations


def split_points(data: bytes, split: tuple[int, int, int]) -> tuple[int, int, int]:
    """Where the parts end, found with the whole text at hand."""

    def move(position: int) -> int:
        while 0 < position < len(data) and (
            data[position] & 0xC0 == 0x80 or data[position - 1 : position + 1] == b"\r\n"
        ):
            position += 1
        return position

    first = move(len(data) * split[0] // 100)
    second = move(len(data) * (split[0] + split[1]) // 100)
    return first, second, len(data)
