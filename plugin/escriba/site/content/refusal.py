"""What of a project is not published by accident: neither what is hidden, nor what a site is made
of, nor what a program has put there for itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from escriba.ground import files
from escriba.ground.language import tr
from escriba.ground.project import CONFIG, NAME, Project
from escriba.ground.unicode import fold
from escriba.site.output.plan import FOLDER, MANIFEST

NOWHERE = PurePosixPath()
_LEAVINGS = frozenset({"node_modules", "__pycache__", "Thumbs.db", "desktop.ini"})
_ENVIRONMENT = "pyvenv.cfg"  # a folder that holds one is Python's own
_SETTINGS = frozenset({NAME, CONFIG})


class Refusal:
    """Why a path of the project is not published unless somebody names it in so many words."""

    def __init__(self, project: Project):
        self.project = project
        settings = project.settings
        sources = [settings.posts, settings.pages, settings.templates, settings.models,
                   *settings.corpora, *settings.documents]  # fmt: skip
        self._sources = [path for path in map(self._reach, sources) if path]
        self._output = self._reach(settings.output)
        self._folders: dict[PurePosixPath, bool] = {}

    def explain(self, path: PurePosixPath, base: PurePosixPath = NOWHERE) -> str | None:
        """The reason, for a path in the project; nothing counts that holds for its `base` too,
        which somebody named."""
        if reason := find_private(path.parts[len(base.parts) :]):
            return reason
        folded, start = _fold(path), _fold(base)
        for source in self._sources:
            if folded.is_relative_to(source) and not start.is_relative_to(source):
                return tr("the site is made of what is in '{folder}'", folder=source)
        if self._output and folded.is_relative_to(self._output):
            return tr("'{part}' is a program's own", part=self._output)
        for folder in (path, *path.parents):
            if folder.parts and self._is_foreign(folder):
                return tr("'{part}' is a program's own", part=folder)
        return None

    def explain_link(self, path: Path) -> str | None:
        """The reason, for a file to which a link leads that is published under another name."""
        root, real = files.resolve(self.project.root), files.resolve(path)
        if real == root / path.relative_to(self.project.root) or not real.is_relative_to(root):
            return None
        return find_private(real.relative_to(root).parts)

    def _reach(self, folder: Path) -> PurePosixPath | None:
        """The path of a folder in the project, its links followed; None for one that is not in it,
        or is all of it."""
        real, path = files.resolve(self.project.root), files.resolve(self.project.root / folder)
        if path == real or not path.is_relative_to(real):
            return None
        return _fold(PurePosixPath(path.relative_to(real).as_posix()))

    def _is_foreign(self, folder: PurePosixPath) -> bool:
        """Whether a folder is an environment of Python's, or a site that escriba wrote."""
        if folder not in self._folders:
            path = self.project.root / folder
            marks = (path / _ENVIRONMENT, path / FOLDER / MANIFEST)
            self._folders[folder] = any(map(files.exists, marks))
        return self._folders[folder]


def find_private(parts: Iterable[str]) -> str | None:
    """Why a name, of a file or of a folder that it is in, keeps it from being published."""
    for part in parts:
        if part.lower() in _SETTINGS:
            return tr("'{part}' has settings", part=part)
        if not is_shown(part):
            return tr("'{part}' is hidden or private", part=part)
        if part in _LEAVINGS:
            return tr("'{part}' is a program's own", part=part)
    return None


def is_shown(name: str) -> bool:
    return not name.startswith((".", "_", "#", "~")) and not name.endswith("~")


def _fold(path: PurePosixPath) -> PurePosixPath:
    """A path as a disk without case takes it."""
    return PurePosixPath(fold(path.as_posix()))
