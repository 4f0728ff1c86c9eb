"""What a sample has word for word from the text that its model was trained on."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="numpy is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from escriba.charlm.network import CharLSTM, write_text  # noqa: E402
from escriba.charlm.training import novelty  # noqa: E402
from escriba.charlm.training.novelty import Memory, Run, find_runs, hold_against  # noqa: E402
from escriba.charlm.training.train import Result, train  # noqa: E402
from escriba.cli.display import describe_memory, show_result  # noqa: E402
from escriba.records.model import Network, read_model  # noqa: E402
from escriba.records.vocabulary import Vocabulary  # noqa: E402
from support.training import make_site  # noqa: E402

SYMBOLS = st.lists(st.integers(0, 2), max_size=30)
LETTERS = Vocabulary("characters", "\n abcdefghijklmnopqrstuvwxyz")


def expect(sample: list[int], text: list[int]) -> int:
    return max(
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


def find(*texts: list[int], text: list[int], dtype: Any = np.uint8) -> list[Run]:
    return find_runs([np.array(each, np.int64) for each in texts], np.array(text, dtype))


@given(
    st.lists(SYMBOLS, min_size=1, max_size=4), SYMBOLS,
    st.sampled_from([np.uint8, np.uint16, np.uint32]), st.sampled_from([1, 100, 1 << 20]),
)  # fmt: skip
def test_the_longest_run_is_that_of_every_pair_compared(
    samples: list[list[int]], text: list[int], dtype: Any, table: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(novelty, "TABLE", table)
        runs = find(*samples, text=text, dtype=dtype)
    assert [run.length for run in runs] == [expect(sample, text) for sample in samples]
    for run, sample in zip(runs, samples, strict=True):
        piece = sample[run.start : run.start + run.length]
        assert any(text[at : at + run.length] == piece for at in range(len(text) + 1))


@pytest.mark.parametrize("lanes", [1, 3, 4096])
def test_a_run_is_found_wherever_the_stretches_of_a_text_begin(
    monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    monkeypatch.setattr(novelty, "LANES", lanes)
    random = np.random.default_rng(0)
    text = random.integers(0, 4, 20_000)
    for place in (0, 1, 1000, 1023, 1024, 4090, 4096, 12_287, 19_700):
        sample = np.concatenate([[9], text[place : place + 300], [9, 9]])
        assert find_runs([sample], text.astype(np.uint8)) == [Run(1, 300)], place


def test_a_text_that_repeats_itself_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look into the table for each symbol of the text, and of the overlaps."""
    looks = 0
    run = novelty._Automaton._run

    def count(self: Any, rows: Any, longest: Any) -> None:
        nonlocal looks
        looks += rows.size
        run(self, rows, longest)

    monkeypatch.setattr(novelty._Automaton, "_run", count)
    for text in (np.zeros(200_000, np.uint8), np.arange(200_000).astype(np.uint8)):
        looks = 0
        (found,) = find_runs([np.zeros(500, np.int64)], text)
        assert found.length == (500 if not text.any() else 1)
        assert looks < 1.5 * len(text)


def test_only_whole_symbols_are_compared() -> None:
    # As bytes, 0x0100 0x0100 holds 0x0001 at an odd place.
    assert find([1], [256], text=[0x0100, 0x0100], dtype=np.uint16) == [Run(0, 0), Run(0, 1)]


def test_no_run_goes_from_one_sample_into_the_next() -> None:
    assert find([1, 2], [3, 4], text=[1, 2, 3, 4]) == [Run(0, 2), Run(0, 2)]


def test_of_a_long_text_the_beginning_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "SEARCHED", 3)
    assert find([3, 4], text=[1, 2, 3, 4]) == [Run(0, 1)]


def memory(beyond: int, texts: int = 24, pieces: int = 24) -> Memory:
    """Of so many texts, and as many pieces, some are longer than all of the author's."""
    return Memory(
        9, (*[61] * beyond, *[60] * (texts - beyond)), (*[20] * (pieces - 1), 60), "ab c" * 30
    )


@pytest.mark.parametrize(
    ("texts", "pieces", "least"),
    [(24, 24, 7), (24, 8, 13), (24, 5, 17), (24, 2, 23), (24, 1, None)],
)
def test_a_model_repeats_more_where_chance_hardly_would(
    texts: int, pieces: int, least: int | None
) -> None:
    repeating = [n for n in range(texts + 1) if memory(n, texts, pieces).repeats]
    assert repeating == ([] if least is None else list(range(least, texts + 1)))


def test_without_unseen_text_nothing_is_said_of_repetition() -> None:
    found = Memory(400, (500,) * 24, (), "a")
    assert not found.repeats
    assert found.to_record() == {"longest-run": 400}
    assert describe_memory(found) == (
        "longest run of this sample that stands in the training text: 400"
    )


