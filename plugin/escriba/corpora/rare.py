"""Characters that a corpus has too few of to learn: left out, or one symbol for all."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escriba.corpora.archives import BLOCK
from escriba.records.recipe import CorpusRecipe
from escriba.records.vocabulary import MARK

POINTS = 0x110000


def count_points(path: Path) -> NDArray[np.int64]:
    """How often each code point stands in a UTF-8 file: (POINTS,)."""
    counts = np.zeros(POINTS, np.int64)
    for units in _read(path):
        counts += np.bincount(units, minlength=POINTS)
    return counts


def find_kept(counts: NDArray[np.int64], recipe: CorpusRecipe) -> NDArray[np.bool_]:
    """Which code points a recipe keeps, of those counted in the training part: (POINTS,)."""
    kept: NDArray[np.bool_] = counts >= recipe.min_count
    kept[[ord(character) for character in (MARK, *recipe.rare)]] = True
    return kept


def rewrite(path: Path, kept: NDArray[np.bool_], rare: str) -> NDArray[np.int64]:
    """Write a file without what is not kept, or with `rare` for it; what it then has (POINTS,)."""
    counts = np.zeros(POINTS, np.int64)
    aside = path.with_suffix(".rare")
    with aside.open("wb") as file:
        for units in _read(path):
            keeps = kept[units]
            units = np.where(keeps, units, ord(rare)) if rare else units[keeps]
            counts += np.bincount(units, minlength=POINTS)
            file.write(units.astype("<u4").tobytes().decode("utf-32-le").encode())
    aside.replace(path)
    return counts


def _read(path: Path) -> Iterator[NDArray[np.uint32]]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            yield np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))
