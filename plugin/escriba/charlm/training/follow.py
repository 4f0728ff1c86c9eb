"""Where else a training is followed: a table for spreadsheets, and TensorBoard."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from escriba.charlm.training.log import Log
from escriba.charlm.weights import write_atomically
from escriba.ground.errors import TrainingError
from escriba.ground.language import tr
from escriba.ground.numbers import read_json

Kind = Literal["csv", "tensorboard"]
Follower = Callable[[Mapping[str, Any]], None]

FILE, FOLDER = "training.csv", "tensorboard"
COLUMNS = (
    "step", "characters", "seconds", "loss", "validation", "gradient", "largest", "clipped", "rate",
)  # fmt: skip


def write_table(log: Log) -> None:
    """`training.csv` beside a log, with its numbers: a row for each line that has a loss. Raises
    TrainingError."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for line in log.read(1 << 60):
        entry = read_json(line)
        if "gradient" in entry or "validation" in entry:
            table.writerow({key: entry[key] for key in COLUMNS if entry.get(key) is not None})
    path, shown = log.path.with_name(FILE), log.shown.with_name(FILE)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()), shown)


def begin(kinds: Sequence[Kind], log: Log, step: int) -> Follower:
    """What is told every line of a log from that step on. Raises TrainingError if there is no
    TensorBoard, or for what cannot be written."""
    followers: list[Follower] = []
    if "csv" in kinds:
        followers.append(lambda entry: write_table(log) if "validation" in entry else None)
    if "tensorboard" in kinds:
        followers.append(_begin_board(log.path.parent / FOLDER, step))

    def follow(entry: Mapping[str, Any]) -> None:
        for follower in followers:
            follower(entry)

    return follow


def _begin_board(folder: Path, step: int) -> Follower:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise TrainingError(
            tr("--log tensorboard needs the package tensorboard; install it with: pip install "
               "tensorboard")
        ) from None  # fmt: skip
    writer = SummaryWriter(str(folder), purge_step=step)

    def write(entry: Mapping[str, Any]) -> None:
        for key in COLUMNS[3:]:
            if entry.get(key) is not None and ("gradient" in entry or key == "validation"):
                writer.add_scalar(key, entry[key], entry["step"])
        if isinstance(entry.get("sample"), str):
            writer.add_text("sample", entry["sample"], entry["step"])
        if "validation" in entry:
            writer.flush()

    return write
