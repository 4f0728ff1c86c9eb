"""Remedies that work here: how escriba was installed, and what installs more of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from escriba.ground import install
from escriba.ground.install import Origin, name_command, read_origin

WHEEL = {"archive_info": {"hash": "sha256=ab", "hashes": {"sha256": "ab"}}}
GIT = {"vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": "c0ffee"}}


@pytest.mark.parametrize(
    ("record", "kind", "plain", "extra"),
    [
        ({}, "index", "escriba==1.2", "escriba[train]==1.2"),
        ({"url": "file:///w/escriba-1.2-py3-none-any.whl", **WHEEL}, "wheel",
         "/w/escriba-1.2-py3-none-any.whl", "/w/escriba-1.2-py3-none-any.whl[train]"),
        ({"url": "file:///a%20b/e.whl", "archive_info": {}}, "wheel", "/a b/e.whl", "/a b/e.whl[train]"),
        ({"url": "https://x.org/e.whl", **WHEEL}, "wheel",
         "escriba @ https://x.org/e.whl", "escriba[train] @ https://x.org/e.whl"),
        ({"url": "file:///src/escriba", "dir_info": {}}, "folder", "/src/escriba", "/src/escriba[train]"),
        ({"url": "file:///src/escriba", "dir_info": {"editable": True}}, "folder",
         "/src/escriba", "/src/escriba[train]"),
        ({"url": "https://x.org/e.git", **GIT}, "git", "escriba @ git+https://x.org/e.git@c0ffee",
         "escriba[train] @ git+https://x.org/e.git@c0ffee"),
        ({"url": "https://x.org/e.git", **GIT, "subdirectory": "a"}, "git",
         "escriba @ git+https://x.org/e.git@c0ffee#subdirectory=a",
         "escriba[train] @ git+https://x.org/e.git@c0ffee#subdirectory=a"),
        ({"url": "ssh://git@x.org/e.git", **GIT}, "git",
         "escriba @ git+ssh://git@x.org/e.git@c0ffee",
         "escriba[train] @ git+ssh://git@x.org/e.git@c0ffee"),
    ],
)  # fmt: skip
def test_what_pip_is_given(record: dict[str, Any], kind: str, plain: str, extra: str) -> None:
    origin = read_origin(record, "1.2")
    assert (origin.kind, origin.requirement(), origin.requirement("train")) == (kind, plain, extra)


class Distribution:
    version = "1.2"
    requires = ("click>=8", 'torch>=2.6; extra == "train"', 'pytest>=8.3; extra == "test"')

    def __init__(self, text: str | None) -> None:
        self.text = text

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self.text


def installed(monkeypatch: pytest.MonkeyPatch, record: object) -> None:
    """Let this escriba be installed as a record says; a text is that of the record's file."""
    text = record if isinstance(record, str) or record is None else json.dumps(record)
    monkeypatch.setattr(install.metadata, "distribution", lambda name: Distribution(text))
    monkeypatch.setattr(
        install.shutil, "which", lambda name: str(Path(sys.executable).parent / name)
    )


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[]", "1", "nonsense", '{"url": 1}', '{"url": "x", "vcs_info": {}}',
             '{"url": "x", "dir_info": []}', '{"url": "x"}', '{"archive_info": {}}'],
)  # fmt: skip
def test_a_record_that_is_none_tells_of_an_index(
    monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    installed(monkeypatch, text)
    assert name_command("train") == "pip install 'escriba[train]==1.2'"


def test_the_command_is_one_that_works_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = tmp_path / "a b" / "escriba-1.2-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    installed(monkeypatch, {"url": wheel.as_uri(), **WHEEL})
    assert name_command("train") == f"pip install '{wheel}[train]'"
    wheel.unlink()  # then the packages themselves
    assert name_command("train").startswith("pip install 'torch>=")
    installed(monkeypatch, {"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    assert name_command("train") == f"pip install --editable '{tmp_path}[train]'"
    installed(monkeypatch, {"url": "https://x.org/e.git", **GIT})
    assert name_command("train") == (
        "pip install 'escriba[train] @ git+https://x.org/e.git@c0ffee'"
    )


def test_another_pip_is_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, {})
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/elsewhere/{name}")
    assert name_command("train") == f"{sys.executable} -m pip install 'escriba[train]==1.2'"
    monkeypatch.setattr(install, "find_spec", lambda name: None)
    assert name_command("train") == (
        f"uv pip install --python {sys.executable} 'escriba[train]==1.2'"
    )


def test_pipx_adds_packages_by_their_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, {})
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert name_command("train").startswith("pipx inject escriba 'torch>=")


def test_sources_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise install.metadata.PackageNotFoundError

    monkeypatch.setattr(install.metadata, "distribution", nothing)
    origin = install.find_origin()
    assert (origin.kind, origin.editable) == ("folder", True)
    assert origin.path == Path(install.__file__).parents[3]


def test_an_address_of_another_machine_is_no_path() -> None:
    assert Origin("wheel", "1", "file://host/e.whl").path is None
    assert Origin("wheel", "1", "file://localhost/e.whl").path == Path("/e.whl")
    assert Origin("folder", "1", "file:///nowhere").is_there() is False
    assert Origin("git", "1", "https://x.org/e.git", "c").is_there() is True
