"""One at a time, whoever is killed, and a word for whom the others wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from escriba.ground import lock
from escriba.ground.errors import SourceError, TrainingError
from escriba.ground.lock import FILE, Say, hold, hold_project
from escriba.ground.project import Project, load
from escriba.hosts.expand import expand_files, expand_stream
from escriba.site.build import build
from escriba.upkeep.check import check, prune, refresh
from escriba.upkeep.explain import explain
from support.blogs import make_site, tree
from support.waiting import PATIENCE

SHOWN = Path("site")
HOLDER = """
import sys, time
from pathlib import Path
from escriba.ground.lock import hold
sys.argv = ["/somewhere/escriba/__main__.py", "refresh", "a b\\x1b[31m.md"]
with hold(Path({path!r}), Path("site")):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(path=str(path))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.communicate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site" / ".escriba" / FILE


def test_a_lock_leaves_nothing_behind(path: Path) -> None:
    with hold(path, SHOWN):
        assert path.is_file()
    assert not path.parent.exists()
    (path.parent).mkdir()
    (path.parent / "manifest").write_text("")
    with hold(path, SHOWN):
        pass
    assert [each.name for each in path.parent.iterdir()] == ["manifest"]


class Clock:
    """Time that passes only while somebody sleeps."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_second_one_says_for_whom_it_waits_and_then_refuses(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with holder(path) as other:
        name = f"`escriba refresh a b [31m.md` (process {other.pid})"
        with pytest.raises(SourceError) as caught, hold(path, SHOWN, told.append, patience=0):
            pass
        assert told == []
        assert str(caught.value) == (f"site: {name} is at work there; try again when it has ended")
        monkeypatch.setattr(lock, "time", Clock())
        with (
            pytest.raises(TrainingError),
            hold(path, SHOWN, told.append, moment=1, patience=2, kind=TrainingError),
        ):
            pass
        assert told == [f"site: waiting for {name}, at work there"]


def test_a_second_one_goes_on_when_the_first_has_ended(path: Path) -> None:
    with holder(path) as other:

        def end(text: str) -> None:
            assert other.stdin is not None
            other.stdin.close()
            other.stdin = None

        with hold(path, SHOWN, end, moment=0):
            assert other.wait() == 0
            assert path.read_text()[1:].startswith(f"{os.getpid()}\n")


def test_what_a_killed_one_left_is_taken_over(path: Path) -> None:
    with holder(path) as other:
        other.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        other.wait()
    assert path.is_file()
    with hold(path, SHOWN, patience=0):
        pass
    assert not path.exists()


def test_only_one_of_many_is_inside(path: Path) -> None:
    inside, most = 0, 0
    starts = threading.Barrier(8)

    def work() -> None:
        nonlocal inside, most
        starts.wait()
        for _ in range(20):
            with hold(path, SHOWN):
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)
    assert not path.parent.exists()


def test_a_lock_that_was_removed_is_not_held_by_its_old_file(path: Path) -> None:
    with hold(path, SHOWN):
        path.unlink()
        with hold(path, SHOWN, patience=0):  # a new file
            new = path.stat().st_ino
    assert new
    assert not path.exists()


def test_whoever_lost_the_file_does_not_remove_that_of_another(path: Path) -> None:
    first = hold(path, SHOWN)
    first.__enter__()
    path.unlink()
    with hold(path, SHOWN, patience=0):
        first.__exit__(None, None, None)
        assert path.is_file()


@pytest.mark.parametrize("refusal", [13, 30, 28, 37])
def test_where_nothing_can_be_written_work_goes_on_without(
    path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(lock.os, "open", refuse)
    with hold(path, SHOWN):
        pass


def test_what_stands_in_the_way_is_named(path: Path, tmp_path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(SourceError) as caught, hold(path, SHOWN):
        pass
    assert str(caught.value) == "site/.escriba/lock: cannot be locked: Is a directory; remove it"
    path.rmdir()
    precious = tmp_path / "precious"
    precious.write_text("kept")
    path.symlink_to(precious)
    with pytest.raises(SourceError) as caught, hold(path, SHOWN):
        pass
    assert str(caught.value) == "site/.escriba/lock: cannot be locked: a link; remove it"
    assert precious.read_text() == "kept"
    path.unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        with pytest.raises(SourceError), hold(path, SHOWN):
            pass


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere", "cannot be written: No such file or directory"),
        ("x" * 300, "cannot be locked: File name too long; remove it"),
        (".escriba", "cannot be locked: Too many levels of symbolic links; remove it"),
    ],
)
def test_a_folder_that_is_a_broken_link_is_named(path: Path, target: str, reason: str) -> None:
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.symlink_to(target)
    with pytest.raises(SourceError) as caught, hold(path, SHOWN):
        pass
    assert str(caught.value) == f"site/.escriba/lock: {reason}"


def test_where_no_folder_can_be_made_it_does_not_wait_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in /proc, where the system says that it is not there."""
    attempts: list[int] = []

    def take(path: Path) -> int | None:
        attempts.append(1)
        if len(attempts) < lock.MISSES:  # for so long it may be that another took it away
            raise FileNotFoundError(2, "No such file or directory")
        if len(attempts) == lock.MISSES:
            return None
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(lock, "_take", take)
    monkeypatch.setattr(lock, "PAUSE", 0.0)
    with pytest.raises(SourceError) as caught, hold(path, SHOWN):
        pass
    assert len(attempts) == 2 * lock.MISSES, "a miss after another kind of answer counts anew"
    assert str(caught.value) == (
        f"{(SHOWN / path.relative_to(path.parents[1])).as_posix()}: cannot be written: "
        "No such file or directory"
    )


