"""A training is followed elsewhere: in a table, and in TensorBoard."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training.train import train  # noqa: E402
from escriba.ground.errors import TrainingError  # noqa: E402
from support.training import log_of, make_site  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_has_the_numbers_of_the_log(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=200, validate_every=60, logs=("csv",))
    table = rows(site.models / "count" / "training.csv")
    assert list(table[0]) == [
        "step", "characters", "seconds", "loss", "validation", "gradient", "largest", "clipped",
        "rate",
    ]  # fmt: skip
    lines = [line for line in log_of(site) if "gradient" in line or "validation" in line]
    assert [(row["step"], row["loss"], row["validation"]) for row in table] == [
        (str(line["step"]), str(line.get("loss", "")), str(line.get("validation", "")))
        for line in lines
    ]
    assert [row["step"] for row in table] == ["60", "100", "120", "180", "200", "200"]


def test_a_table_follows_a_training_that_was_stopped(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    looks = iter(range(100))
    train(site, "count", steps=200, validate_every=60, logs=("csv",), stop=lambda: next(looks) > 16)
    path = site.models / "count" / "training.csv"
    assert [row["step"] for row in rows(path)] == ["60", "100", "120"]
    train(site, "count", steps=200, validate_every=60, logs=("csv",))
    assert [row["step"] for row in rows(path)] == ["60", "100", "120", "180", "200", "200"]


class Writer:
    """Stands for the writer of TensorBoard's library."""

    def __init__(self, folder: str, purge_step: int):
        self.folder, self.purge_step = folder, purge_step
        self.scalars: list[tuple[str, float, int]] = []
        self.texts: list[int] = []
        made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def add_text(self, name: str, text: str, step: int) -> None:
        self.texts.append(step)

    def flush(self) -> None:
        pass


made: list[Any] = []


def test_tensorboard_is_told_what_the_log_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.clear()
    library = ModuleType("torch.utils.tensorboard")
    library.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", library)
    site = make_site(tmp_path)
    train(site, "count", steps=100, logs=("tensorboard",))
    (writer,) = made
    assert Path(writer.folder) == site.models / "count" / "tensorboard"
    assert writer.purge_step == 0
    validations = [(step, value) for name, value, step in writer.scalars if name == "validation"]
    assert validations == [
        (line["step"], line["validation"]) for line in log_of(site) if "validation" in line
    ]
    assert [step for name, _, step in writer.scalars if name == "gradient"] == [100]
    assert writer.texts == [10, 30, 100]


def test_without_tensorboard_it_is_said_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrainingError) as caught:
        train(make_site(tmp_path), "count", steps=8, logs=("tensorboard",))
    assert str(caught.value) == (
        "--log tensorboard needs the package tensorboard; install it with: pip install tensorboard"
    )
