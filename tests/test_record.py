"""The record of a training as figures read it, and its values in the prose."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from escriba.article.values.inline import show_value
from escriba.article.values.logged import find_logged
from escriba.ground.errors import EscribaError, ModelError, Place, SourceError
from escriba.records.library import Library
from escriba.records.training import Record, read_record
from support.models import make_model, make_record, open_library

PLACE = Place(Path("posts/a.md"), 3, 7)
SHOWN = Path("models/m")
STEPS = {"step": 100, "characters": 10, "seconds": 1.5, "loss": 2.0, "gradient": 0.5, "clipped": 0}


def record(folder: Path, *entries: object) -> Record:
    folder.mkdir(exist_ok=True)
    text = "".join(e if isinstance(e, str) else json.dumps(e) + "\n" for e in entries)
    (folder / "training.jsonl").write_text(text)
    return read_record(folder, SHOWN)


def test_a_whole_record(tmp_path: Path) -> None:
    make_record(tmp_path / "m")
    found = read_record(tmp_path / "m", SHOWN)
    assert (found.name, found.path) == ("m", SHOWN / "training.jsonl")
    assert (found.planned, found.clip) == (True, Decimal("0.5"))
    assert [(s.step, s.loss, s.largest) for s in found.stretches] == [
        (100, Decimal("2.0"), Decimal("0.75")),
        (200, Decimal("1.5"), Decimal("1.5")),
        (300, Decimal("1.25"), Decimal("3.0")),
        (400, Decimal("1.125"), Decimal("6.0")),
    ]
    assert [(v.step, v.seconds, v.loss) for v in found.validations] == [
        (200, Decimal("12.0"), Decimal("1.6")),
        (400, Decimal("24.0"), Decimal("1.225")),
    ]
    assert [(w.step, w.prompt, w.loss) for w in found.writings] == [
        (100, "\n", Decimal("2.5")),
        (300, "\n", Decimal("2.5")),
    ]
    assert found.best == found.validations[1]
    assert found.end == found.stretches[3]
    # Weighed by the steps of each line, which are as many here.
    assert (found.clipped, found.gradient) == (Decimal("0.375"), Decimal("0.9375"))
    assert found.largest == Decimal("6.0")


def test_a_record_of_the_first_versions(tmp_path: Path) -> None:
    make_record(tmp_path / "m", old=True)
    found = read_record(tmp_path / "m", SHOWN)
    assert (found.planned, found.clip, found.largest) == (False, None, None)
    assert [(w.step, w.prompt, w.loss) for w in found.writings] == [
        (100, "", Decimal("2.0")),
        (300, "", Decimal("1.25")),
    ]


def test_lines_count_by_their_steps(tmp_path: Path) -> None:
    first = {**STEPS, "clipped": 1.0, "gradient": 4.0}
    found = record(tmp_path, first, {**STEPS, "step": 400, "gradient": 2.0})
    assert (found.clipped, found.gradient) == (Decimal("0.25"), Decimal("2.5"))


def test_what_was_not_finite(tmp_path: Path) -> None:
    wild = {**STEPS, "step": 200, "loss": None, "gradient": None, "largest": None}
    found = record(tmp_path, {**STEPS, "largest": 7.0}, wild, '{"step": 300, "charac')
    assert [s.gradient for s in found.stretches] == [Decimal("0.5"), Decimal("Infinity")]
    assert (found.largest, found.gradient) == (Decimal("Infinity"), Decimal("Infinity"))
    assert found.end.step == 200, "a line that was cut short by a kill does not count"


def test_training_without_clipping(tmp_path: Path) -> None:
    found = record(tmp_path, {"step": 0, "characters": 0, "plan": {"clip": None}}, STEPS)
    assert (found.planned, found.clip) == (True, None)


AT = "models/m/training.jsonl:2: the log is damaged: "
END = "; restore it, or train again"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{nope}\n", f"{AT}not JSON (Expecting property name enclosed in double quotes){END}"),
        ("[1]\n", f"{AT}expected an object{END}"),
        ('{"characters": 20, "loss": 1}\n', f"{AT}'step' is missing or not a whole number{END}"),
        ('{"step": 200, "characters": 2.5}\n',
         f"{AT}'characters' is missing or not a whole number{END}"),
        ('{"step": 99, "characters": 20}\n', f"{AT}step 99 comes after step 100{END}"),
        ('{"step": 200, "characters": 20, "loss": "1"}\n',
         f"{AT}'loss' is missing or not a number{END}"),
        ('{"step": 200, "characters": 20, "loss": 1.0, "gradient": -1}\n',
         f"{AT}'gradient' is missing or not a number{END}"),
        ('{"step": 200, "characters": 20, "validation": null}\n',
         f"{AT}'validation' is missing or not a number{END}"),
        ('{"step": 200, "characters": 20, "validation": NaN}\n',
         f"{AT}not JSON (NaN is not a number){END}"),
        ('{"step": 200, "characters": 20, "sample": 1}\n',
         f"{AT}'sample' and 'prompt' must be text{END}"),
        ('{"step": 200, "characters": 20, "plan": 1}\n', f"{AT}'plan' is not an object{END}"),
    ],
)  # fmt: skip
def test_a_damaged_record(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        record(tmp_path, STEPS, line)
    assert str(caught.value) == message


def test_a_record_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        read_record(tmp_path / "m", SHOWN)
    assert str(caught.value) == (
        "models/m/training.jsonl: the model 'm' has no record of its training; "
        "train it with: escriba train m"
    )
    with pytest.raises(ModelError, match="the record holds no step; train it with: escriba train"):
        record(tmp_path / "m", {"step": 0, "characters": 0, "plan": {}})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("models")
    make_model(folder / "tolstoi")
    make_record(folder / "tolstoi")
    make_record(folder / "log")
    make_record(folder / "old", old=True)
    (folder / "bare").mkdir()
    return open_library(folder)


@pytest.mark.parametrize(
    ("span", "text", "machine"),
    [
        ("tolstoi.log.steps", "400", "400"),
        ("tolstoi.log.characters", "819,200", "819200"),
        ("tolstoi.log.seconds", "24.000", "24"),
        ("tolstoi.log.minutes:.1f", "0.4", "0.4"),
        ("tolstoi.log.loss", "1.125", "1.125"),
        ("tolstoi.log.clip:.1f", "0.5", "0.5"),
        ("tolstoi.log.clipped:%", "38%", "0.375"),
        ("tolstoi.log.clipped:.1%", "37.5%", "0.375"),
        ("tolstoi.log.gradient:2g", "0.94", "0.9375"),
        ("tolstoi.log.largest-gradient:1g", "6", "6"),
        ("tolstoi.log.best.validation", "1.225", "1.225"),
        ("tolstoi.log.best.step", "400", "400"),
        ("tolstoi.log.best.characters:k", "819\u202fk", "819200"),
        ("tolstoi.log.200.loss:.1f", "1.5", "1.5"),
        ("tolstoi.log.200.validation", "1.600", "1.6"),
        ("tolstoi.log.200.gradient", "0.500", "0.5"),
        ("tolstoi.log.200.largest-gradient", "1.500", "1.5"),
        ("tolstoi.log.200.clipped:%", "50%", "0.5"),
        ("tolstoi.log.200.characters", "409,600", "409600"),
        ("tolstoi.log.200.seconds:d", "12", "12"),
        ("log.log.steps", "400", "400"),
    ],
)
def test_value(models: Library, span: str, text: str, machine: str) -> None:
    shown = show_value(span, models, "en", PLACE)
    assert (shown.text, shown.machine) == (text, machine)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ("tolstoi.log.los", "posts/a.md:3:7: unknown value 'log.los' (did you mean 'loss'?)"),
        ("tolstoi.log.100.los",
         "posts/a.md:3:7: unknown value 'log.100.los' (did you mean '1000.loss'?)"),
        ("tolstoi.log.150.loss", "posts/a.md:3:7: the record of the model 'tolstoi' has no 'loss' "
         "at step 150 (near: 100, 200)"),
        ("tolstoi.log.500.validation", "posts/a.md:3:7: the record of the model 'tolstoi' has no "
         "'validation' at step 500 (near: 400)"),
        ("old.log.largest-gradient",
         "posts/a.md:3:7: the record of the model 'old' has no 'log.largest-gradient'"),
        ("old.log.clip", "posts/a.md:3:7: the record of the model 'old' has no 'log.clip'"),
        ("nobody.log.loss",
         "posts/a.md:3:7: unknown model 'nobody' (allowed: bare, log, old, tolstoi)"),
        ("bare.log.loss", "posts/a.md:3:7: the model 'bare' has no record of its training; "
         "train it with: escriba train bare"),
    ],
)  # fmt: skip
def test_wrong_value(models: Library, span: str, message: str) -> None:
    with pytest.raises(EscribaError) as caught:
        show_value(span, models, "en", PLACE)
    assert str(caught.value) == message


def test_an_endless_norm_is_no_number_for_prose(tmp_path: Path) -> None:
    found = record(tmp_path, {**STEPS, "gradient": None})
    with pytest.raises(SourceError, match=r"has no 'log\.gradient'$"):
        find_logged(found, "gradient", PLACE)
