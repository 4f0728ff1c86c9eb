"""A site with a model to train, `count`, and what a training of it leaves."""

from __future__ import annotations

import json
from pathlib import Path

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