def test_what_is_recorded() -> None:
    assert memory(7).to_record() == {
        "longest-run": 9, "typical-run": 60, "typical-run-unseen": 20,
    }  # fmt: skip


def encode(text: str) -> Any:
    return np.array(LETTERS.encode(text), np.int64)


def write(seed: int, size: int) -> str:
    random = np.random.default_rng(seed)
    return "".join(LETTERS.symbols[at] for at in random.integers(1, len(LETTERS), size))


def test_what_the_author_repeats_too_is_no_memory() -> None:
    """Every page has the same frame of 120 characters, whoever writes it."""
    frame = write(0, 60) + "\n" + write(1, 60) + "\n"
    page = [frame + write(2 + number, 380) + "\n" for number in range(90)]
    train, unseen, samples = "".join(page[:40]), "".join(page[40:66]), page[66:]
    held = hold_against(
        encode(samples[0]), [encode(each) for each in samples], encode(unseen), encode(train),
        LETTERS,
    )  # fmt: skip
    assert min(held.model) >= 120 and len(held.author) == 24
    assert not held.repeats
    copied = [train[number * 97 : number * 97 + 500] for number in range(24)]
    held = hold_against(
        encode(samples[0]), [encode(each) for each in copied], encode(unseen), encode(train),
        LETTERS,
    )  # fmt: skip
    assert held.model == (500,) * 24 and held.longest < 200
    assert held.repeats and held.passage == copied[0]


def test_pieces_of_the_author_begin_on_a_new_line_and_stand_apart() -> None:
    lines = "".join(f"{write(number, 69)}\n" for number in range(1000))
    pieces = novelty._cut(encode(lines), 500, 24, LETTERS.indices["\n"])
    texts = [LETTERS.decode(piece.tolist()) for piece in pieces]
    assert len(set(texts)) == 24
    assert all(len(text) == 500 and f"\n{text}" in f"\n{lines}" for text in texts)
    places = [lines.index(text) for text in texts]
    assert all(b - a >= 500 for a, b in pairwise(places))
    assert places[0] < 100 and places[-1] > 60_000
    assert [len(p) for p in novelty._cut(encode(lines[:1700]), 500, 24, 0)] == [500] * 3
    assert novelty._cut(encode(lines[:499]), 500, 24, 0) == []


def test_texts_that_are_written_side_by_side_are_those_written_alone() -> None:
    torch.manual_seed(0)
    network = CharLSTM(Network("lstm", 2, 16, residual=True), len(LETTERS)).train()
    together = write_text(network, 0, 500, range(3), 1.0)
    assert [len(text) for text in together] == [500] * 3
    assert together == [write_text(network, 0, 500, [seed], 1.0)[0] for seed in range(3)]
    assert network.training
    cold = write_text(network, 0, 500, [0], 0.01)[0]
    assert len(set(cold)) < len(set(together[0]))


def test_a_training_records_what_its_model_repeats(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (site.root / "text.txt").write_text("uno dos tres cuatro cinco\n" * 600)
    result = train(site, "count", steps=40)
    assert result.memory is not None
    assert (len(result.memory.model), len(result.memory.author)) == (24, 3)
    assert result.longest == result.memory.longest
    assert result.memory.author == (500,) * 3, "a text that only repeats itself"
    assert not result.memory.repeats
    record = read_model(site.models / "count").record["training"]
    assert {key: record[key] for key in record if "run" in key} == result.memory.to_record()
    assert record["typical-run-unseen"] == 500


def show(capsys: pytest.CaptureFixture[str], found: Memory | None) -> str:
    show_result(
        "blog", Result(True, 1.75, 600, 90.0, "Uno dos", 9, memory=found), "escriba train blog"
    )
    start, _, last = capsys.readouterr().out.partition("1.5 minutes\n")
    assert start == "Uno dos\n\nmodels/blog: validation 1.7500 nats, 600 steps, "
    return last


def test_repetition_is_told_beside_what_is_usual(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys, memory(6)) == (
        "longest run of this sample that stands in the training text: 9; typical of the model's "
        "texts: 60, and of unseen text of the corpus: 20\n"
    )
    assert show(capsys, None) == ""


def test_more_repetition_is_told_with_the_passage(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys, memory(7)) == (
        "the model repeats more than the author does: 7 of 24 texts that it wrote have a longer run "
        "in common with the training text than any piece of as much unseen text, which has 60 at "
        f"most; the longest has 61: “{'ab c' * 20}…”; it needs more text, or fewer units\n"
    )


def test_a_passage_commands_no_terminal() -> None:
    found = Memory(9, (61,) * 24, (20,) * 24, "\x1b]0;a\nb\u202e")
    assert "“␛]0;a␊bU+202E”" in describe_memory(found)