def test_a_project_is_not_locked_outside_of_it(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    (tmp_path / "blog" / "escriba.yml").write_text("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "blog" / ".escriba").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceError) as caught, hold_project(load(tmp_path / "blog")):
        pass
    assert str(caught.value).startswith(".escriba: this leads to ")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def commands(site: Project) -> dict[str, Callable[[Say], object]]:
    """Everything that works on a project, and is told what to say."""
    source = [site.root / "docs"]
    source[0].mkdir()
    (source[0] / "a.md").write_text("a\n")
    how = {"check": False, "frozen": False, "style": False}
    return {
        "build": lambda say: build(site, say=say),
        "build --frozen": lambda say: build(site, frozen=True, output=site.root / "b", say=say),
        "check": lambda say: check(site, say=say),
        "refresh": lambda say: refresh(site, say=say),
        "prune": lambda say: prune(site, say=say),
        "explain": lambda say: explain(site, "redes", say),
        "expand": lambda say: expand_files(site, source, site.root / "out", say=say, **how),
        "expand -": lambda say: expand_stream(site, b"a", frozen=True, style=False, say=say),
    }


def test_every_command_waits_for_who_is_at_work_in_the_project(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    told: dict[str, str] = {}
    all_told, failures = threading.Event(), []
    known = commands(site)

    def work(name: str) -> None:
        def say(text: str) -> None:
            told.setdefault(name, text)
            if told.keys() == known.keys():
                all_told.set()

        try:
            known[name](say)
        except BaseException as error:
            failures.append((name, error))

    threads = [threading.Thread(target=work, args=[name]) for name in known]
    with hold_project(site):
        for thread in threads:
            thread.start()
        assert all_told.wait(PATIENCE)
        assert all(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(told.values()) == {next(iter(told.values()))}
    assert f"(process {os.getpid()}), at work there" in told["check"]
    assert not (site.cache / FILE).exists()


def test_a_build_waits_for_who_writes_its_output(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    told: list[str] = []
    waiting = threading.Event()

    def say(text: str) -> None:
        told.append(text)
        waiting.set()

    thread = threading.Thread(target=lambda: build(site, say=say))
    with hold(site.output / ".escriba" / FILE, SHOWN):
        thread.start()
        assert waiting.wait(PATIENCE)
        assert list(site.output.iterdir()) == [site.output / ".escriba"]
    thread.join()
    assert told[0].startswith("site: waiting for ")
    assert (site.output / "index.html").exists()


def test_the_command_line_says_for_whom_it_waits(tmp_path: Path) -> None:
    site = make_site(tmp_path / "blog")
    with holder(site.cache / FILE) as other:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "escriba", "build"],
            cwd=site.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "LANGUAGE": "en"},
        )  # fmt: skip
        assert process.stderr is not None
        line = process.stderr.readline()
    _, rest = process.communicate()
    assert (process.returncode, rest) == (0, "")
    assert line == (
        f"{site.root}: waiting for `escriba refresh a b [31m.md` (process {other.pid}), at work there\n"
    )


def test_a_project_that_cannot_be_written_is_built_from_what_is_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    before = tree(site.root)
    mkdir, opened = Path.mkdir, os.open

    def refuse(path: object) -> None:
        if Path(str(path)).is_relative_to(site.root):
            raise OSError(30, "Read-only file system", str(path))

    def no_mkdir(self: Path, *rest: Any, **more: Any) -> None:
        refuse(self)
        mkdir(self, *rest, **more)

    def no_open(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            refuse(path)
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(Path, "mkdir", no_mkdir)
    monkeypatch.setattr(os, "open", no_open)
    assert build(site, frozen=True, output=tmp_path / "elsewhere").written == 16
    assert check(site).samples == 2
    assert explain(site, "redes")
    assert tree(site.root) == before
