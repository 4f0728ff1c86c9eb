"""What a sample has word for word from the text that its model was trained on."""

from __future__ import annotations

from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="numpy is not installed")
pytest.importorskip("torch", reason="torch is not installed")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from escriba.charlm.training import novelty  # noqa: E402
from escriba.charlm.training.display import show_result  # noqa: E402
from escriba.charlm.training.novelty import longest_run  # noqa: E402
from escriba.charlm.training.train import Result  # noqa: E402

SYMBOLS = st.lists(st.integers(0, 2), max_size=30)


@given(SYMBOLS, SYMBOLS, st.sampled_from([np.uint8, np.uint16, np.uint32]))
def test_the_longest_run_is_that_of_every_pair_compared(
    sample: list[int], text: list[int], dtype: Any
) -> None:
    expected = max(
        (
            length
            for start in range(len(sample))
            for length in range(1, len(sample) - start + 1)
            if any(
                text[at : at + length] == sample[start : start + length]
                for at in range(len(text) - length + 1)
            )
        ),
        default=0,
    )
    assert longest_run(np.array(sample, np.int64), np.array(text, dtype)) == expected


def test_only_whole_symbols_are_compared() -> None:
    # As bytes, 0x0100 0x0100 holds 0x0001 at an odd place.
    text = np.array([0x0100, 0x0100], np.uint16)
    assert longest_run(np.array([1]), text) == 0
    assert longest_run(np.array([256]), text) == 1


def test_of_a_long_text_the_beginning_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "SEARCHED", 3)
    text = np.array([1, 2, 3, 4], np.uint8)
    assert longest_run(np.array([3, 4]), text) == 1


@pytest.mark.parametrize(
    ("longest", "last"),
    [
        (50, "longest run of this sample that stands in the training text: 50"),
        (
            51,
            "longest run of this sample that stands in the training text: 51; that is more than "
            "50, so the model repeats what it has read: it needs more text, or fewer units",
        ),
    ],
)
def test_repetition_is_told(capsys: pytest.CaptureFixture[str], longest: int, last: str) -> None:
    show_result("blog", Result(True, 1.75, 600, 90.0, "Uno dos", longest))
    assert capsys.readouterr().out == (
        f"Uno dos\n\nmodels/blog: validation 1.7500 nats, 600 steps, 1.5 minutes\n{last}\n"
    )
