"""`training.jsonl`: what happened while a model was trained, a JSON object to a line; and where
else that is followed, a table for spreadsheets and TensorBoard.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count as counting
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

from escriba.charlm.training.run import Run
from escriba.ground.atomic import remove_temporaries, write_atomically
from escriba.ground.errors import Place, TrainingError
from escriba.ground.files import open_file, refusals
from escriba.ground.language import tr
from escriba.ground.numbers import read_json

FILE = "training.jsonl"
LONGEST = 1 << 20  # bytes of a line; the longest that training writes are previews of 500 symbols

Mark = tuple[int, str]  # how many lines, and their digest
Kind = Literal["csv", "tensorboard"]
Follower = Callable[[Mapping[str, Any]], None]

TABLE, BOARD = "training.csv", "tensorboard"
COLUMNS = (
    "step", "characters", "seconds", "loss", "validation", "gradient", "largest", "clipped", "rate",
)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """A log that grows. Every entry has its `step`; `shown` is how errors name the file."""

    path: Path
    shown: Path

    def write(self, run: Run, **entry: Any) -> None:
        """Add a line about where a run is. Raises TrainingError."""
        line = {"step": run.step, "characters": run.characters, **entry}
        try:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        except OSError as error:
            raise TrainingError(
                tr(
                    "cannot be written: {reason}; the weights and the checkpoint from before are "
                    "kept, and the same command goes on from there",
                    reason=error.strerror,
                ),
                Place(self.shown),
            ) from None

    def rewind(
        self, step: int | None, lines: int | None = None, *, source: Log | None = None
    ) -> None:
        """Go on at `step`, or begin anew if None: later lines belong to work that is done again. Of
        those before, the first so many `lines` stay, or all; with a `source`, they are from there.

        Raises TrainingError for a line that no training has written, and for what cannot be read.
        """
        with refusals(TrainingError, self.shown.parent, tr("cannot be tidied up")):
            remove_temporaries(self.path)
        source = source or self
        keep = step is not None and source.exists()

        def write(file: BinaryIO) -> None:
            for line in islice(source.read(step or 0) if keep else (), lines):
                file.write(line)

        write_atomically(self.path, write, self.shown, kind=TrainingError)

    def exists(self) -> bool:
        """Whether there is anything of that name."""
        return os.path.lexists(self.path)

    def remove(self) -> None:
        """Raises TrainingError."""
        with refusals(TrainingError, self.shown, tr("cannot be removed")):
            self.path.unlink(missing_ok=True)

    def mark(self, step: int) -> Mark:
        """What a checkpoint of that step remembers, to know the log again. Raises TrainingError."""
        try:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
        except OSError:  # not there, or on a disk that cannot
            return 0, ""
        found, count = hashlib.sha256(), 0
        for line in self.read(step):
            found.update(line)
            count += 1
        return count, found.hexdigest()

    def bears(self, step: int, mark: object) -> bool:
        """Whether it is the log that a checkpoint of that step remembers, which may have grown
        since. Raises TrainingError like `rewind`."""
        if not (isinstance(mark, list) and len(mark) == 2 and self.exists()):
            return False
        lines = list(self.read(step))[: mark[0] if type(mark[0]) is int else 0]
        return [len(lines), hashlib.sha256(b"".join(lines)).hexdigest()] == mark

    def losses(self, step: int) -> tuple[tuple[int, float], ...]:
        """The training losses up to a step, with the step of each. Raises TrainingError."""
        if not self.exists():
            return ()
        lines = (read_json(line) for line in self.read(step))
        return tuple(
            (line["step"], line["loss"])
            for line in lines
            if "gradient" in line and isinstance(line.get("loss"), float)
        )

    def read(self, step: int) -> Iterator[bytes]:
        """The lines up to a step, whole. Raises TrainingError for one that no training has written,
        and for what cannot be read."""
        with open_file(self.path, self.shown, kind=TrainingError) as file:
            for number in counting(1):
                line = file.readline(LONGEST)
                if not line.endswith(b"\n") and len(line) < LONGEST:
                    return  # the end, or a line that was cut short by a kill
                if not line.strip():
                    continue
                try:
                    at = read_json(line)["step"]
                    if type(at) is not int:
                        raise TypeError
                except (ValueError, TypeError, KeyError):
                    raise TrainingError(
                        tr(
                            "not a line that training writes; remove it, or begin again with: "
                            "escriba train {name} --restart",
                            name=self.path.parent.name,
                        ),
                        Place(self.shown, number),
                    ) from None
                if at <= step:
                    yield line.rstrip() + b"\n"


def describe_steps(run: Run) -> dict[str, Any]:
    """The entry about the steps since the last one. Losses in nats per symbol; a number that is
    not finite is null."""
    norms = run.engine.norms()
    clip = math.inf if run.settings.clip is None else run.settings.clip
    return {
        "seconds": round(run.seconds, 1),
        "loss": _finite(float(run.engine.losses().mean()), 5),
        "gradient": _finite(float(norms.mean()), 5),
        "largest": _finite(float(norms.max()), 5),
        "clipped": round(float((norms > clip).mean()), 3),
        "rate": float(f"{run.schedule.rate(run.step - 1) * run.settings.learning_rate:.6g}"),
    }


def _finite(number: float, decimals: int) -> float | None:
    return round(number, decimals) if math.isfinite(number) else None


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
    path, shown = log.path.with_name(TABLE), log.shown.with_name(TABLE)
    write_atomically(
        path, lambda file: file.write(text.getvalue().encode()), shown, kind=TrainingError
    )


def begin_following(kinds: Sequence[Kind], log: Log, step: int) -> Follower:
    """What is told every line of a log from that step on. Raises TrainingError if there is no
    TensorBoard, or for what cannot be written."""
    followers: list[Follower] = []
    if "csv" in kinds:
        followers.append(lambda entry: write_table(log) if "validation" in entry else None)
    if "tensorboard" in kinds:
        followers.append(_begin_board(log.path.parent / BOARD, step))

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
