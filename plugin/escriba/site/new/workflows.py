"""Workflows that publish a blog: its samples checked, then built from what is frozen."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

from escriba.ground import files
from escriba.ground.errors import SourceError, shorten
from escriba.ground.install import Origin, find_origin
from escriba.ground.language import tr
from escriba.site.new import scaffold

Forge = Literal["github", "gitlab"]

WHEELS = "wheels"  # where a blog keeps an escriba that nobody can fetch

# Where each forge looks for its workflow; the text is in templates/new/.
FILES: dict[Forge, str] = {"github": ".github/workflows/publish.yml", "gitlab": ".gitlab-ci.yml"}


@dataclass(frozen=True)
class Installation:
    """The words that install the escriba of this machine elsewhere, and the wheel, by its name in
    the blog, that goes with them where it cannot be fetched."""

    command: str
    wheels: dict[str, bytes]


def write(forge: Forge, origin: Origin | None = None) -> dict[str, bytes]:
    """The files that publish a blog, by their paths in it.

    Raises SourceError where this escriba can be had nowhere else, and no wheel of it be made.
    """
    installation = find_installation(origin or find_origin())
    command = installation.command.replace("'", "''")  # it stands in quotes, as a YAML scalar
    workflow = scaffold.fill(f"{forge}.yml", install=command)
    return {FILES[forge]: workflow, **installation.wheels}


def find_installation(origin: Origin) -> Installation:
    """How the escriba of an origin is installed elsewhere. Raises SourceError like `write`."""
    if origin.kind == "index" or _is_public(origin.url):
        return Installation(_install(origin.requirement()), {})
    path = origin.path
    if origin.kind == "wheel" and path is not None and path.suffix == ".whl":
        name, data = path.name, _read_wheel(path, origin)
    else:
        name, data = _make_wheel(origin)
    return Installation(_install(f"{WHEELS}/{name}"), {f"{WHEELS}/{name}": data})


def _install(requirement: str) -> str:
    return f"python -m pip install --disable-pip-version-check {quote(requirement)}"


def _is_public(url: str) -> bool:
    """Whether anybody may fetch it, and the address tells no password."""
    parts = urlsplit(url)
    return parts.scheme == "https" and not (parts.username or parts.password)


def _read_wheel(path: Path, origin: Origin) -> bytes:
    if not files.exists(path):
        raise SourceError(_refuse(tr("{path} is not there any more", path=path.as_posix())))
    data = files.read_bytes(path)
    if origin.sha256 and sha256(data).hexdigest() != origin.sha256:
        raise SourceError(
            _refuse(tr("{path} is not the file that was installed", path=path.as_posix()))
        )
    return data


def _make_wheel(origin: Origin) -> tuple[str, bytes]:
    """A wheel of what only this machine has: its name and its bytes."""
    with TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--wheel-dir", folder, origin.requirement(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
        made = sorted(Path(folder).glob("*.whl"))
        if done.returncode or not made:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            reason = shorten(re.sub(r"^error: ?", "", lines[-1], flags=re.I) if lines else "pip")
            raise SourceError(_refuse(tr("pip cannot make a wheel of it: {reason}", reason=reason)))
        return made[0].name, made[0].read_bytes()


def _refuse(reason: str) -> str:
    return tr(
        "the workflow has to install this escriba, and {reason}; install escriba from a wheel file "
        "that stays, or from a repository that others can read, and run this again",
        reason=reason,
    )
