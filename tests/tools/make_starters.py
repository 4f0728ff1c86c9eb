"""Makes the models that come with escriba of trained ones, and the samples of a new blog's post.

    escriba train shakespeare        # by the recipe of plugin/escriba/site/new/starters/, in any project
    python tests/tools/make_starters.py MODELS

MODELS is the folder that they were trained in. Their weights are rounded to eight bits.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from escriba.ground import project
from escriba.records.model import FILE, read_model
from escriba.sampling.compact import compact
from escriba.site.build import build
from escriba.site.new.blog import create
from escriba.site.new.starters import FOLDER, STARTERS, Starter

COPIED = ("training.jsonl",)


def make(starter: Starter, trained: Path) -> None:
    """Write a starter model, and what it writes in the first post."""
    folder = FOLDER / starter.name
    (folder / FILE).write_bytes(compact(read_model(trained)))
    for name in COPIED:
        shutil.copy(trained / name, folder / name)
    shutil.rmtree(folder / "samples", ignore_errors=True)
    with TemporaryDirectory() as root:
        create(Path(root), starter.lang, model=starter.name)
        build(project.load(Path(root)))
        shutil.copytree(Path(root) / "models" / starter.name / "samples", folder / "samples")
    model = read_model(folder)
    print(starter.name, model.digest[:12], f"{model.parameters:,}", model.path.stat().st_size)


if __name__ == "__main__":
    for starter in STARTERS:
        if (Path(sys.argv[1]) / starter.name / FILE).exists():
            make(starter, Path(sys.argv[1]) / starter.name)
