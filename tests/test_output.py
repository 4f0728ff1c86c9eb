"""A site changes as a whole or not at all, whatever happens on the way."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.blog import output
from escriba.blog.output import FOLDER, Changes, recover, write
from escriba.errors import SourceError

SHOWN = Path("site")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and FOLDER not in path.relative_to(folder).parts
    }


def times(folder: Path) -> dict[str, int]:
    return {name: (folder / name).stat().st_mtime_ns for name in tree(folder)}


def test_only_what_changes_is_written(tmp_path: Path) -> None:
    old = {"a.html": b"a", "b/index.html": b"b", "c/d/index.html": b"c"}
    assert write(old, tmp_path, SHOWN) == Changes(3, 0, 0)
    before = times(tmp_path)
    assert write(old, tmp_path, SHOWN) == Changes(0, 3, 0)
    assert times(tmp_path) == before
    new = {"a.html": b"a", "b/index.html": b"B", "e.html": b"e"}
    assert write(new, tmp_path, SHOWN) == Changes(2, 1, 1)
    assert tree(tmp_path) == new
    assert times(tmp_path)["a.html"] == before["a.html"]
    assert not (tmp_path / "c").exists(), "an empty folder is left behind"


def test_files_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "CNAME").write_bytes(b"example.org")
    (tmp_path / "old" / "page.html").write_bytes(b"not ours")
    write({"index.html": b"1", "old/index.html": b"2"}, tmp_path, SHOWN)
    write({"index.html": b"1"}, tmp_path, SHOWN)
    assert tree(tmp_path) == {
        "CNAME": b"example.org",
        "index.html": b"1",
        "old/page.html": b"not ours",
    }


@pytest.mark.parametrize(
    ("foreign", "new", "named"),
    [
        ("index.html", "index.html", "index.html"),
        ("a", "a/b/index.html", "a"),
        ("a/keep.txt", "a", "a/keep.txt"),
    ],
)
def test_files_of_others_are_not_overwritten(
    tmp_path: Path, foreign: str, new: str, named: str
) -> None:
    write({"ours.html": b"1"}, tmp_path, SHOWN)
    (tmp_path / foreign).parent.mkdir(exist_ok=True)
    (tmp_path / foreign).write_bytes(b"not ours")
    with pytest.raises(SourceError) as caught:
        write({new: b"2", "ours.html": b"3"}, tmp_path, SHOWN)
    assert str(caught.value) == (
        f"site/{named}: this file is in the way and is not escriba's; move it"
    )
    assert tree(tmp_path) == {"ours.html": b"1", foreign: b"not ours"}


def test_the_same_bytes_by_others_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(b"1")
    assert write({"index.html": b"1"}, tmp_path, SHOWN) == Changes(0, 1, 0)


def test_a_file_becomes_a_folder_and_back(tmp_path: Path) -> None:
    for files in ({"a": b"1"}, {"a/b/c": b"2"}, {"a": b"3"}):
        write(files, tmp_path, SHOWN)
        assert tree(tmp_path) == files


def test_a_manifest_cannot_name_files_outside(tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_bytes(b"1")
    site = tmp_path / "site"
    write({"index.html": b"1"}, site, SHOWN)
    (site / FOLDER / "manifest").write_text(f"../precious.txt\n{outside.as_posix()}\nindex.html\n")
    write({"other.html": b"1"}, site, SHOWN)
    assert outside.read_bytes() == b"1"
    assert tree(site) == {"other.html": b"1"}


names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
sites = st.dictionaries(names, st.binary(max_size=2), max_size=5).filter(
    lambda files: not any(a != b and b.startswith(a + "/") for a in files for b in files)
)
STEPS = ("write_bytes", "write_text", "replace", "unlink", "mkdir", "rmdir")


class Stopped(BaseException):
    """What a killed process would be, if it could be caught."""


@settings(max_examples=100, deadline=None)
@given(old=sites, new=sites, steps=st.integers(0, 40), step=st.sampled_from(("before", "after")))
def test_a_write_that_is_killed_leaves_one_site_or_the_other(
    old: Mapping[str, bytes], new: Mapping[str, bytes], steps: int, step: str
) -> None:
    folder = Path(tempfile.mkdtemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda number: None)  # that it comes in time is tested below
        write(old, folder, SHOWN)
        left = steps
        stopped = False

        def counted(name: str):  # type: ignore[no-untyped-def]
            original = getattr(Path, name)

            def run(self: Path, *args: object, **kwargs: object) -> object:
                nonlocal left, stopped
                left -= 1
                stopped = stopped or left < 0
                if stopped and (left < -1 or step == "before"):
                    raise Stopped
                result = original(self, *args, **kwargs)
                if stopped:
                    raise Stopped
                return result

            return run

        for name in STEPS:
            patch.setattr(Path, name, counted(name))
        patch.setattr(output.shutil, "rmtree", lambda *args, **kwargs: None)
        try:
            write(new, folder, SHOWN)
        except Stopped:
            pass
        else:
            stopped = False
    recover(folder, SHOWN)
    found = tree(folder)
    assert found in ([new] if not stopped else [dict(old), dict(new)])
    write(new, folder, SHOWN)
    assert tree(folder) == new
    assert write(new, folder, SHOWN).written == 0
    assert {p.name for p in (folder / FOLDER).glob("*")} <= {"manifest"}
    shutil.rmtree(folder)


def test_ctrl_c_while_files_are_moved_lets_them_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a.html": b"1", "b.html": b"1", "c.html": b"1"}, tmp_path, SHOWN)
    original = Path.replace
    calls = 0

    def replace(self: Path, goal: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 3:  # the plan is the first, a.html the second
            raise KeyboardInterrupt
        return original(self, goal)

    monkeypatch.setattr(Path, "replace", replace)
    new = {"a.html": b"2", "b.html": b"2"}
    with pytest.raises(KeyboardInterrupt):
        write(new, tmp_path, SHOWN)
    assert tree(tmp_path) == new


def test_a_full_disk_is_an_error_and_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a.html": b"1"}, tmp_path, SHOWN)
    before = times(tmp_path)

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SourceError) as caught:
        write({"a.html": b"2"}, tmp_path, SHOWN)
    assert str(caught.value) == (
        "site/.escriba/staging/a.html: cannot be written: No space left on device"
    )
    assert (tree(tmp_path), times(tmp_path)) == ({"a.html": b"1"}, before)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["manifest"]
