"""Checkpoints and logs that no training has written: refused, with a word about what to do."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm.training.checkpoint import LATEST  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.ground import project  # noqa: E402
from escriba.ground.errors import SourceError, TrainingError  # noqa: E402
from support.training import Edited, edited  # noqa: E402

RECIPE = """
corpus: {sources: [{file: text.txt}]}
network: {layers: 1, hidden: 8, cell: CELL}
training: {steps: 60, batch: 4, window: 16, optimiser: OPTIMISER, precision: float32, log-every: 5}
"""
TEXT = "uno dos tres cuatro cinco\n" * 100
AGAIN = "; begin again with: escriba train count --restart"
posix = pytest.mark.skipif(sys.platform == "win32", reason="links and special files of POSIX")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def make_site(root: Path, cell: str = "lstm", optimiser: str = "adamw") -> project.Project:
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(TEXT)
    (folder / "recipe.yml").write_text(RECIPE.replace("CELL", cell).replace("OPTIMISER", optimiser))
    return project.load(root)


def begin(site: project.Project) -> Path:
    """Half a training; its checkpoint."""
    looks = count()
    result = train(site, "count", stop=lambda: next(looks) > 2, validate_every=10)
    assert not result.finished
    return site.models / "count" / "checkpoint" / LATEST


def refusal(site: project.Project, kind: type[Exception] = TrainingError) -> str:
    with pytest.raises(kind) as caught:
        train(site, "count")
    return str(caught.value)


NAN, INF = float("nan"), float("inf")
ODD: list[Any] = [
    None, -1, 2**70, 1.5, NAN, -INF, "x", [1], {}, [1, 2, 3], [[1, 2.0], [3, 4.0], 5], True,
]  # fmt: skip
KEYS = (
    "schedule", "attempt", "step", "epoch", "index", "characters", "seconds", "loss", "best",
    "best_step", "validated", "validations", "cooled_after", "exhausted", "stale", "since", "asked",
    "best_seconds", "chosen", "identity",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_state_with_something_else_in_it_is_refused_or_gone_on_with(
    tmp_path: Path, key: str
) -> None:
    site = make_site(tmp_path)
    path = begin(site)
    whole = path.read_bytes()
    refused = 0
    for odd in [*ODD, ...]:
        path.write_bytes(whole)
        with edited(path) as state:
            state.values[key] = odd
            if odd is ...:
                del state.values[key]
        try:
            train(site, "count", stop=lambda: True)
        except TrainingError as error:
            refused += 1
            assert AGAIN.removeprefix("; ") in str(error)
    assert refused >= 8  # some may be what a field holds


FIRST = "engine.moments.0.0."


def change_array(name: str, change: Callable[[Any], Any]) -> Callable[[Edited], object]:
    return lambda state: state.arrays.update({name: change(state.arrays[name])})


def zeros(*shape: int) -> Callable[[Any], Any]:
    return lambda old: np.zeros(shape, np.float32)


CHANGES: dict[str, Callable[[Edited], object]] = {
    "moments of another shape": change_array(FIRST + "exp_avg", zeros(1)),
    "moments of whole numbers": change_array(FIRST + "exp_avg", lambda a: a.astype(np.uint8)),
    "moments of more bits": change_array(FIRST + "exp_avg", lambda a: a.astype(np.float64)),
    "moments of no parameter": lambda s: s.arrays.update(
        {"engine.moments.0.99.exp_avg": np.zeros(3, np.float32)}
    ),
    "moments of no optimiser": lambda s: s.arrays.update(
        {"engine.moments.9.0.exp_avg": np.zeros(3, np.float32)}
    ),
    "more moments": lambda s: s.arrays.update({FIRST + "max_exp_avg_sq": np.zeros(1, np.float32)}),
    "moments too few": lambda s: s.arrays.pop(FIRST + "exp_avg_sq"),
    "a weight of another shape": change_array("engine.weights.head.bias", zeros(2)),
    "a weight too few": lambda s: s.arrays.pop("engine.weights.head.bias"),
    "a best weight too many": lambda s: s.arrays.update({"best.more": np.zeros(1, np.float32)}),
    "a best weight of another shape": change_array("best.head.bias", zeros(2)),
    "what nobody has": lambda s: s.arrays.update(more=np.zeros(1, np.float32)),
    "other streams": change_array("engine.carried.0.0", lambda a: a[:, :1].copy()),
    "more layers": lambda s: s.arrays.update({"engine.carried.1.0": s.arrays["engine.carried.0.0"]}),
    "half a state": lambda s: s.arrays.pop("engine.carried.0.1"),
    "losses in rows": change_array("engine.losses", lambda a: a.reshape(1, -1)),
    "no losses": lambda s: s.arrays.pop("engine.losses"),
    "random bits": change_array("engine.random", lambda a: np.full_like(a, 255)),
    "few random bits": change_array("engine.random", lambda a: a[:9].copy()),
    "an end before it": lambda s: s.values.update(schedule=[9, 3, None]),
    "half an end": lambda s: s.values.update(schedule=[9, None, None]),
    "a bend before the fall": lambda s: s.values.update(schedule=[9, 30, [3, 0.5]]),
    "a batch of zero": lambda s: s.values["chosen"].update(batch=0),
    "a huge batch": lambda s: s.values["chosen"].update(batch=10**12),
    "a rate that is none": lambda s: s.values["chosen"].update(learning_rate=NAN),
    "a dropout of all": lambda s: s.values["chosen"].update(dropout=1.0),
    "another precision": lambda s: s.values["chosen"].update(precision="float64"),
    "more that was chosen": lambda s: s.values["chosen"].update(seed=2),
    "threads": lambda s: s.values["chosen"].update(threads=-1),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_state_that_does_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    site = make_site(tmp_path)
    path = begin(site)
    with edited(path) as state:
        CHANGES[name](state)
    found = refusal(site)
    assert found.startswith(f"models/count/checkpoint/{LATEST}: the checkpoint cannot be read (")
    assert found.endswith(f"){AGAIN}")


@pytest.mark.parametrize(
    ("cell", "optimiser"), [("rnn", "muon"), ("gru", "adamw"), ("lstm", "muon"), ("lstm", "adamw")]
)
def test_what_a_training_writes_is_not_refused(tmp_path: Path, cell: str, optimiser: str) -> None:
    site = make_site(tmp_path, cell, optimiser)
    begin(site)
    assert train(site, "count").finished
    assert train(site, "count", steps=90).step == 90


@posix
def test_more_than_the_machine_holds_is_not_read(tmp_path: Path) -> None:
    """A file of a few bytes on the disk, which says that it has 4 TB of numbers."""
    site = make_site(tmp_path)
    path = begin(site)
    size = 4 << 40
    head = json.dumps({"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}})
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head.encode())
        file.truncate(8 + len(head) + size)
    assert refusal(site) == (
        f"models/count/checkpoint/{LATEST}: the checkpoint cannot be read (MemoryError){AGAIN}"
    )


@pytest.mark.parametrize("seed", range(30))
def test_bytes_that_were_changed_are_gone_on_with_or_refused(tmp_path: Path, seed: int) -> None:
    site = make_site(tmp_path)
    path = begin(site)
    draw = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(draw.choice([1, 3, 30])):
        data[draw.randrange(len(data))] = draw.randrange(256)
    if draw.random() < 0.3:
        del data[draw.randrange(len(data)) :]
    path.write_bytes(data)
    try:
        train(site, "count")
    except TrainingError as error:
        assert "escriba train count --restart" in str(error)


@posix
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "is a FIFO, not a file"),
        (os.mkdir, "is a folder, not a file"),
        (lambda p: Path(p).symlink_to("nowhere"), "cannot be read: a link to nowhere, which is not there"),
        (lambda p: Path(p).write_bytes(b""), f"the checkpoint cannot be read (SafetensorError){AGAIN}"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_is_no_file_is_named(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    site = make_site(tmp_path)
    path = begin(site)
    path.unlink()
    make(path)
    assert refusal(site) == f"models/count/checkpoint/{LATEST}: {message}"


@posix
@pytest.mark.parametrize("name", [".", "recipe.yml", "training.jsonl", "checkpoint",
                                  "checkpoint/latest.safetensors", "weights.safetensors"])  # fmt: skip
def test_a_model_that_leads_out_of_the_project_is_not_touched(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    site = make_site(tmp_path)
    begin(site)
    (site.models / "count" / "weights.safetensors").write_bytes(b"weights")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "theirs"
    path = site.models / "count" / name
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = {p: p.read_bytes() for p in elsewhere.parent.rglob("*") if p.is_file()}
    found = refusal(site, SourceError)
    assert f"models/count{'' if name == '.' else f'/{name}'}: this leads to " in found
    assert {p: p.read_bytes() for p in elsewhere.parent.rglob("*") if p.is_file()} == before


LINE = b'{"step": 5, "characters": 320, "seconds": 0.1, "loss": 2.5}\n'
NO_LINE = (
    "not a line that training writes; remove it, or begin again with: escriba train count --restart"
)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"step": NaN}', b'{"step": Infinity}', b'{"step": 1e999}', b'{"step": 1.5}',
        b'{"step": "1"}', b'{"step": true}', b'{"step": null}', b"{}", b"[]", b"1", b"nonsense",
        b'{"step": 1' + b"0" * 5000 + b"}", b"\xff\xfe", b"\0" * 100,
        b'{"step": 1, "sample": "' + b"x" * (3 << 20) + b'"}',
    ],
)  # fmt: skip
def test_a_line_that_no_training_writes_is_named(tmp_path: Path, line: bytes) -> None:
    site = make_site(tmp_path)
    begin(site)
    log = site.models / "count" / "training.jsonl"
    log.write_bytes(LINE + line + b"\n" + LINE)
    before = log.read_bytes()
    assert refusal(site) == f"models/count/training.jsonl:2: {NO_LINE}"
    assert log.read_bytes() == before
    assert not list(log.parent.glob(".*"))


def test_a_last_line_that_was_cut_short_and_odd_line_ends_are_mended(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    begin(site)
    log = site.models / "count" / "training.jsonl"
    log.write_bytes(LINE.replace(b"\n", b"\r\n") + b"\n" + LINE + b'{"step": 6, "lo')
    train(site, "count")
    data = log.read_bytes()
    assert data.startswith(LINE + LINE + b'{"step": ')
    assert all(type(json.loads(line)["step"]) is int for line in data.splitlines())


@posix
@pytest.mark.parametrize(
    ("make", "message"),
    [(os.mkfifo, "is a FIFO, not a file"), (os.mkdir, "is a folder, not a file")],
)
def test_a_log_that_is_no_file_is_named(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    site = make_site(tmp_path)
    begin(site)
    log = site.models / "count" / "training.jsonl"
    log.unlink()
    make(log)
    assert refusal(site) == f"models/count/training.jsonl: {message}"


def test_another_number_of_threads_is_logged(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    begin(site)
    torch.set_num_threads(2)
    train(site, "count")
    lines = (site.models / "count" / "training.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["threads"] for entry in entries if "threads" in entry] == [2]
