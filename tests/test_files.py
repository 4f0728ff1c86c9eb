"""Opening files: what the system refuses is one sentence with a path, and nothing waits for ever."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from escriba.ground import files
from escriba.ground.errors import CorpusError, ModelError, SourceError


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_device_link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(files.BYTES + 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_fifo, "is a FIFO, not a file"),
        (make_folder, "is a folder, not a file"),
        (make_broken_link, "cannot be read: a link to nowhere, which is not there"),
        (make_loop, "cannot be read: Too many levels of symbolic links"),
        (make_device_link, "is a device, not a file"),
        (make_socket, "is a socket, not a file"),
        (make_endless, "is larger than 64 MB, the most that is read"),
        (lambda path: None, "cannot be read: No such file or directory"),
    ],
)
@pytest.mark.parametrize("kind", [SourceError, ModelError, CorpusError])
def test_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], message: str,
    kind: files.Kind,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    make(Path("a.md"))
    with pytest.raises(kind) as caught:
        files.read_text(tmp_path / "a.md", Path("posts/a.md"), kind=kind)
    assert type(caught.value) is kind
    assert str(caught.value) == f"posts/a.md: {message}"
    assert not files.is_file(tmp_path / "a.md") or make is make_endless


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a\0b", "cannot be read: its name has a character that no file's name can have"),
        ("\udcff\ud800", "cannot be read: its name is not UTF-8"),
        ("x" * 300, "cannot be read: File name too long"),
        ("a.txt/b", "cannot be read: Not a directory"),
    ],
)
def test_names_that_no_file_can_have(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(SourceError) as caught:
        files.read_bytes(tmp_path / name, Path("shown"))
    assert str(caught.value) == f"shown: {message}"
    for ask in (files.is_file, files.is_dir, files.exists):
        assert not ask(tmp_path / name)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbfuno\r\ndos\rtres")
    assert files.read_text(path) == "uno\ndos\ntres"
    assert files.read_bytes(path).startswith(b"\xef")
    (tmp_path / "b.md").symlink_to(path)
    assert files.read_text(tmp_path / "b.md") == "uno\ndos\ntres"


def test_a_value_error_of_another_kind_goes_on(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), files.refusals(SourceError, tmp_path):
        raise ValueError("mine")


def test_a_link_to_itself_has_a_path(tmp_path: Path) -> None:
    """`Path.resolve` raises a RuntimeError there, which no one who opens files expects."""
    (tmp_path / "a").symlink_to("a")
    assert files.resolve(tmp_path / "a").name == "a"
