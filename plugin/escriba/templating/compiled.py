"""Escriba's own templates, compiled, from one build to the next.

What is kept is a program, so it must lie where nobody but its user can put a file: in the folder
that the system has for that user's caches, and never in a project, which may be a stranger's.
Templates of a project are compiled anew each time: they are few.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType

from escriba.ground.atomic import open_draft
from escriba.ground.files import resolve


class Compiled:
    """Programs in a folder, under names that are digests of all that decides them: the template,
    its path, and the modules of `compilers`."""

    def __init__(self, folder: Path, compilers: Iterable[str]):
        self._folder = folder
        self._seed = hashlib.sha256(sys.version.encode())
        for module in compilers:
            path = Path(sys.modules[module].__file__ or "")
            state = path.stat()
            self._seed.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())

    def get(self, source: str, filename: str) -> CodeType | None:
        """The program of a template, if it is here."""
        try:
            code = marshal.loads(self._path(source, filename).read_bytes())
        except (OSError, ValueError, EOFError, TypeError):
            return None
        return code if isinstance(code, CodeType) else None

    def put(self, source: str, filename: str, code: CodeType) -> None:
        """Keep the program of a template, if the disk lets us."""
        try:
            with open_draft(self._path(source, filename)) as file:
                file.write(marshal.dumps(code))
        except OSError:
            pass

    def _path(self, source: str, filename: str) -> Path:
        digest = self._seed.copy()
        digest.update(f"{filename}\0{source}".encode())
        return self._folder / digest.hexdigest()


def find_folder(project: Path, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder for compiled templates, made if it is not there. None if there is none that the
    user alone may write, or if it would be in the project."""
    home = _find_caches(environment)
    if home is None or not home.is_absolute():
        return None
    folder = home / "escriba" / "templates"
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
