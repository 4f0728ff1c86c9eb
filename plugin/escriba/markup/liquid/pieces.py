"""A text with Liquid in it, cut into pieces in one pass: text, `{{ … }}` and `{% … %}`.

Each piece knows where it stands, and what is wrong between them (a tag that is not known, a block
that is never closed) is found here, all of it at once and before anything is evaluated. A search
for an end that is not there is made once: the time grows with the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from escriba.ground.errors import shorten, suggest
from escriba.ground.language import tr

DEEPEST = 30  # blocks within each other
LONGEST = 16_384  # characters of one tag
BRACKETS = 100  # of one tag: each may cost a look at all that follows
MOST = 100  # mistakes that are told of one text

# Block → the tags that may divide it. Of these and the single ones, `comment` and `raw` are read
# here; the others are python-liquid's and ours (`tags`).
BLOCKS = {
    "if": {"elsif", "else"},
    "unless": {"elsif", "else"},
    "case": {"when", "else"},
    "for": {"else"},
    "tablerow": set(),
    "capture": set(),
    "ifchanged": set(),
    "highlight": set(),
}
SINGLE = {
    "assign", "break", "continue", "cycle", "decrement", "echo", "include", "increment", "link",
    "liquid", "post_url", "#",
}  # fmt: skip
_DIVIDERS = set().union(*BLOCKS.values())
_KNOWN = {*BLOCKS, *SINGLE, *_DIVIDERS, "comment", "raw"}


@dataclass(frozen=True)
class Piece:
    """A stretch of a text. `kind` says what `value` is: text as it is, the expression of an
    output, or the name of a tag, which also has an `expression`.

    `opening` is the position of its first mark, `at` that of `value`, `inside` that of
    `expression`.
    """

    kind: Literal["text", "output", "tag"]
    value: str
    opening: int
    at: int
    expression: str = ""
    inside: int = 0


@dataclass(frozen=True)
class Flaw:
    """What is wrong at a position of a text, in words."""

    message: str
    at: int


# Stretches of a text, as (start, end), in order and apart from each other.
Stretches = Sequence[tuple[int, int]]


def merge(stretches: Iterable[tuple[int, int]]) -> Stretches:
    """Stretches in any order, in order, with those that overlap made one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def cut(text: str, kept: Stretches = ()) -> tuple[list[Piece], list[Flaw]]:
    """The pieces of a text, and everything that is wrong with it. `kept` is never Liquid."""
    cutter = _Cutter(text, kept)
    pieces = list(cutter.cut())
    return pieces, cutter.flaws or list(islice(_check(pieces), MOST))


_MARK = re.compile(r"\{\{|\{%")
_TAG = re.compile(r"\{%(-?)\s*(#|\w*)\s*")
_OUTPUT = re.compile(r"\{\{(-?)\s*")
_LINE = re.compile(r"\s*(#|\w*)\s*(.*)", re.S)
_END_RAW = re.compile(r"\{%-?\s*endraw\b[^%]*?%\}")
_COMMENT = re.compile(r"\{%-?\s*(end)?comment\b[^%]*?%\}")


