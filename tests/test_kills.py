"""A training that is killed goes on where it was, and ends in the same bytes."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
if "forkserver" not in multiprocessing.get_all_start_methods():
    pytest.skip("there is no forkserver", allow_module_level=True)

from escriba import project  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.model import read_model  # noqa: E402

RECIPE = """
corpus: {sources: [{file: text.txt}]}
network: {layers: 2, hidden: 16, dropout: 0.1}
training: {steps: 500, batch: 4, window: 16, warmup: 5, log-every: 20, precision: float32}
"""
TEXT = "uno dos tres cuatro cinco\n" * 300


def make_site(root: Path) -> project.Project:
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(TEXT)
    (folder / "recipe.yml").write_text(RECIPE)
    return project.load(root)


def start(site: project.Project) -> BaseProcess:
    """Train in a process of its own; torch is imported once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["escriba.charlm.training.train"])
    options = {"checkpoint_every": 0, "validate_every": 50}
    process = context.Process(target=train, args=(site, "count"), kwargs=options)
    process.start()
    return process


def kill_at(step: int, site: project.Project) -> None:
    """Train until the log has come so far, a little longer, and kill -9."""
    process = start(site)
    while process.is_alive() and last_step(site) < step:
        time.sleep(0.001)
    time.sleep(Random(step).uniform(0, 0.03))
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def last_step(site: project.Project) -> int:
    log = site.models / "count" / "training.jsonl"
    lines = log.read_text().split("\n")[:-1] if log.exists() else []  # the last may be cut short
    return int(json.loads(lines[-1])["step"]) if lines else 0


def finish(site: project.Project) -> tuple[str, Any, list[Any]]:
    """Train to the end: digest of the weights, record and log, without the seconds."""
    process = start(site)
    process.join()
    assert process.exitcode == 0
    folder = site.models / "count"
    model = read_model(folder)
    log = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
    return model.digest, timeless(model.record), timeless(log)


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if key != "seconds"}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def test_a_killed_training_ends_in_the_same_bytes(tmp_path: Path) -> None:
    expected = finish(make_site(tmp_path / "whole"))
    site = make_site(tmp_path / "killed")
    for step in (20, 160, 340):
        kill_at(step, site)
    assert finish(site) == expected
