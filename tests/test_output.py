"""A site changes as a whole or not at all, whatever happens on the way."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.ground.errors import SourceError
from escriba.site.output import contents as content
from escriba.site.output import write as output
from escriba.site.output.contents import Content
from escriba.site.output.plan import name_staged
from escriba.site.output.write import FOLDER, Changes, recover, write

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


names = st.lists(st.sampled_from("abcé"), min_size=1, max_size=3).map("/".join)
sites = st.dictionaries(names, st.binary(max_size=2), max_size=5).filter(
    lambda files: not any(a != b and b.startswith(a + "/") for a in files for b in files)
)
STEPS = ("write_bytes", "write_text", "replace", "unlink", "mkdir", "rmdir")


class Stopped(BaseException):
    """What a killed process would be, if it could be caught."""


def stop_at(patch: pytest.MonkeyPatch, left: int, step: str) -> Callable[[], bool]:
    """Kill this process before or after so many steps; what tells whether that has come."""
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
    patch.setattr(os, "fsync", lambda number: None)  # that it comes in time is tested below
    return lambda: stopped


@settings(max_examples=100)
@given(old=sites, new=sites, steps=st.integers(0, 40), step=st.sampled_from(("before", "after")))
def test_a_write_that_is_killed_leaves_one_site_or_the_other(
    old: Mapping[str, bytes], new: Mapping[str, bytes], steps: int, step: str
) -> None:
    folder = Path(tempfile.mkdtemp())
    write(old, folder, SHOWN)
    with pytest.MonkeyPatch.context() as patch:
        is_stopped = stop_at(patch, steps, step)
        with suppress(Stopped):
            write(new, folder, SHOWN)
    recover(folder, SHOWN)
    found = tree(folder)
    assert found in ([dict(old), dict(new)] if is_stopped() else [new])
    write(new, folder, SHOWN)
    assert tree(folder) == new
    assert write(new, folder, SHOWN).written == 0
    assert {p.name for p in (folder / FOLDER).glob("*")} <= {"manifest"}
    shutil.rmtree(folder)


@pytest.mark.parametrize("moved", [None, 0, 1, 3])
@pytest.mark.parametrize("step", ["before", "after"])
def test_what_an_older_version_staged_is_finished_or_swept(
    tmp_path: Path, moved: int | None, step: str
) -> None:
    """It staged files in folders, under their names; of a plan that was decided, some were moved."""
    old = {"a.html": b"1", "gone/index.html": b"1", "same.html": b"1"}
    new = {"0": b"2", "names/0": b"2", "a.html": b"2"}
    whole = {**new, "same.html": b"1"}
    for steps in count():
        folder = tmp_path / str(steps)
        write(old, folder, SHOWN)
        put(folder / FOLDER / "staging", new)
        if moved is not None:
            text = plan(write=[*new], remove=["gone/index.html"], manifest=[*whole])
            put(folder, {f"{FOLDER}/plan": text})
        for name in [*new][: moved or 0]:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / FOLDER / "staging" / name).replace(folder / name)
        with pytest.MonkeyPatch.context() as patch:
            is_stopped = stop_at(patch, steps, step)
            with suppress(Stopped):
                recover(folder, SHOWN)
        recover(folder, SHOWN)
        assert tree(folder) == (old if moved is None else whole)
        assert write(whole, folder, SHOWN).removed == (moved is None)
        assert [path.name for path in (folder / FOLDER).iterdir()] == ["manifest"]
        if not is_stopped():
            break


def test_no_folders_are_made_to_stage_plain_names(tmp_path: Path) -> None:
    names = [
        "a.html",
        "b/c/index.html",
        "d" * 101,
        "e/é.html",
        "con.txt/f",
        "g./h",
        "i/" * 99 + "i",
    ]
    assert list(name_staged(names, tmp_path).values()) == [
        "0", "1", *(f"names/{name}" for name in names[2:]),
    ]  # fmt: skip
    assert name_staged(["a"], tmp_path / ("x" * 200)) == {"a": "names/a"}


def test_a_name_that_the_disk_refuses_is_refused_before_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a.html": b"1"}, tmp_path, SHOWN)
    original = Path.write_bytes

    def refuse(self: Path, data: bytes) -> int:
        if not self.name.isascii():
            raise OSError(22, "Invalid argument", str(self))
        return original(self, data)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(SourceError) as caught:
        write({"a.html": b"2", "b/é.html": b"2"}, tmp_path, SHOWN)
    assert str(caught.value) == "site/b/é.html: cannot be written: Invalid argument"
    with pytest.raises(
        SourceError, match=r"site/'a\.html/b': no file of a site can have this name"
    ):
        write({"a.html": b"2", "a.html/b": b"2"}, tmp_path, SHOWN)
    assert tree(tmp_path) == {"a.html": b"1"}
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["manifest"]


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
    assert str(caught.value) == "site/a.html: cannot be written: No space left on device"
    assert (tree(tmp_path), times(tmp_path)) == ({"a.html": b"1"}, before)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["manifest"]


def test_all_is_on_the_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut leaves is what was synced; so the order of syncs decides."""
    write({"a.html": b"1", "gone/index.html": b"1"}, tmp_path, SHOWN)
    (tmp_path / "film").write_bytes(b"film")
    synced: set[int] = set()
    before = {name: getattr(Path, name) for name in ("replace", "unlink")}
    fsync, told = os.fsync, []

    def note(number: int) -> None:
        synced.add(os.fstat(number).st_ino)
        fsync(number)

    def inode(path: Path) -> int:
        return path.stat().st_ino

    def replace(self: Path, goal: Path) -> Path:
        if goal.name == "plan":
            staging = tmp_path / FOLDER / "staging"
            assert all(inode(path) in synced for path in [self, staging, *staging.rglob("*")])
            told.append("plan")
        result = before["replace"](self, goal)
        synced.discard(inode(goal.parent))
        return result  # type: ignore[no-any-return]

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if self.name == "plan" and self.exists():
            folders = [tmp_path, tmp_path / "b", tmp_path / "b" / "c", tmp_path / FOLDER]
            assert all(inode(path) in synced for path in [*folders, tmp_path / FOLDER / "manifest"])
            told.append("done")
        before["unlink"](self, missing_ok)
        if self.name != "plan":
            synced.discard(inode(self.parent))

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(Path, "unlink", unlink)
    new: dict[str, Content] = {"a.html": b"2", "b/c/index.html": b"2", "d": tmp_path / "film"}
    write(new, tmp_path, SHOWN)
    assert told == ["plan", "done"]
    synced.clear()
    write(new, tmp_path, SHOWN)
    assert not synced, "a build that changes nothing waits for no disk"


