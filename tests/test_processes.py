"""Two processes under torchrun train as one does with the same global batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training.train import train
from escriba.ground import project

RECIPE = """
corpus: {sources: [{file: text.txt}]}
network: {layers: 2, hidden: 16, dropout: 0.2}
training:
  {batch: 4, window: 16, learning-rate: 0.01, warmup: 5, precision: float32, log-every: 10}
"""


def make_site(root: Path) -> Path:
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text("uno dos tres cuatro cinco\n" * 300)
    (folder / "recipe.yml").write_text(RECIPE)
    return folder


def torchrun(root: Path, *arguments: str, processes: int = 2) -> str:
    command = [
        sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}",
        "--standalone", "-m", "escriba", "train", "count", *arguments,
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def curve(folder: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines if "gradient" in line}


@pytest.mark.skipif(sys.platform == "win32", reason="torch has no gloo processes there")
def test_two_processes_are_as_good_as_one_and_go_on_from_its_checkpoint(tmp_path: Path) -> None:
    alone = make_site(tmp_path / "alone")
    train(project.load(tmp_path / "alone"), "count", steps=120)
    together = make_site(tmp_path / "together")
    # The first half by two processes; the second by one, from the checkpoint of the two.
    output = torchrun(tmp_path / "together", "--steps", "60")
    assert output.count("models/count: validation ") == 1  # one process speaks, and writes
    assert curve(together) == pytest.approx(
        {step: loss for step, loss in curve(alone).items() if step <= 30}
        | {step: loss for step, loss in curve(together).items() if step > 30},
        abs=2e-4,
    )
    result = train(project.load(tmp_path / "together"), "count", steps=120)
    assert result.finished
    assert curve(together) == pytest.approx(curve(alone), abs=2e-3)


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    make_site(tmp_path)
    with pytest.raises(AssertionError) as caught:
        torchrun(tmp_path, "--steps", "10", processes=3)
    assert (
        "models/count/recipe.yml: a batch of 4 cannot be shared by 3 processes; make it a "
        "multiple of their number"
    ) in str(caught.value)
    told = str(caught.value).partition("\nassert ")[0]
    assert told.count("cannot be shared by 3 processes") == 1
