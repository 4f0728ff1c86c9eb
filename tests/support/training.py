"""A site with a model to train, `count`, and what a training of it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.numpy import save_file

from escriba.ground import project
from escriba.records.model import read_model

RECIPE = """
corpus:
  name: counting
  licence: none
  sources:
    - file: text.txt
network: {layers: 2, hidden: 16, cell: CELL}
training:
  {epochs: 4, batch: 4, window: 16, learning-rate: 0.02, warmup: 5, clip: 1.0, precision: float32}
"""
TEXT = "uno dos tres cuatro cinco\n" * 300


def make_site(root: Path, cell: str = "lstm") -> project.Project:
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(TEXT)
    (folder / "recipe.yml").write_text(RECIPE.replace("CELL", cell))
    return project.load(root)


def weights(site: project.Project) -> bytes:
    return (site.models / "count" / "weights.safetensors").read_bytes()


def log_of(site: project.Project) -> list[dict[str, object]]:
    text = (site.models / "count" / "training.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def timeless(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{key: line[key] for key in line if key != "seconds"} for line in lines]


def tensors(site: project.Project) -> dict[str, bytes]:
    model = read_model(site.models / "count")
    data = weights(site)
    return {name: data[t.start : t.end] for name, t in model.tensors.items()}


@dataclass
class Edited:
    """A checkpoint's plain values and its arrays, to be changed."""

    values: dict[str, Any]
    arrays: dict[str, Any]


@contextmanager
def edited(path: Path) -> Iterator[Edited]:
    """A checkpoint that is written anew after the body, as it then is."""
    with safe_open(path, "numpy") as file:
        arrays = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
        state = Edited(json.loads(file.metadata()["escriba"]), arrays)
    yield state
    save_file(state.arrays, path, {"escriba": json.dumps(state.values)})
