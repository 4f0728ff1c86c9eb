"""Where what is kept from one run to the next lies: in the folder that the system has for a user's
caches, where nobody else can put a file, and never in a project, which may be a stranger's."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from escriba.ground.files import resolve


def find_folder(
    name: str, project: Path, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """A folder of the user's caches, made if it is not there. None if there is none that the user
    alone may write, or if it would be in the project."""
    home = _find_caches(environment)
    if home is None or not home.is_absolute():
        return None
    folder = home / "escriba" / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        real = resolve(folder)
        private = all(_is_own(path) for path in (real, real.parent))
    except OSError:
        return None
    return folder if private and not real.is_relative_to(resolve(project)) else None


def _find_caches(environment: Mapping[str, str]) -> Path | None:
    if sys.platform == "win32":
        named = environment.get("LOCALAPPDATA")
    else:
        named = environment.get("XDG_CACHE_HOME")
    if named:
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _is_own(folder: Path) -> bool:
    if sys.platform == "win32":  # where the folder above is the user's own by default
        return True
    state = folder.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
