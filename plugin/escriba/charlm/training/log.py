"""`training.jsonl`: what happened while a model was trained, a JSON object to a line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from escriba.charlm.training.run import Run
from escriba.charlm.weights import write_atomically
from escriba.draft import remove_drafts
from escriba.errors import Place, TrainingError
from escriba.language import tr

FILE = "training.jsonl"


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

    def rewind(self, step: int | None) -> None:
        """Go on at `step`, or begin anew if None: later lines belong to work that is done again."""
        remove_drafts(self.path)
        lines = _read_lines(self.path) if self.path.is_file() and step is not None else ()
        kept = "".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= (step or 0))
        write_atomically(self.path, lambda file: file.write(kept.encode()), self.shown)


def describe_steps(run: Run) -> dict[str, Any]:
    """The entry about the steps since the last one. Losses in nats per symbol; a number that is
    not finite is null."""
    norms = torch.stack(run.norms).float()
    clip = math.inf if run.settings.clip is None else run.settings.clip
    return {
        "seconds": round(run.seconds, 1),
        "loss": _finite(float(run.mean_losses().mean()), 5),
        "gradient": _finite(float(norms.mean()), 5),
        "largest": _finite(float(norms.max()), 5),
        "clipped": round(float((norms > clip).float().mean()), 3),
        "rate": float(f"{run.schedule.rate(run.step - 1) * run.settings.learning_rate:.6g}"),
    }


def _finite(number: float, decimals: int) -> float | None:
    return round(number, decimals) if math.isfinite(number) else None


def _read_lines(path: Path) -> Iterator[str]:
    """Whole lines only; one cut short by a kill is dropped."""
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            json.loads(line)
        except ValueError:
            continue
        yield line
