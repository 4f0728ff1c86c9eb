"""Whole documents for each part of a corpus: which are held out, by their content alone.

Neither names nor the order of files enter, so that one that is renamed or added moves few others.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from escriba.corpora.archives import Document
from escriba.corpora.cleaning import Readable
from escriba.ground.errors import CorpusError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.records.recipe import CorpusRecipe

# A recipe that does not say goes by files if there are so many of them, and each has at most this
# share of all bytes: docs/decisions.md has what was measured. What is larger could never be held
# out, so that nothing like it would be measured.
FROM = 20
LARGEST = 0.2
NEAR = 0.05  # of a part's share: so near to it, no better choice of documents is looked for
SWAPS = 100  # at most, for that


@dataclass(frozen=True)
class Placed:
    """A document, its length in bytes, and the number of the part that it goes to; None: it is
    split, and each part gets its share."""

    document: Readable
    size: int
    part: int | None


def measure(documents: Sequence[Document]) -> list[int]:
    """The lengths of documents in bytes. Raises CorpusError with the mistakes of all that cannot be
    read."""
    sizes, mistakes = [], Mistakes()
    for document in documents:
        with mistakes.collect():
            sizes.append(document.size())
    mistakes.check()
    return sizes


def place(
    documents: Sequence[Readable], sizes: Sequence[int], recipe: CorpusRecipe
) -> list[Placed]:
    """What each document of a size is for. Raises CorpusError if there are too few of them."""
    parts: Sequence[int | None] = [None] * len(documents)
    if may_go_by_files(recipe, len(documents)) and goes_by_files(recipe, sizes):
        parts = deal([weigh(document) for document in documents], recipe.split)
    return [Placed(*each) for each in zip(documents, sizes, parts, strict=True)]


@dataclass(frozen=True)
class Weighed:
    """A document, its length in bytes, and the digest of its content."""

    size: int
    sha256: str


def weigh(document: Readable) -> Weighed:
    """Read a document for its size and digest. Raises CorpusError."""
    size, found = 0, hashlib.sha256()
    for block in document.blocks():
        size += len(block)
        found.update(block)
    return Weighed(size, found.hexdigest())


def may_go_by_files(recipe: CorpusRecipe, documents: int) -> bool:
    """Whether a corpus of so many documents is one that may be split by files."""
    if recipe.split_by is None:
        return documents >= FROM and recipe.stretches == 1
    return recipe.split_by == "files"


def goes_by_files(recipe: CorpusRecipe, sizes: Sequence[int]) -> bool:
    """Whether documents of these sizes are."""
    full = [size for size in sizes if size]
    if recipe.split_by == "files":
        return True
    return may_go_by_files(recipe, len(full)) and max(full) <= LARGEST * sum(full)


def deal(documents: Sequence[Weighed], split: Sequence[int]) -> list[int]:
    """The number of the part of each document: 0, 1, 2. Those of equal content are together.

    Parts get documents in the order of their digests, each that still has room in the part's share
    of all bytes: first the last part, then the one before it; the first has the rest. Single ones
    are exchanged as long as that brings the share nearer. Raises CorpusError if there are fewer
    different documents than parts.
    """
    sizes: dict[str, int] = {}
    for document in documents:
        if document.size:
            sizes[document.sha256] = sizes.get(document.sha256, 0) + document.size
    total, rest = sum(sizes.values()), sorted(sizes)
    parts = [number for number, share in enumerate(split) if share]
    if len(rest) < len(parts):
        raise CorpusError(
            tr(
                "'split-by: files' needs a file for each of the {parts} parts of 'split', and "
                "there are {files} that differ; write split-by: bytes",
                parts=len(parts), files=len(rest),
            )
        )  # fmt: skip
    places: dict[str, int] = {}
    for number in reversed(parts[1:]):
        free = len(rest) - sum(other < number for other in parts)
        taken = _take({name: sizes[name] for name in rest}, total * split[number] / 100, free)
        places |= dict.fromkeys(taken, number)
        rest = [name for name in rest if name not in taken]
    return [places.get(document.sha256, 0) for document in documents]


def _take(sizes: Mapping[str, int], wanted: float, most: int) -> set[str]:
    """At least one and at most so many of these, together about as large as is wanted."""
    taken: set[str] = set()
    left = wanted
    for name, size in sizes.items():
        if len(taken) < most and size <= left:
            taken.add(name)
            left -= size
    if not taken:
        return {min(sizes, key=lambda name: sizes[name])}
    for _ in range(SWAPS):
        if abs(left) <= NEAR * wanted or (swap := _find_swap(sizes, taken, left)) is None:
            break
        taken = taken - {swap[0]} | {swap[1]}
        left += sizes[swap[0]] - sizes[swap[1]]
    return taken


def _find_swap(sizes: Mapping[str, int], taken: set[str], left: float) -> tuple[str, str] | None:
    """One that is taken, and another to take in its place, so that the least is left, or too much;
    None if no other leaves less."""
    others = sorted((size, name) for name, size in sizes.items() if name not in taken)
    best, found = abs(left), None
    for name in sorted(taken):
        at = bisect_left(others, (left + sizes[name], ""))
        for size, other in others[max(0, at - 1) : at + 1]:
            if abs(left + sizes[name] - size) < best:
                best, found = abs(left + sizes[name] - size), (name, other)
    return found
