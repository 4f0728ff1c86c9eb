"""Windows: the same ones whatever holds the text, however many processes share them."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escriba.corpora import windows
from escriba.corpora.corpus import read_corpus
from escriba.corpora.windows import Reader, Window
from escriba.ground import project
from escriba.ground.errors import CorpusError
from escriba.records.recipe import CorpusRecipe, Source


def whole_epoch(text: NDArray[np.int64], batch: int, window: int, seed: int, epoch: int):  # type: ignore[no-untyped-def]
    """The windows of an epoch, by their definition: the text cut into streams, these into windows."""
    steps = (len(text) - window) // batch // window or 1
    spare = len(text) - 1 - steps * window * batch
    drawn = int(np.random.PCG64((seed, epoch)).random_raw())
    offset = drawn % max(1, min(window, spare + 1))
    block = text[offset : offset + steps * window * batch + 1]
    for index in range(steps):
        cut = slice(index * window, (index + 1) * window)
        yield tuple(part.reshape(batch, -1)[:, cut].T for part in (block[:-1], block[1:]))


def same(one: Window, other: Window) -> bool:
    return (
        np.array_equal(one.symbols, other.symbols)
        and np.array_equal(one.targets, other.targets)
        and (one.epoch, one.index, one.fresh) == (other.epoch, other.index, other.fresh)
    )


@pytest.mark.parametrize("ahead", [1, 70, 1 << 20])
@pytest.mark.parametrize(("length", "batch", "window"), [(1000, 3, 10), (997, 8, 7), (65, 1, 16)])
def test_the_order_of_windows(
    monkeypatch: pytest.MonkeyPatch, ahead: int, length: int, batch: int, window: int
) -> None:
    monkeypatch.setattr(windows, "AHEAD", ahead)
    text = np.arange(length, dtype=np.uint16)
    reader = Reader(text, batch, window, seed=5)
    expected = [
        (epoch, index, *pair)
        for epoch in (0, 1)
        for index, pair in enumerate(whole_epoch(np.arange(length), batch, window, 5, epoch))
    ]
    for found, (epoch, index, symbols, targets) in zip(reader.read(), expected, strict=False):
        assert np.array_equal(found.symbols, symbols)
        assert np.array_equal(found.targets, targets)
        assert found.symbols.dtype == np.int64
        assert found.symbols.flags.c_contiguous
        assert found.targets.flags.c_contiguous
        assert (found.epoch, found.index, found.fresh) == (epoch, index, index == 0)
    resumed = islice(reader.read(1, reader.steps - 2), 4)
    whole = islice(reader.read(), 2 * reader.steps - 2, None)
    assert all(same(a, b) for a, b in zip(resumed, whole, strict=False))


@pytest.mark.parametrize("world", [2, 3])
def test_processes_read_the_columns_of_the_same_windows(world: int) -> None:
    text = np.arange(2000, dtype=np.uint16)
    whole = Reader(text, 6, 10, seed=3)
    shares = [Reader(text, 6, 10, seed=3, rank=rank, world=world) for rank in range(world)]
    assert all(share.steps == whole.steps for share in shares)
    count = whole.steps + 3
    for window, *parts in zip(
        islice(whole.read(), count), *(share.read() for share in shares), strict=False
    ):
        assert np.array_equal(
            np.concatenate([part.symbols for part in parts], axis=1), window.symbols
        )
        assert np.array_equal(
            np.concatenate([part.targets for part in parts], axis=1), window.targets
        )
        assert {(part.epoch, part.index) for part in parts} == {(window.epoch, window.index)}


@pytest.mark.parametrize(
    ("length", "world"),
    [(3, 1), (10, 1), (10, 2), (33, 1), (33, 4), (100, 4), (5000, 1), (5000, 4)],
)
def test_a_reader_fits_a_short_text(length: int, world: int) -> None:
    text = np.arange(length, dtype=np.uint16)
    reader = Reader(text, 32, 64, seed=1, rank=world - 1, world=world).fitted()
    window = next(reader.read())
    assert window.symbols.shape == (reader.window, reader.batch // world)
    assert np.array_equal(window.targets, window.symbols + 1)


def test_a_text_on_disk_is_read_as_one_in_memory_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("".join(f"line {n}\n" for n in range(500)))
    site = project.Project(tmp_path, project.Settings())
    part = read_corpus(CorpusRecipe((Source(file="a.txt"),)), site).train
    stored, held = (Reader(text, 4, 8, seed=2) for text in (part, np.array(part.symbols)))
    pairs = zip(islice(stored.read(), 2 * stored.steps), held.read(), strict=False)
    assert all(same(a, b) for a, b in pairs)
    streams = np.concatenate([w.symbols for w in islice(stored.read(), stored.steps)])
    assert len(list(pairwise(streams))) == stored.steps * 8 - 1
    reading = stored.read()
    next(reading)
    part.path.unlink()
    with pytest.raises(CorpusError, match="the encoded corpus cannot be read any more"):
        list(islice(reading, 2 * stored.steps))


def test_windows_cover_the_text_in_order_and_resume_anywhere() -> None:
    text = np.arange(1000)
    reader = Reader(text, batch=3, window=10, seed=5)
    windows = []
    for window in reader.read():
        if window.epoch == 2:
            break
        windows.append(window)
    assert len(windows) == 2 * reader.steps
    first = windows[: reader.steps]
    streams = np.concatenate([w.symbols for w in first])  # (steps * 10, 3)
    assert np.array_equal(streams[1:], streams[:-1] + 1)
    assert all(np.array_equal(w.targets, w.symbols + 1) for w in windows)
    assert [w.fresh for w in first] == [True] + [False] * (reader.steps - 1)
    resumed = next(reader.read(1, 7))
    assert np.array_equal(resumed.symbols, windows[reader.steps + 7].symbols)