class _Cutter:
    """One walk over a text."""

    def __init__(self, text: str, kept: Stretches):
        self.text = text
        self.kept = kept
        self.flaws: list[Flaw] = []
        self.strip = False  # whether a '-' before cuts the blanks that follow

    def cut(self) -> Iterator[Piece]:
        """The pieces, up to the end or to what cannot be read on from."""
        at = 0
        while mark := self._find(_MARK, at):
            end = self._find_end(mark)
            if end < 0:
                return
            yield from self._text(at, mark.start(), self.text[mark.end()] == "-")
            piece = self._read(mark, end)
            self.strip = end > mark.end() and self.text[end - 1] == "-"
            at = end + 2
            if piece.kind == "tag" and piece.value in ("raw", "comment"):
                closing = self._skip(piece, at)
                if closing is None:
                    return
                if piece.value == "raw":
                    if closing.start() > at:
                        yield Piece("text", self.text[at : closing.start()], at, at)
                else:
                    self.strip = closing[0].endswith("-%}")
                at = closing.end()
            elif piece.kind == "tag" and piece.value == "liquid":
                yield from _lines(piece)
            else:
                yield piece
        yield from self._text(at, len(self.text), False)

    def _find(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        """The first match from a position on that begins in no stretch that is kept."""
        while match := pattern.search(self.text, at):
            index = bisect_right(self.kept, match.start(), key=lambda kept: kept[0]) - 1
            if index < 0 or match.start() >= self.kept[index][1]:
                return match
            at = self.kept[index][1]
        return None

    def _find_end(self, mark: re.Match[str]) -> int:
        """The position of the mark that ends a tag or an output; -1, and a flaw, without one."""
        start = mark.start()
        end = self.text.find("}}" if mark[0] == "{{" else "%}", mark.end())
        if end < 0:
            self.flaws.append(Flaw(_unclosed(mark[0]), start))
        elif end - start > LONGEST:
            message = tr("a Liquid tag of more than {longest} characters", longest=LONGEST)
            self.flaws.append(Flaw(message, start))
        elif sum(self.text.count(bracket, start, end) for bracket in "([") > BRACKETS:
            message = tr("a Liquid tag with more than {most} brackets", most=BRACKETS)
            self.flaws.append(Flaw(message, start))
        else:
            return end
        return -1

    def _text(self, start: int, end: int, cuts: bool) -> Iterator[Piece]:
        value = self.text[start:end]
        if self.strip:
            value = value.lstrip()
            start = end - len(value)
        if cuts:
            value = value.rstrip()
        if value:
            yield Piece("text", value, start, start)

    def _read(self, mark: re.Match[str], end: int) -> Piece:
        pattern = _OUTPUT if mark[0] == "{{" else _TAG
        head = pattern.match(self.text, mark.start(), end)
        assert head is not None
        inside = head.end()
        expression = self.text[inside:end].removesuffix("-").rstrip()
        if mark[0] == "{{":
            return Piece("output", expression, mark.start(), inside)
        return Piece("tag", head[2], mark.start(), head.start(2), expression, inside)

    def _skip(self, piece: Piece, at: int) -> re.Match[str] | None:
        """The end of a raw text or a comment; comments may stand in comments."""
        depth = 1
        pattern = _END_RAW if piece.value == "raw" else _COMMENT
        while match := self._find(pattern, at):
            depth += -1 if pattern is _END_RAW or match[1] else 1
            if not depth:
                return match
            at = match.end()
        self.flaws.append(Flaw(_open_block(piece), piece.opening))
        return None


def _lines(piece: Piece) -> Iterator[Piece]:
    """The tags of a `liquid`, one a line; what stands in a comment is left out."""
    at = piece.inside
    commented = False
    for line in piece.expression.split("\n"):
        match = _LINE.match(line)
        assert match is not None
        if match[1] == "comment":
            commented = True
        elif match[1] == "endcomment":
            commented = False
        elif line.strip() and not commented:
            start = at + match.start(1)
            yield Piece("tag", match[1], start, start, match[2].rstrip(), at + match.start(2))
        at += len(line) + 1


def _check(pieces: Sequence[Piece]) -> Iterator[Flaw]:
    """Find tags that are not known, and blocks without a beginning or an end."""
    around: list[Piece] = []  # the blocks that are open
    for piece in pieces:
        name = piece.value
        if piece.kind != "tag":
            continue
        if name in BLOCKS:
            if name == "highlight" and any(block.value == name for block in around[-DEEPEST:]):
                yield Flaw(_nested(), piece.opening)
            around.append(piece)
            if len(around) == DEEPEST + 1:
                message = tr("Liquid's blocks are nested more than {deepest} deep", deepest=DEEPEST)
                yield Flaw(message, piece.opening)
        elif name in _DIVIDERS:
            if not around or name not in BLOCKS[around[-1].value]:
                owners = [block for block, dividers in BLOCKS.items() if name in dividers]
                yield Flaw(_misplaced(name, owners), piece.at)
        elif name.startswith("end"):
            yield from _close(piece, around)
        elif name not in _KNOWN:
            yield Flaw(_unknown(name), piece.at)
    for block in around:
        yield Flaw(_open_block(block), block.opening)


def _close(end: Piece, around: list[Piece]) -> Iterator[Flaw]:
    name = end.value[3:]
    if all(block.value != name for block in around[-DEEPEST:]):
        yield Flaw(_stray_end(name), end.at)
        return
    while (block := around.pop()).value != name:
        yield Flaw(_open_block(block), block.opening)


def _unclosed(mark: str) -> str:
    closing = "}}" if mark == "{{" else "%}"
    return tr(
        "'{mark}' without a '{closing}' after it; around text that is no Liquid, put "
        "{raw} and {end}",
        mark=mark, closing=closing, raw="{% raw %}", end="{% endraw %}",
    )  # fmt: skip


def _open_block(block: Piece) -> str:
    return tr("Liquid's '{name}' is never closed", name=block.value)


def _stray_end(name: str) -> str:
    return tr("Liquid's 'end{name}' has no '{name}' before it", name=shorten(name))


def _nested() -> str:
    return tr(
        "a 'highlight' within another; around code that shows one, put {raw} and {end}",
        raw="{% raw %}", end="{% endraw %}",
    )  # fmt: skip


def _misplaced(name: str, owners: list[str]) -> str:
    return tr(
        "Liquid's '{name}' stands in no '{owner}'", name=name, owner=tr("' or '").join(owners)
    )


def _unknown(name: str) -> str:
    if not name:
        return tr("a Liquid tag needs a name, as in {example}", example="{% include a.html %}")
    known = {*BLOCKS, *SINGLE, "comment", "raw"} - {"#", "liquid"}
    return tr("unknown Liquid tag '{name}'{hint}", name=shorten(name), hint=suggest(name, known))