def test_a_large_file_is_copied_and_compared_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, site = tmp_path / "film", tmp_path / "site"
    with film.open("wb") as file:
        file.truncate(64 << 20)
    opened: list[Path] = []
    original = content.disk.open_file

    def open_file(path: Path, *rest: Any, **more: Any) -> Any:
        opened.append(path)
        return original(path, *rest, **more)

    monkeypatch.setattr(content.disk, "open_file", open_file)
    tracemalloc.start()
    try:
        assert write({"film": film}, site, SHOWN) == Changes(1, 0, 0)
        assert write({"film": film}, site, SHOWN) == Changes(0, 1, 0)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert opened.count(film) == 2, "once to copy it, and once to see that it is the same"
    with film.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"1")
    assert write({"film": film}, site, SHOWN) == Changes(1, 0, 0)
    assert content.read({"film": film}, "film") == film.read_bytes() == (site / "film").read_bytes()
    film.unlink()
    files: dict[str, Content] = {"film": film, "new": tmp_path / "gone", "a": b"1"}
    with pytest.raises(SourceError) as caught:
        write(files, site, SHOWN, root=tmp_path)
    assert str(caught.value) == "film: cannot be read: No such file or directory"
    film.write_bytes(b"1")
    with pytest.raises(SourceError) as caught:
        write({**files, "other": tmp_path / "gone too"}, site, SHOWN, root=tmp_path)
    assert str(caught.value).split("\n") == [
        "gone: cannot be read: No such file or directory",
        "gone too: cannot be read: No such file or directory",
    ]
    assert list(tree(site)) == ["film"]


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def plan(**parts: object) -> bytes:
    return json.dumps({"write": [], "remove": [], "manifest": [], **parts}).encode()


