"""Streams shared out among threads. What a text says never depends on it; who writes when does."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from subprocess import PIPE

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.sampling import engine
from escriba.sampling import workers as pools
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from escriba.sampling.stream import BATCH, Stream, free_places, make_stream
from escriba.sampling.workers import Job, Worker, WorkerPool
from escriba.sampling.writer import Writer
from support.models import make_model
from support.waiting import PATIENCE, wait_until


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "m", hidden=13)


@given(
    options=st.lists(
        st.builds(
            Options,
            prompt=st.text("abc .", max_size=30),
            length=st.integers(1, 300),
            until=st.sampled_from([None, "paragraph", "e", "."]),
            seed=st.integers(0, 9),
        ),
        min_size=1,
        max_size=40,
    ),
    workers=st.integers(1, 4),
    chunk=st.integers(1, 40),
)
@settings(max_examples=40)
def test_texts_do_not_depend_on_who_writes_them(model, options, workers, chunk, monkeypatch):
    alone = [Engine(model, workers=1).sample(each) for each in options]
    with monkeypatch.context() as patch:
        patch.setattr(engine, "SHARED", 0)
        for name in ("CHUNK", "LOOK", "LEAST"):
            patch.setattr(pools, name, chunk)
        assert Engine(model, workers=workers).sample_many(options) == alone


class Recorder:
    """A batch that draws nothing but zeros, and notes how many streams it runs at a time."""

    def __init__(self, fault: BaseException | None = None):
        self.sizes: list[int] = []  # in each step
        self.streams: dict[int, Stream] = {}
        self.fault = fault

    def add(self, streams: Sequence[Stream]) -> list[int]:
        places = free_places(self.streams, len(streams))
        self.streams.update(zip(places, streams, strict=True))
        return places

    def advance(self, steps: int) -> dict[int, list[int]]:
        if self.fault:
            raise self.fault
        self.sizes += [len(self.streams)] * steps
        return {place: [0] * steps for place in self.streams}

    def remove(self, place: int) -> None:
        del self.streams[place]

    def move(self, place: int, other: Recorder) -> None:
        other.streams[place] = self.streams.pop(place)


def ignore(symbols: int) -> None:
    pass


def make_jobs(model, lengths: Sequence[int]) -> list[Job]:
    options = [Options(length=length) for length in lengths]
    return [
        Job(make_stream(model, o), Writer(model.vocabulary, o), lambda text: None) for o in options
    ]


def test_a_free_place_is_taken_at_once(model):
    """The longest first, then one more whenever one ends: no step is taken for nothing."""
    lengths = [16 * n for n in range(1, 25)]
    batch = Recorder()
    advances: list[int] = []
    WorkerPool(make_jobs(model, lengths), [batch], advances.append).write()
    assert sum(advances) == sum(lengths)
    assert sum(batch.sizes) == sum(lengths)
    assert batch.sizes == sorted(batch.sizes, reverse=True)
    assert max(batch.sizes) == BATCH
    assert len(batch.sizes) < 384 + 256 + 128 - 100  # as eights, one after the other, less a part


@pytest.mark.parametrize(("count", "sizes"), [(3, [2, 1]), (10, [5, 5]), (64, [8, 8])])
def test_few_jobs_are_shared_out_evenly(model, count, sizes):
    jobs = make_jobs(model, [16] * count)
    batches = [Recorder(), Recorder()]
    pool = WorkerPool(jobs, batches, ignore)
    for worker in pool._workers:
        assert pool._find_work(worker)
    assert [len(batch.streams) for batch in batches] == sizes


def test_an_idle_hand_gets_half(model):
    jobs = make_jobs(model, [4000] * 8 + [16] * 8)
    slow, quick = Recorder(), Recorder()
    both = WorkerPool(jobs, [slow, quick], ignore)
    first, second = both._workers
    assert both._find_work(first)
    assert both._find_work(second)
    assert (len(slow.streams), len(quick.streams)) == (8, 8)
    second.advance()
    assert not second.jobs
    waiting = threading.Thread(target=both._find_work, args=(second,))
    waiting.start()
    wait_until(lambda: both._idle)
    assert both._find_work(first)
    waiting.join(PATIENCE)
    assert (len(first.jobs), len(second.jobs)) == (4, 4)
    assert {*first.jobs, *second.jobs} == set(range(8))
    both.write()
    assert all(job.writer.ended for job in jobs)
    assert not first.jobs
    assert not second.jobs


def test_jobs_change_hands_in_the_kernel(model, monkeypatch):
    """With texts of very different lengths it happens by itself, and changes none of them."""
    given: list[int] = []
    plain = Worker.give_half

    def give(worker: Worker, other: Worker) -> None:
        given.append(len(worker.jobs))
        plain(worker, other)

    monkeypatch.setattr(Worker, "give_half", give)
    monkeypatch.setattr(engine, "SHARED", 0)
    options = [Options(length=30_000 if s % 2 else 20, seed=s) for s in range(16)]
    options[1] = Options(length=90_000, seed=1)
    alone = Engine(model, workers=1).sample_many(options)
    assert not given
    assert Engine(model, workers=3).sample_many(options) == alone
    assert given


@pytest.mark.parametrize("fault", [RuntimeError("broken"), KeyboardInterrupt()])
def test_one_failure_stops_all(model, fault):
    jobs = make_jobs(model, [1_000_000] * 64)
    good = Recorder()
    with pytest.raises(type(fault)):
        WorkerPool(jobs, [good, Recorder(fault=fault)], ignore).write()
    assert not all(job.writer.ended for job in jobs)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_all_threads(tmp_path):
    """Minutes of work end at once, in the main thread's own exception."""
    model = make_model(tmp_path / "m", hidden=128)
    code = (
        "import sys; from pathlib import Path; from escriba.records.model import read_model;"
        "from escriba.sampling.engine import Engine; from escriba.sampling.request import Options;"
        "engine = Engine(read_model(Path(sys.argv[1])), workers=2); print('ready', flush=True);"
        "engine.sample_many([Options(length=1_000_000, seed=s) for s in range(64)])"
    )
    command = [sys.executable, "-c", code, str(model.path.parent)]
    with subprocess.Popen(
        command,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        # Whoever runs the tests in the background has them ignore SIGINT; a child would inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(1)  # into the work
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert errors.endswith("KeyboardInterrupt\n")
