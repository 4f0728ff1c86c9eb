"""Where in a text an address was written, of which the HTML alone is known.

Markdown keeps no places, so an address is looked for: the n-th of its kind in the HTML is the n-th
in the text, where code and comments, in which it is no address, do not count. Looking for many
takes one reading of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from html import escape
from urllib.parse import quote, unquote

from escriba.ground.ahead import find_code
from escriba.ground.errors import Place
from escriba.markup.liquid.trace import line_ends
from escriba.site.content.permalink import SAFE

# What an address is cut into: what may stand around one, and some that may stand in one, do not
# belong to a piece.
_PIECE = re.compile(r"""[^\s<>"'()\[\]{}=,\\`&;|]++""")
_FENCE = re.compile(r"[ >]*(`{3,}|~{3,})")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
MOST = 1000  # places of one piece that are looked at


class Spots:
    """The places of the addresses in a text, the first line of which is at `start`."""

    def __init__(self, text: str, start: Place):
        self._text, self._start = text, start
        self._found: dict[str, tuple[list[int], list[int]]] = {}
        self._places: dict[str, list[Place]] = {}

    def find(self, address: str, number: int, total: int) -> Place | None:
        """The place of the address that is this one (from 0) of a `total` in the HTML; None for one
        that is not in the text."""
        if address not in self._found:
            self._found[address] = self._find_all(address)
        found, outside = self._found[address]
        if not found:
            return None
        pool = next((each for each in (outside, found) if len(each) == total), outside or found)
        return self._locate(pool[min(number, len(pool) - 1)])

    def _find_all(self, address: str) -> tuple[list[int], list[int]]:
        """Where an address is written, in the first spelling that the text has; and where of these
        it is neither in code nor in a comment."""
        searches = map(self._search, _list_spellings(address))
        found = next(filter(None, searches), [])
        found = [at for at in found if self._is_given(at)] or found
        return found, [at for at in found if not self._is_code(at)]

    def _is_given(self, at: int) -> bool:
        """Whether what stands here is given to something, and no more than a word of the text."""
        return self._text[max(0, at - 100) : at].rstrip()[-1:] in tuple("(\"'=<:,")

    def find_after(self, address: str, place: Place) -> Place | None:
        """The first place of the address that does not come before this one."""
        if address not in self._places:
            self._places[address] = list(map(self._locate, self._find_all(address)[0]))
        places = self._places[address]
        index = bisect_left(places, place)
        return places[index] if index < len(places) else None

    def _search(self, written: str) -> list[int]:
        """Where the text has this, and no more of an address around it."""
        pieces = list(_PIECE.finditer(written))
        if not pieces:
            return []
        rarest = min(pieces, key=lambda piece: len(self._pieces.get(piece[0], ())))
        starts = (at - rarest.start() for at in self._pieces.get(rarest[0], ())[:MOST])
        return [at for at in starts if at >= 0 and self._stands(written, at)]

    def _stands(self, written: str, at: int) -> bool:
        end = at + len(written)
        before = "" if self._text.endswith("]:", 0, at) else self._text[max(0, at - 1) : at]
        around = before, self._text[end : end + 1]
        inner = written[:1], written[-1:]
        return self._text.startswith(written, at) and not any(
            _PIECE.match(one) and _PIECE.match(other)
            for one, other in zip(around, inner, strict=True)
        )

    @cached_property
    def _pieces(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for match in _PIECE.finditer(self._text):
            piece, at = match[0], match.start()
            if piece.startswith(":"):  # of a definition without a space, `[x]:/a/`
                piece, at = piece[1:], at + 1
            found[piece].append(at)
        return dict(found)

    def _is_code(self, at: int) -> bool:
        index = bisect_right(self._code_starts, at) - 1
        return index >= 0 and at < self._code[index][1]

    @cached_property
    def _code(self) -> list[tuple[int, int]]:
        """The stretches of code and of comments, one after another."""
        stretches = [*_find_fences(self._text), *find_code(self._text)]
        stretches += [match.span() for match in _COMMENT.finditer(self._text)]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(stretches):
            if merged and start < merged[-1][1]:
                start, end = merged[-1][0], max(end, merged.pop()[1])
            merged.append((start, end))
        return merged

    @cached_property
    def _code_starts(self) -> list[int]:
        return [start for start, _ in self._code]

    @cached_property
    def _ends(self) -> list[int]:
        return [0, *line_ends(self._text)]

    def _locate(self, at: int) -> Place:
        line = bisect_right(self._ends, at) - 1
        return self._start.moved(line, at - self._ends[line] + 1)


def _find_fences(text: str) -> Iterator[tuple[int, int]]:
    mark, start, at = "", 0, 0
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line)
        if match and not mark:
            mark, start = match[1], at
        elif match and match[1].startswith(mark):
            yield start, at + len(line)
            mark = ""
        at += len(line)


def _list_spellings(address: str) -> Iterator[str]:
    """How an author may have written an address."""
    seen = dict.fromkeys(
        (
            address,
            escape(address, quote=False),
            escape(address),
            re.sub(r"([_*~])", r"\\\1", address),
            unquote(address),
            quote(address, safe=f"{SAFE}?#%"),
            address.split("#")[0].rstrip("/").rpartition("/")[2],
        )
    )
    yield from filter(None, seen)