SITE = {"index.html": b"new", "a/index.html": b"new"}
HOSTILE_PLANS = {
    "not JSON": b"\xff\x00",
    "empty": b"",
    "deep": b"[" * 100_000,
    "a list": b"[1, 2]",
    "null": b"null",
    "a number without end": b'{"write": ' + b"9" * 5000 + b"}",
    "an exponent": b'{"write": 1e999999999}',
    "text for lists": plan(write="abc", remove={"a": 1}, manifest=7),
    "no names": plan(write=[1, None, ["x"]]),
    "above": plan(remove=["../keep.txt", "../../keep.txt"], write=["../evil"]),
    "absolute": plan(remove=["/tmp/keep.txt"], write=["/evil"]),
    "our folder": plan(write=[".escriba/manifest", ".ESCRIBA/x"]),
    "not plain": plan(remove=[".", "", "./CNAME", "a//b", "a/../CNAME", "a\\b"]),
    "NUL": plan(remove=["a\0b"], write=["a\0b"]),
    "a surrogate": plan(write=["\ud800"], remove=["\udcff"]),
    "too long": plan(write=["a" * 300], remove=["b/" * 3000 + "c"]),
    "files of others": plan(remove=["CNAME"]),
    "a name without end": plan(write=["a/" * 100_000 + "b"], manifest=["b/" * 100_000 + "c"]),
    "names of many folders": plan(remove=[f"{'c/' * 1000}{n}" for n in range(4000)]),
    "a file in a file": plan(write=["a", "a/b"], manifest=["a", "a/b"]),
    "a file in a file, staged": plan(write=["a", "a/b"], staged=["a/b", "x"]),
    "staged above": plan(write=["a", "b"], staged=["../../CNAME", "../manifest"]),
    "staged once for two": plan(write=[*SITE], staged=["a/b", "a/b"], manifest=[*SITE]),
    "staged for nobody": plan(write=["b"], staged=["a/b", "x"]),
    "staged by no names": plan(write=["b", "c"], staged=[None, 7]),
    "staged by a number": plan(write=["b"], staged=7),
}


@pytest.mark.parametrize("data", HOSTILE_PLANS.values(), ids=HOSTILE_PLANS)
def test_a_plan_that_anybody_wrote_harms_nobody(tmp_path: Path, data: bytes) -> None:
    site = tmp_path / "deep" / "site"
    put(site, {f"{FOLDER}/plan": data, "CNAME": b"theirs", f"{FOLDER}/staging/a/b": b"1"})
    put(tmp_path, {"keep.txt": b"1", "deep/keep.txt": b"1"})
    recover(site, SHOWN)
    assert write(SITE, site, SHOWN) == Changes(2, 0, 0)
    assert tree(site) == {**SITE, "CNAME": b"theirs"}
    assert sorted(path.name for path in (site / FOLDER).iterdir()) == ["manifest"]
    assert sorted(tree(tmp_path)) == [
        "deep/keep.txt", "deep/site/CNAME", "deep/site/a/index.html", "deep/site/index.html",
        "keep.txt",
    ]  # fmt: skip


Prepare = Callable[[Path, Path, Path], object]  # of the output, our folder in it, and one outside
LINKS: dict[str, Prepare] = {
    "a folder": lambda site, ours, other: (site / "w").symlink_to(other),
    "staging": lambda site, ours, other: (ours / "staging").symlink_to(other),
    "a staged file": lambda site, ours, other: (
        put(ours, {"staging/x": b""}),
        (ours / "staging" / "evil.html").symlink_to(other / "keep.txt"),
    ),
    "a staged folder": lambda site, ours, other: (
        put(ours, {"staging/x": b""}),
        (ours / "staging" / "w").symlink_to(other),
    ),
    "a file staged elsewhere": lambda site, ours, other: (
        put(ours, {"staging/x": b"", "plan": plan(write=["evil.html", "x"], staged=["0", "v/x"])}),
        (ours / "staging" / "0").symlink_to(other / "keep.txt"),
        (ours / "staging" / "v").symlink_to(other),
    ),
    "the plan": lambda site, ours, other: (
        (ours / "plan").rename(other / "plan"),
        (ours / "plan").symlink_to(other / "plan"),
    ),
    "the next plan": lambda site, ours, other: (ours / "plan.new").symlink_to(other / "keep.txt"),
    "the next manifest": lambda site, ours, other: (
        (ours / "plan").unlink(),
        (ours / "manifest.new").symlink_to(other / "keep.txt"),
    ),
}


@pytest.mark.parametrize("prepare", LINKS.values(), ids=LINKS)
def test_nothing_goes_through_a_link_in_an_output(tmp_path: Path, prepare: Prepare) -> None:
    site, other = tmp_path / "site", tmp_path / "other"
    hostile = plan(write=["w/new.txt", "evil.html"], remove=["w/keep.txt"], manifest=["w/keep.txt"])
    put(site, {f"{FOLDER}/plan": hostile, f"{FOLDER}/manifest": b"w/keep.txt\nw/new.txt\n"})
    put(other, {"keep.txt": b"precious", "evil.html": b"precious"})
    before = tree(other)
    prepare(site, site / FOLDER, other)
    recover(site, SHOWN)
    write(SITE, site, SHOWN)
    assert {name: data for name, data in tree(other).items() if name != "plan"} == before
    assert {name: data for name, data in tree(site).items() if "w/" not in name} == SITE
    with pytest.raises(SourceError) as caught:
        (site / "v").symlink_to(other)
        write({**SITE, "v/x/index.html": b"1"}, site, SHOWN)
    assert str(caught.value) == (
        "site/v: this folder is a link, and nothing is written through one; remove it"
    )
    assert (tree(site)["index.html"], sorted(path.name for path in other.iterdir())[:2]) == (
        b"new", ["evil.html", "keep.txt"],
    )  # fmt: skip


