"""A site whose model is trained on tiny Shakespeare, with nanoGPT's split of it: 90/10."""

from __future__ import annotations

from pathlib import Path

from escriba.ground import project
from escriba.ground.project import Project
from escriba.records.recipe import Budget, Engine

NAME = "shakespeare"
RECIPE = """
corpus:
  name: tiny Shakespeare
  split: [90, 10, 0]
  sources:
    - url: https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt
      sha256: 86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed
training:
"""


def make_site(
    root: Path, seed: int, budget: Budget = "10 minutes", engine: Engine = "torch"
) -> Project:
    (root / "escriba.yml").write_text("title: benchmark\n")
    folder = root / "models" / NAME
    folder.mkdir(parents=True)
    (folder / "recipe.yml").write_text(
        f"{RECIPE.rstrip()}\n  engine: {engine}\n  seed: {seed}\n  budget: {budget}\n"
    )
    return project.load(root)
