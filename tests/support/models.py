"""Random models for tests: files as training writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from escriba.evidence.question import Question, Use
from escriba.ground.errors import EscribaError
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.records.library import Library
from escriba.records.model import FILE, Cell, Model, Network, header, read_model
from escriba.records.vocabulary import Unit, Vocabulary

LETTERS = "\n !,.?abcdefghijklmnopqrstuvwxyz"


def make_model(
    folder: Path,
    *,
    cell: Cell = "lstm",
    layers: int = 2,
    hidden: int = 16,
    symbols: str = LETTERS,
    unit: Unit = "characters",
    seed: int = 0,
    residual: bool = True,
    scale: float | None = None,
    tensors: dict[str, np.ndarray] | None = None,
    training: object = None,
) -> Model:
    """A model with random weights in `folder` (`models/<name>`), made with its parents.

    The weights are normal with standard deviation `scale`, by default one that gives a lively
    text: neither uniform noise nor one symbol for ever. `tensors` replaces some of them,
    and `training` what is recorded of it.
    """
    network = Network(cell, layers, hidden, residual)
    vocabulary = Vocabulary(unit, "".join(sorted(symbols)))
    random = np.random.default_rng(seed)
    deviation = scale if scale is not None else 1.5 / hidden**0.5
    weights = {
        name: random.normal(0, deviation, shape).astype(np.float32)
        for name, shape in network.shapes(len(vocabulary)).items()
    }
    weights.update(tensors or {})
    record = {
        "corpus": {
            "name": "random.txt",
            "digest": "0" * 64,
            "characters": 1000,
            "bytes": 1100,
            "licence": "public domain",
        },
        "training": training
        or {"validation": "1.234", "characters": 1_000_000, "seconds": 60, "steps": 500},
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / FILE, header(network, vocabulary, record))
    return read_model(folder)


def open_library(folder: Path) -> Library:
    """The models of a folder, which messages call `models`."""
    library = Library(Project(folder.parent, Settings(models=Path(folder.name))))
    library.shown = Path("models")
    return library


class FixedAnswers:
    """Gives one text to every question, or the mistake that it is made of."""

    def __init__(self, text: str | EscribaError = "and then."):
        self.text = text
        self.asked: list[Use] = []

    def gather(self, uses: Sequence[Use], mistakes: Mistakes) -> None:
        self.asked += uses
        if isinstance(self.text, EscribaError):
            for _ in uses:
                mistakes.add(self.text)

    def __contains__(self, question: Question) -> bool:
        return isinstance(self.text, str)

    def __getitem__(self, question: Question) -> str:
        return str(self.text)


def make_record(folder: Path, *, old: bool = False, lines: int = 4) -> list[dict[str, Any]]:
    """A record of training in `folder`, by rules: the loss halves its way down to 1, the norm
    doubles. An `old` one has what the first versions wrote."""
    entries: list[dict[str, Any]] = []
    if not old:
        entries.append({"step": 0, "characters": 0, "plan": {"clip": 0.5, "steps": None}})
    for number in range(1, lines + 1):
        at = {"step": 100 * number, "characters": 204_800 * number, "seconds": 6.0 * number}
        steps = {"loss": 1 + 2 / 2**number, "gradient": 0.125 * 2**number, "rate": 0.004}
        if not old:
            steps["largest"] = 3 * steps["gradient"]
        entries.append({**at, **steps, "clipped": 0.25 * (number % 4)})
        if number % 2 == 0:
            entries.append({**at, "validation": 1.1 + 2 / 2**number})
        if number in (1, 3):
            del at["seconds"]
            sample = {"sample": f"<b>{number}</b> *and* so\n\non & on"}
            entries.append(
                {**at, **sample} if old else {**at, **sample, "prompt": "\n", "loss": 2.5}
            )
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    (folder / "training.jsonl").write_text(text)
    return entries