def test_our_folder_is_no_link_and_an_output_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / FOLDER).symlink_to(tmp_path / "other")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for name, place, problem in (
        ("site", "site/.escriba", "is a link; remove it"),
        ("file", "file", "is a file, and must be a folder; move it"),
        ("nowhere", "nowhere", "is a link; remove it"),
    ):
        with pytest.raises(SourceError) as caught:
            write(SITE, tmp_path / name, Path(name))
        assert str(caught.value) == f"{place}: {problem}"
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("what", ["bytes", "folder", "link", "fifo"])
def test_a_manifest_that_cannot_be_read_says_what_to_do(tmp_path: Path, what: str) -> None:
    path = tmp_path / FOLDER / "manifest"
    put(tmp_path, {"index.html": b"whose?", f"{FOLDER}/x": b""})
    {
        "bytes": lambda: path.write_bytes(b"\xff\xfe\n"),
        "folder": path.mkdir,
        "link": lambda: path.symlink_to("/etc/passwd"),
        "fifo": lambda: os.mkfifo(path),
    }[what]()
    with pytest.raises(SourceError) as caught:
        write(SITE, tmp_path, SHOWN)
    assert str(caught.value) == (
        "site/.escriba/manifest: is damaged, so that nobody knows which files in site are "
        "escriba's; empty that folder, and build again"
    )
    assert tree(tmp_path) == {"index.html": b"whose?"}


def test_what_came_in_the_way_of_a_plan_is_named_until_it_is_moved(tmp_path: Path) -> None:
    put(tmp_path, {f"{FOLDER}/plan": plan(write=["a/b.html"], manifest=["a/b.html"])})
    put(tmp_path, {f"{FOLDER}/staging/a/b.html": b"1", "a": b"theirs"})
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            recover(tmp_path, SHOWN)
        assert str(caught.value) == (
            "site/a: this file is in the way and is not escriba's; move it"
        )
    (tmp_path / "a").rename(tmp_path / "moved")
    recover(tmp_path, SHOWN)
    assert tree(tmp_path) == {"a/b.html": b"1", "moved": b"theirs"}


def test_an_empty_folder_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "index.html" / "a" / "b").mkdir(parents=True)
    assert write(SITE, tmp_path, SHOWN) == Changes(2, 0, 0)
    assert tree(tmp_path) == SITE


def test_folders_as_deep_as_anybody_likes_are_cleared(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for top in (tmp_path / FOLDER / "staging", tmp_path / "index.html"):
        path = top
        for _ in range(1100):
            path.mkdir()
            path /= "d"
    (tmp_path / FOLDER / "staging" / "d" / "x").write_bytes(b"")
    recover(tmp_path, SHOWN)
    assert write(SITE, tmp_path, SHOWN) == Changes(2, 0, 0)
    assert tree(tmp_path) == SITE


def test_special_files_in_an_output_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "index.html")
    with pytest.raises(SourceError, match=r"site/index\.html: this file is in the way"):
        write(SITE, tmp_path, SHOWN)


def test_a_page_that_only_changes_its_case_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk without case the old name is that of the new file."""
    write({"X/café.html": b"1"}, tmp_path, SHOWN)
    new = {"x/CAFÉ.html": b"1"}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "samefile", lambda self, other: True)
        patch.setattr(output, "is_file", lambda path: "plan" not in path.name)
        assert output._find_stale({"X/café.html"}, new, tmp_path) == []
        assert output._find_stale({"X/other.html"}, new, tmp_path) == ["X/other.html"]
    assert write(new, tmp_path, SHOWN) == Changes(1, 0, 1)
    assert tree(tmp_path) == new


@pytest.mark.parametrize("name", ["", ".", "../x", "/x", "a/../x", ".escriba/plan", "a\nb", "a\0"])
def test_no_file_has_a_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="no file of a site can have this name"):
        write({name: b"1", **SITE}, tmp_path / "site", SHOWN)
    assert tree(tmp_path) == {}
