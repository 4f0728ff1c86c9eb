"""Escriba's own templates, compiled, from one build to the next.

What is kept is a program, so it must lie where nobody but its user can put a file: in the folder
that the system has for that user's caches, and never in a project, which may be a stranger's.
Templates of a project are compiled anew each time: they are few.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
from collections.abc import Iterable
from pathlib import Path
from types import CodeType

from escriba.ground.atomic import open_atomically


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
            with open_atomically(self._path(source, filename)) as file:
                file.write(marshal.dumps(code))
        except OSError:
            pass

    def _path(self, source: str, filename: str) -> Path:
        digest = self._seed.copy()
        digest.update(f"{filename}\0{source}".encode())
        return self._folder / digest.hexdigest()
