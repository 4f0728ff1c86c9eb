"""Files that appear whole or not at all, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from escriba.article.blocks.panels import Panels
from escriba.evidence.answers import Answers
from escriba.evidence.ledger import Ledger
from escriba.evidence.question import Use
from escriba.ground.atomic import is_temporary, open_atomically, remove_temporaries, sync
from escriba.ground.errors import Place, SourceError
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.sampling.request import Options, Request
from support.models import make_model

NAMES = ["a.txt", "a[1].md", "*.md", "é" * 127, "x" * 255, ".hidden", "a.12345678"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with open_atomically(path) as file:
        file.write(b"1")
        (draft,) = tmp_path.iterdir()
        assert is_temporary(draft)
        assert draft.name != name
    assert path.read_bytes() == b"1"
    with pytest.raises(KeyboardInterrupt), open_atomically(path) as file:
        raise KeyboardInterrupt
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with open_atomically(path) as file:
        file.write(b"1")
        (draft,) = tmp_path.iterdir()
        (tmp_path / "copy").write_bytes(b"")
        (tmp_path / "copy").rename(tmp_path / "b")
        left = draft.name
    (tmp_path / left).write_bytes(b"half")
    others = [".b.txt.12345678", f"{left}0", left[:-1]]
    for other in others:
        (tmp_path / other[:255]).write_bytes(b"")
    remove_temporaries(path)
    found = {each.name for each in tmp_path.iterdir()}
    assert left not in found
    assert found == {name, "b", *(other[:255] for other in others)} - {left}


def test_only_drafts_are_swept_from_among_samples(tmp_path: Path) -> None:
    samples = tmp_path / "models" / "m" / "samples"
    samples.mkdir(parents=True)
    for name in ("abc.txt", ".abc.txt.0123abcd", ".gitkeep", ".abc.txt.0123abcg"):
        (samples / name).write_text("")
    (samples / ".folder.0123abcd").mkdir()
    Ledger(Project(tmp_path, Settings())).sweep()
    assert sorted(path.name for path in samples.iterdir()) == [
        ".abc.txt.0123abcg", ".folder.0123abcd", ".gitkeep", "abc.txt",
    ]  # fmt: skip


def test_many_files_and_folders_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path, *(tmp_path / str(number) for number in range(40))]
    for path in paths[1:]:
        path.write_text("")
    seen = set()
    monkeypatch.setattr(os, "fsync", lambda number: seen.add(os.fstat(number).st_ino))
    for number in (2, len(paths)):
        seen.clear()
        sync(paths[:number])
        assert seen == {path.stat().st_ino for path in paths[:number]}


def test_a_disk_that_does_not_sync_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("")

    def fail(errno: int) -> None:
        def fsync(number: int) -> None:
            raise OSError(errno, os.strerror(errno))

        monkeypatch.setattr(os, "fsync", fsync)

    fail(22)  # EINVAL: a file system that cannot
    sync([path])
    fail(5)
    with pytest.raises(OSError, match="Input/output error") as caught:
        sync([path] * 40)
    assert caught.value.filename == str(path)


def test_the_files_of_playgrounds_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "assets").write_text("")
    panels = Panels()
    assert panels.kernel
    with pytest.raises(SourceError, match=r"\.wasm: cannot be written: "):
        panels.write(tmp_path / "assets")


def test_a_store_of_a_host_holds_a_lock_while_it_freezes(tmp_path: Path) -> None:
    class Lock:
        held = entered = 0

        def __enter__(self) -> None:
            self.held += 1
            self.entered += 1

        def __exit__(self, *_: object) -> None:
            self.held -= 1

    lock = Lock()
    request = Request(make_model(tmp_path / "models" / "m"), Options(length=5))
    ledger = Ledger(Project(tmp_path, Settings()))
    answers = Answers(ledger, frozen=False, locked=lambda: lock)
    for line in (1, 2):
        answers.gather([Use(request, Place(Path("a.md"), line))], Mistakes())
    assert (lock.held, lock.entered) == (0, 1)
