"""`training.jsonl`: what happened while a model was trained, a JSON object to a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escriba.charlm.checkpoint import write_atomically

FILE = "training.jsonl"


@dataclass(frozen=True)
class Log:
    """A log that grows. Every entry has its `step`."""

    path: Path

    def write(self, entry: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def rewind(self, step: int) -> None:
        """Begin, or go on, at `step`: later lines belong to work that is done again, and go."""
        lines = _read_lines(self.path) if self.path.is_file() and step else ()
        kept = "".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step)
        write_atomically(self.path, lambda file: file.write(kept.encode()))


def _read_lines(path: Path) -> Iterator[str]:
    """Whole lines only; one cut short by a kill is dropped."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            json.loads(line)
        except ValueError:
            continue
        yield line
