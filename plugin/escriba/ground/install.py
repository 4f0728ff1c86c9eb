"""How escriba was installed here (PEP 610), and what installs more of it in the same way."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from escriba.ground.errors import TrainingError
from escriba.ground.language import tr

NAME = "escriba"
RECORD = "direct_url.json"  # which pip and its peers write beside what came from no index

Kind = Literal["index", "wheel", "folder", "git"]


@dataclass(frozen=True)
class Origin:
    """Where an installed escriba came from. `url` is empty for an index; a `git` one has the commit
    that it is of, a `wheel` its sha256 if that is known."""

    kind: Kind
    version: str
    url: str = ""
    commit: str = ""
    folder: str = ""  # of a repository, the part that is escriba
    sha256: str = ""
    editable: bool = False

    @property
    def path(self) -> Path | None:
        """The folder or the file, where it is on this machine."""
        parts = urlsplit(self.url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            return None
        return Path(url2pathname(unquote(parts.path)) if os.name == "nt" else unquote(parts.path))

    def requirement(self, extra: str = "") -> str:
        """What pip installs the same escriba from, with one of its extras."""
        name = f"{NAME}[{extra}]" if extra else NAME
        if self.kind == "index":
            return f"{name}=={self.version}"
        if self.kind == "git":
            part = f"#subdirectory={self.folder}" if self.folder else ""
            return f"{name} @ git+{self.url}@{self.commit}{part}"
        if self.path is None:
            return f"{name} @ {self.url}"
        return f"{self.path}[{extra}]" if extra else str(self.path)

    def is_there(self) -> bool:
        """Whether it can be installed from there again, as far as this machine can tell."""
        return self.path is None or self.path.exists()


def find_origin() -> Origin:
    """Where this escriba came from; what nobody has written down came from an index."""
    try:
        own = metadata.distribution(NAME)
        version, text = own.version, own.read_text(RECORD)
    except metadata.PackageNotFoundError:  # it runs from its sources
        return Origin("folder", "0", Path(__file__).parents[3].as_uri(), editable=True)
    try:
        return read_origin(json.loads(text or "{}"), version)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Origin("index", version)


def read_origin(record: Mapping[str, Any], version: str) -> Origin:
    """The origin that a `direct_url.json` tells. Raises KeyError, TypeError or AttributeError for
    what is none."""
    if not record:
        return Origin("index", version)
    url, folder = str(record["url"]), str(record.get("subdirectory", ""))
    if "vcs_info" in record:
        commit = str(record["vcs_info"]["commit_id"])
        return Origin("git", version, url, commit=commit, folder=folder)
    if "dir_info" in record:
        editable = record["dir_info"].get("editable") is True
        return Origin("folder", version, url, editable=editable)
    hashes = record["archive_info"].get("hashes") or {}
    return Origin("wheel", version, url, sha256=str(hashes.get("sha256", "")))


def name_command(extra: str) -> str:
    """The command that adds an extra of escriba to where this one is installed."""
    origin = find_origin()
    if origin.is_there() and not _is_apart():
        flag = ["--editable"] if origin.editable else []
        return _join([*_installer(), *flag, origin.requirement(extra)])
    return _join([*_installer(), *_list_needs(extra)])


def need_torch() -> None:
    """Raise TrainingError, with what installs it here, if torch is not installed."""
    if find_spec("torch") is None:
        command = name_command("train")
        raise TrainingError(tr("this needs torch; install it with: {command}", command=command))


def _is_apart() -> bool:
    """Whether pipx keeps the environment: it adds packages to it by their names."""
    return (Path(sys.prefix) / "pipx_metadata.json").exists()


def _installer() -> list[str]:
    """The words with which packages are installed into this environment."""
    if _is_apart():
        return ["pipx", "inject", NAME]
    if find_spec("pip") is None and shutil.which("uv"):
        return ["uv", "pip", "install", "--python", sys.executable]
    usual = shutil.which("pip")
    if usual and Path(usual).parent == Path(sys.executable).parent:
        return ["pip", "install"]
    return [sys.executable, "-m", "pip", "install"]


def _list_needs(extra: str) -> list[str]:
    """The packages of an extra, by the metadata of what is installed."""
    try:
        needs: Iterable[str] = metadata.requires(NAME) or ()
    except metadata.PackageNotFoundError:
        needs = ()
    found = [
        need for need in needs if re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", need)
    ]
    return [need.partition(";")[0].strip() for need in found] or ["torch"]


def _join(words: Iterable[str]) -> str:
    """The words as a shell takes them."""
    if os.name != "nt":
        return shlex.join(words)
    return " ".join(f'"{word}"' if re.search(r"[\s<>\[\]]", word) else word for word in words)
