"""The folder of posts, or that of pages: which files are entries, and what others are."""

from __future__ import annotations

from pathlib import Path

from escriba.ground.errors import Place, Problem, SourceError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project
from escriba.ground.tree import list_files
from escriba.site.content import permalink
from escriba.site.content.post import DRAFTS, HTML, SUFFIXES, Post, is_post, looks_like_post


class Folder:
    """The folder of posts, or that of pages: what is in it, and what was read of that."""

    def __init__(self, folder: Path, project: Project):
        self._folder, self._project = folder, project
        self.sources: list[tuple[Path, Path]] = []  # Markdown: where it lies, and is shown to lie
        self.drafts: list[Path] = []  # that which is left out, as messages show it
        self.files: dict[Path, Path] = {}  # the rest: as messages show it → within the site
        self.shown: list[Post] = []
        self.hidden: list[Post] = []

    def list(self, mistakes: Mistakes, *, drafts: bool) -> None:
        name = self._project.shown(self._folder)
        for path in list_files(self._folder, self._project, mistakes, _is_read):
            inside = path.relative_to(self._folder)
            shown = name / inside
            left_out = not drafts and not DRAFTS.isdisjoint(inside.parts[:-1])
            if left_out:
                if path.suffix.lower() in SUFFIXES | HTML:
                    self.drafts.append(shown)
                continue
            with mistakes.collect():
                if is_post(path, shown):
                    self.sources.append((path, shown))
                elif path.name not in DRAFTS:
                    self.files[shown] = _read_file(inside, path, self._project)
                    _warn_of_look(path, self._project, mistakes)

    def add(self, post: Post, unpublished: bool) -> None:
        (self.shown if post.front.published or unpublished else self.hidden).append(post)


def _is_read(name: str) -> bool:
    """Whether a file or folder is neither hidden, nor private, nor an editor's leavings."""
    if name.startswith((".", "#", "~")) or name.endswith("~"):
        return False
    return not name.startswith("_") or name in DRAFTS


def _read_file(inside: Path, path: Path, project: Project) -> Path:
    """Where a file is copied to. Raises SourceError for a name that a site cannot have."""
    if fault := permalink.find_fault(inside.as_posix()):
        message = tr("cannot be a file of the site: {fault}; rename it", fault=fault)
        raise SourceError(message, Place(project.shown(path)))
    return inside


def _warn_of_look(path: Path, project: Project, mistakes: Mistakes) -> None:
    """Say of what is copied and looks like a post that it is none."""
    shown = project.shown(path)
    if looks_like_post(path, shown):
        message = tr(
            "it begins with front matter, and is published as it is: posts end in .md or .html"
        )
        mistakes.warn(Problem(message, Place(shown, 1)))
