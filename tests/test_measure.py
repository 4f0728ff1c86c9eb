"""The loss of a text, whatever holds it, in memory that does not grow with it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch import nn  # noqa: E402

from escriba.charlm.measure import measure  # noqa: E402
from escriba.corpora.corpus import read_corpus  # noqa: E402
from escriba.ground import project  # noqa: E402
from escriba.records.recipe import CorpusRecipe, Source  # noqa: E402


class Expecting(nn.Module):
    """Predicts that each symbol is followed by the next one in order, out of 10; keeps no state."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.read = 0

    def forward(self, symbols: torch.Tensor, state: Any = None) -> Any:
        self.read += symbols.numel()
        logits = 5.0 * nn.functional.one_hot((symbols + 1) % 10, 10)
        return logits, [(torch.zeros(1, symbols.shape[1], 1),)]


RIGHT, WRONG = (-float(torch.log_softmax(torch.tensor([5.0] + 9 * [0.0]), 0)[i]) for i in (0, 1))


@pytest.mark.parametrize("streams", [1, 7, 64])
def test_every_symbol_is_predicted_once(streams: int) -> None:
    text = (np.arange(5000) % 10).astype(np.uint8)
    text[[700, 4999]] = (text[[700, 4999]] + 5) % 10  # 3 surprises: 700, what follows it, 4999
    network: Any = Expecting()
    found = measure(network, text, streams=streams, context=30, window=50)
    assert found == pytest.approx((4996 * RIGHT + 3 * WRONG) / 4999, rel=1e-6)
    before = np.array([3, 9], dtype=np.uint8)
    found = measure(network, text, before, streams=streams, context=30, window=50)
    assert found == pytest.approx((4997 * RIGHT + 3 * WRONG) / 5000, rel=1e-6)


@pytest.mark.parametrize(("streams", "used"), [(1, 1), (7, 7), (64, 16)])
def test_a_part_of_a_text_is_spread_over_it(streams: int, used: int) -> None:
    text = (np.arange(5000) % 10).astype(np.uint8)
    network: Any = Expecting()
    found: list[int] = []
    loss = measure(
        network, text, text, symbols=1000, streams=streams, context=30, window=50,
        collect=lambda losses, positions: found.extend(positions.tolist()),
    )  # fmt: skip
    assert loss == pytest.approx(RIGHT, rel=1e-6)
    assert len(found) == len(set(found)) == used * -(-1000 // used)
    begins = [position for position in sorted(found) if position - 1 not in found]
    assert begins == [stream * (5000 // used) for stream in range(used)]


def test_a_text_on_disk_is_measured_as_one_in_memory(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0123456789" * 990 + "8642097531" * 10)
    site = project.Project(tmp_path, project.Settings())
    corpus = read_corpus(CorpusRecipe((Source(file="a.txt"),)), site)
    network: Any = Expecting()
    stored = measure(network, corpus.test, corpus.validation)
    held = measure(
        network,
        torch.from_numpy(corpus.test[:].astype(np.int64)),
        torch.from_numpy(corpus.validation[:].astype(np.int64)),
    )
    assert stored == held > RIGHT


def test_memory_does_not_grow_with_the_text() -> None:
    text = np.zeros(3_000_000, dtype=np.uint8)
    network: Any = Expecting()
    tracemalloc.start()
    measure(network, text, text, symbols=1_000_000, window=1024)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000  # bytes, of numpy's arrays; an int64 copy would be 8 MB
    assert network.read > 1_000_000
