"""What a training tells: before its first step, while it runs, and at its end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training.clock import Moment  # noqa: E402
from escriba.charlm.training.health import Findings, advise, measure_beside  # noqa: E402
from escriba.charlm.training.settings import Limit  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.charlm.training.training import Training  # noqa: E402
from escriba.cli.chart import draw  # noqa: E402
from escriba.cli.display import describe  # noqa: E402
from escriba.cli.summary import (  # noqa: E402
    describe_beginning,
    describe_end,
    describe_limit,
)
from support.training import TEXT, make_site  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_the_beginning_says_what_was_chosen(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (tmp_path / "text.txt").write_text("¡é\n" + TEXT)
    told: list[dict[str, str]] = []
    train(site, "count", steps=8, began=lambda training, run: told.append(
        dict(describe_beginning(training, run))))  # fmt: skip
    assert told == [
        {
            "corpus": "7,803 characters, 8 KB, in 1 file: 6,242 to train on, 780 to validate on, "
            "781 to test on",
            "vocabulary": "15 different characters, 2 of them seen fewer than 5 times",
            "network": "lstm, 2 layers of 16 units: 4,847 parameters",
            "steps": "4 streams of 16 symbols; adamw, rate 0.02, dropout 0",
            "machine": "torch engine, cpu, float32, 1 thread",
            "length": "8 steps, or until the validation loss falls no more",
        }
    ]
    train(site, "count", steps=16, began=lambda training, run: told.append(
        dict(describe_beginning(training, run))))  # fmt: skip
    assert (
        told[1]["goes on from"]
        == "step 4, after 0.0 minutes, where its rate began to fall: a longer training falls later"
    )
    assert told[1]["writes to"] == (
        "checkpoint/, until its weights are better than those that stand there"
    )
    train(site, "count", steps=16, began=lambda training, run: told.append({}))
    assert len(told) == 2, "nothing begins where there is nothing to do"


@pytest.mark.parametrize(
    ("limit", "patient", "words"),
    [
        (Limit(minutes=0.5), False, "0.5 min"),
        (Limit(minutes=10, steps=2000), False, "10 min or 2,000 steps"),
        (Limit(epochs=3), True, "3 passes over the text, or until the validation loss falls no more"),
        (Limit(), True, "until the validation loss falls no more"),
    ],
)  # fmt: skip
def test_how_long_in_words(limit: Limit, patient: bool, words: str) -> None:
    assert describe_limit(limit, patient=patient) == words


def test_a_moment_has_one_unit() -> None:
    moment = Moment(100, 0.5, 1.25, 1.5, 64_000, 10.0, 6400.0)
    assert describe(moment) == "loss 1.2500  validation 1.5000  6,400 chars/s  0:10 left"


def test_what_it_writes_is_told_on_the_way(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    train(make_site(tmp_path), "count", steps=40, wrote=lambda *given: told.append(given))
    assert [step for step, _ in told] == [10, 30, 40]
    assert {len(text) for _, text in told} == {500}


def test_the_end_says_why_and_what_stands_beside(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    result = train(site, "count", steps=200)
    lines = list(describe_end("count", result))
    assert lines[0] == (
        "ended at step 200, because it had made its steps; the weights are those of step "
        f"{result.best_step}"
    )
    assert re.fullmatch(
        r"in nats: \d\.\d{4} on its training text, \d\.\d{4} on the validation part; 20-grams there "
        r"\d\.\d{4}",
        lines[1],
    )
    assert result.losses[-1][0] == 200
    assert result.validations[-1][0] == 200
    idle = train(site, "count", steps=200)
    assert list(describe_end("count", idle))[2] == (
        "there was nothing to do: it had ended before, and this asks for no more; for longer: "
        "--minutes, --steps, --epochs or --budget; anew: escriba train count --restart"
    )


def test_n_grams_are_those_of_the_evaluation(tmp_path: Path) -> None:
    from escriba.charlm.evaluation.evaluate import evaluate

    site = make_site(tmp_path)
    seen: list[Training] = []
    train(site, "count", steps=8, began=lambda training, run: seen.append(training))
    found = measure_beside(seen[0].corpus)
    assert found is not None
    order, nats = found
    assert nats == pytest.approx(evaluate(site, "count")[0].baselines[f"ngram-{order}"], abs=1e-9)


OVERFITS = (
    "it overfits: what it reads again it knows 1.00 nats better than what it has not read; more "
    "text, or fewer units, or more dropout"
)


@pytest.mark.parametrize(
    ("findings", "lines"),
    [
        (Findings(1.5, 1.6, 3, "steps", ngram=(5, 1.7)), []),
        (Findings(1.5, 1.6, 3, "minutes"), ["it was still learning when its time was up; a longer training helps"]),
        (Findings(1.0, 2.0, 3, "patience", 80, (5, 2.5)), [OVERFITS]),
        (Findings(1.0, 2.0, 3, "patience", 80, (4, 1.9)), [OVERFITS, "4-grams do better (1.9000 nats): there is too little text for a network; add some"]),
        (Findings(1.5, 1.6, 3, "minutes", ngram=(5, 1.4)), ["5-grams do better (1.4000 nats): it was still learning when its time was up; train longer"]),
        (Findings(1.5, 1.6, 3, "steps", ngram=(20, 1.4)), ["20-grams do better (1.4000 nats): train longer"]),
        (Findings(1.0, 2.0, 3, "steps"), ["it knows its training text 1.00 nats better than what it has not read: it begins to overfit, or the parts of the corpus are of different kinds"]),
        (Findings(3.9, 4.0, 3, "steps", ngram=(5, 1.4), untrained=True), ["these weights are untrained: their loss is 4.0000, and knowing only how frequent each symbol is gives 3.0000; train longer, or set another learning-rate"]),
    ],
)  # fmt: skip
def test_what_would_help_is_a_sentence_each(findings: Findings, lines: list[str]) -> None:
    assert list(advise(findings)) == lines


def test_a_curve_in_characters() -> None:
    training = [(step, 4 - 0.03 * step) for step in range(10, 101, 10)]
    lines = draw(training, [(50, 3.0), (100, 1.9)])
    assert len(lines) == 12
    assert lines[0].startswith("3.100 ┤")
    assert lines[9].startswith("1.000 ┤")
    assert lines[9].endswith("·")
    assert lines[10].split() == ["0", "100"]
    assert lines[11].strip() == "loss in nats by step: · training, ● validation"
    assert sum(line.count("●") for line in lines[:10]) == 2
    assert {len(line) for line in lines[:10]} <= set(range(7, 69))
    assert draw([], [(5, 1.0)]) == []
    assert draw([(1, 2.0), (2, 2.0)], []) != []
