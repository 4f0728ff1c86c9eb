"""A training that is killed goes on where it was, and ends in the same bytes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed")
if "forkserver" not in multiprocessing.get_all_start_methods():
    pytest.skip("there is no forkserver", allow_module_level=True)

from escriba.charlm.training import checkpoint, loop
from escriba.charlm.training.log import Log
from escriba.charlm.training.train import train
from escriba.ground import project
from escriba.records.model import read_model

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


def train_until(site: project.Project, moment: str, step: int) -> None:
    """Train, and be killed (-9) at that moment of that step, wherever the others are by then."""
    if moment == "between steps":
        kill_before(loop, "take_step", lambda run, window: run.step == step)
    elif moment == "while a checkpoint is written":
        kill_before(
            checkpoint, "write_tensors",
            lambda file, arrays, metadata: json.loads(metadata["escriba"])["step"] >= step
            and write_half(file),
        )  # fmt: skip
    elif moment == "before a checkpoint has its name":
        steps = [0]
        kill_before(loop, "take_step", lambda run, window: steps.append(run.step))
        kill_before(os, "fsync", lambda number: steps[-1] >= step)
    elif moment == "while a line is written":
        kill_before(Log, "write", lambda log, run, **_: run.step >= step and cut_line(site))
    train(site, "count", checkpoint_every=0, validate_every=50)


def kill_before(module: Any, name: str, due: Callable[..., object]) -> None:
    """Let a function of a module, in this process, kill it instead of what it does when it is due."""
    original = getattr(module, name)

    def replaced(*given: Any, **named: Any) -> Any:
        if due(*given, **named):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*given, **named)

    setattr(module, name, replaced)


def write_half(file: Any) -> bool:
    file.write(b"half of it")
    file.flush()
    return True


def cut_line(site: project.Project) -> bool:
    with (site.models / "count" / "training.jsonl").open("a") as file:
        file.write('{"step": 1')
    return True


def start(site: project.Project, moment: str = "", step: int = 0) -> BaseProcess:
    """Train in a process of its own; torch is imported once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["escriba.charlm.training.train"])
    process = context.Process(target=train_until, args=(site, moment, step))
    process.start()
    return process


def kill_at(site: project.Project, moment: str, step: int) -> None:
    process = start(site, moment, step)
    process.join()
    assert process.exitcode == -signal.SIGKILL, moment


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
    for moment, step in (
        ("between steps", 3),
        ("while a line is written", 20),
        ("while a checkpoint is written", 100),
        ("between steps", 171),
        ("before a checkpoint has its name", 240),
        ("while a line is written", 340),
    ):
        kill_at(site, moment, step)
    assert finish(site) == expected
