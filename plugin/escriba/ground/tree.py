"""The files of a folder and of those below it, whatever a stranger put there.

A link is followed where the project allows what it leads to, and never round in a circle; what is
neither a file nor a folder is named, and never opened.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from escriba.ground import files
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project

Identity = tuple[int, int]  # of a folder: device and number

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def list_files(
    folder: Path,
    project: Project,
    mistakes: Mistakes,
    keep: Callable[[str], bool],
    *,
    follow: bool = True,
    home: Path | None = None,
    enter: Callable[[Path], bool] = lambda path: True,
) -> Iterator[Path]:
    """The regular files in a folder, if there is one, folder by folder in the order of their names.

    `keep` tells by its name what is looked at; folders that are links only if it is to `follow`
    them, and the others, whatever their name, if not; `enter` by its path which folder is entered
    of those. Mistakes are collected, each at its path;
    what a link leads to outside the project, and outside of `home`, is one.
    """
    if not os.path.lexists(folder):
        return
    pending = [(folder, frozenset[Identity]())]
    while pending:
        path, trail = pending.pop()
        with mistakes.collect():
            if path != folder and keep(path.name) and _is_plain(path):
                yield path
            elif path == folder or _is_entered(path, keep, follow):
                inside, trail = _enter(path, trail, project, follow) if enter(path) else ([], trail)
                pending += [(entry, trail) for entry in reversed(inside)]
            elif keep(path.name):
                _refuse_special(path, project, home)
                yield path


def show(path: Path, project: Project) -> Path:
    """How messages name a path: relative to the project, in letters that can be printed."""
    name = os.fsencode(project.shown(path)).decode(errors="backslashreplace")
    return Path(_CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", name))


def _is_plain(path: Path) -> bool:
    """Whether it is a file, and no link, with a name that nobody minds, as most are: of these
    nothing else need be asked."""
    try:
        path.name.encode()
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) and not _CONTROL.search(path.name)


def _is_entered(path: Path, keep: Callable[[str], bool], follow: bool) -> bool:
    if follow:
        return keep(path.name) and files.is_dir(path)
    return files.is_dir(path) and not files.is_link(path)


def _enter(
    path: Path, trail: frozenset[Identity], project: Project, follow: bool
) -> tuple[list[Path], frozenset[Identity]]:
    """What is in a folder, and the folders that this is in. Raises SourceError."""
    shown = show(path, project)
    with files.refusals(SourceError, shown, path=path):
        if not files.is_dir(path) and files.exists(path):
            raise SourceError(tr("is a file, and must be a folder"), Place(shown))
        if follow:
            _refuse_name(path, shown)
            if files.is_link(path):
                project.admit(path, Place(shown))
            found = path.stat()
            if (found.st_dev, found.st_ino) in trail:
                problem = tr("this link leads back to a folder that it is in")
                raise SourceError(problem, Place(shown))
            trail |= {(found.st_dev, found.st_ino)}
        return sorted(path.iterdir(), key=lambda inside: inside.name), trail


def _refuse_special(path: Path, project: Project, home: Path | None) -> None:
    shown = show(path, project)
    with files.refusals(SourceError, shown, path=path):
        _refuse_name(path, shown)
        if files.is_link(path) and not _is_within(path, home):
            project.admit(path, Place(shown))
        if kind := files.name_kind(path.stat().st_mode):
            raise SourceError(tr("is {kind}, not a file", kind=kind), Place(shown))


def _refuse_name(path: Path, shown: Path) -> None:
    path.name.encode()  # or the system's own error, for what is no UTF-8
    if odd := _CONTROL.search(path.name):
        problem = tr("its name has the character U+{code}; rename it", code=f"{ord(odd[0]):04X}")
        raise SourceError(problem, Place(shown))


def _is_within(path: Path, home: Path | None) -> bool:
    return home is not None and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(home))
