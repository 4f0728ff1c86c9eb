"""Files of a project that are published as they are, outside of `posts` and `pages`: those that
`static` of escriba.yml names, those that every site calls by the same names, and those that a post
links to.

Nothing is published by accident: neither what is hidden, nor what a site is made of, nor what a
program has put there for itself. What `static` names in so many words is no accident.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import takewhile
from pathlib import Path, PurePosixPath

from escriba.ground import files
from escriba.ground.errors import Place, Problem, SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import NAME, Project
from escriba.ground.tree import list_files
from escriba.site.content import permalink
from escriba.site.content.post import SUFFIXES
from escriba.site.content.refusal import NOWHERE, Refusal, find_private, is_shown

FOLDERS = (
    "assets", "images", "img", "files", "media", "uploads", "downloads", "css", "js", "fonts",
)  # fmt: skip
FILES = (
    "favicon.ico", "favicon.svg", "favicon.png", "apple-touch-icon.png", "robots.txt", "humans.txt",
    "ads.txt", "CNAME", "manifest.json", "site.webmanifest", "manifest.webmanifest",
    "browserconfig.xml",
)  # fmt: skip
MOST = 1000  # files that posts lead to and that are watched while one writes
_MAGIC = re.compile(r"[*?\[]")
_MATTER = frozenset({".css", ".scss", ".sass", ".js", ".html", ".htm", ".xml", ".json", ".txt",
                     *SUFFIXES})  # fmt: skip


def read_static(project: Project, mistakes: Mistakes) -> dict[Path, Path]:
    """The files that `static` names, and those with the names of `FOLDERS` and `FILES`: path that
    messages show → path within the site.

    Mistakes are collected: what is not there, what no site can have, what leads out of the project.
    """
    refusal = Refusal(project)
    found: dict[Path, Path] = {}
    for name in (*FILES, *FOLDERS):
        if refusal.explain(PurePosixPath(name)) is None:
            _add(_walk(project, Path(name), refusal, mistakes), refusal, found, mistakes)
    for number, entry in enumerate(project.settings.static):
        with mistakes.collect():
            place = project.places.get(f"static[{number}]") or project.place("static")
            named = list(_list_named(project, entry, refusal, mistakes, place))
            _add(named, refusal, found, mistakes)
    for shown in found:
        _warn_of_matter(project, shown, mistakes)
    return found


@dataclass
class Shelf:
    """The files that a post links to, wherever they lie in the project.

    `files` are those that this made part of the site, path that messages show → path within the
    site; `asked` all that were looked for. What is there and is not published, with the reason, is
    in `refused`.
    """

    project: Project
    files: dict[Path, Path] = field(default_factory=dict)
    asked: set[Path] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    _answers: dict[str, str | None] = field(default_factory=dict)

    def publish(self, name: str) -> str | None:
        """The address of a file, by its path in the project, which is published from now on; None
        if there is none, or none that may be."""
        if name not in self._answers:
            self._answers[name] = self._look_up(name)
        return self._answers[name]

    def _look_up(self, name: str) -> str | None:
        inside = PurePosixPath(name)
        if inside.is_absolute() or not inside.parts or ".." in inside.parts:
            return None
        path = self.project.root / inside
        if len(self.asked) < MOST:
            self.asked.add(path)
        if not files.is_file(path):
            return None
        if reason := self._find_reason(inside, path):
            self.refused[name] = reason
            return None
        self.files[self.project.shown(path)] = Path(inside)
        return permalink.address(inside.as_posix())

    def _find_reason(self, inside: PurePosixPath, path: Path) -> str | None:
        if private := find_private(inside.parts) or self._refusal.explain_link(path):
            return private
        if not self.project.holds(path):
            return tr("it is a link that leads out of the project")
        if fault := permalink.find_fault(inside.as_posix()):
            return fault
        remedy = tr("'static' of {name} can name it", name=NAME)
        if reason := self._refusal.explain(inside):
            return tr("{problem}; {remedy}", problem=reason, remedy=remedy)
        if inside.suffix.lower() in SUFFIXES:
            folder = self.project.settings.pages.as_posix()
            reason = tr("it is Markdown, and neither a post nor a page in {folder}/", folder=folder)
            return tr("{problem}; {remedy}", problem=reason, remedy=remedy)
        return None

    @cached_property
    def _refusal(self) -> Refusal:
        return Refusal(self.project)


def list_bases(static: Iterable[Path]) -> Iterator[Path]:
    """The files and folders that items of `static` name, or in which their patterns look."""
    for entry in static:
        base = Path(*takewhile(lambda part: not _MAGIC.search(part), entry.parts))
        if base.parts and not base.is_absolute() and ".." not in base.parts:
            yield base


def _list_named(
    project: Project, entry: Path, refusal: Refusal, mistakes: Mistakes, place: Place
) -> Iterator[Path]:
    """What an item of `static` names: a file, a folder, or all that a pattern fits.

    Raises SourceError, at its `place`, for an item that is of no use.
    """
    parts = entry.parts
    magic = next((n for n, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    base, name = Path(*parts[:magic]), shorten(entry.as_posix())
    path = project.root / base
    pattern = parts[magic:]
    if base.is_absolute() or ".." in parts or not parts:
        problem = tr(
            "'static' names '{name}'; it must be a file or a folder in the project", name=name
        )
        raise SourceError(problem, place)
    if base.parts and (fault := permalink.find_fault(base.as_posix())):
        problem = tr("'static' names '{name}', which cannot be published: {fault}",
                     name=name, fault=fault)  # fmt: skip
        raise SourceError(problem, place)
    if not files.exists(path) and not files.is_link(path):
        known = [each.name for each in project.root.iterdir() if is_shown(each.name)]
        problem = tr("'static' names '{name}', which is not there{hint}",
                     name=name, hint=suggest(base.as_posix(), known))  # fmt: skip
        raise SourceError(problem, place)
    found = [
        each
        for each in _walk(project, base, refusal, mistakes)
        if not pattern or _fits(each.relative_to(path).parts, pattern)
    ]
    if pattern and not found:
        raise SourceError(tr("nothing fits '{pattern}' in 'static'", pattern=name), place)
    yield from found


def _walk(project: Project, base: Path, refusal: Refusal, mistakes: Mistakes) -> Iterator[Path]:
    """The files of a folder, or the one file."""
    root = project.root / base
    if files.exists(root) and not files.is_dir(root):
        # The walk is for folders; a file is one that its folder has, and no other.
        yield from list_files(root.parent, project, mistakes, lambda name: name == root.name)
        return
    at = PurePosixPath(base.as_posix())

    def is_meant(path: Path) -> bool:
        inside = PurePosixPath(path.relative_to(project.root).as_posix())
        return refusal.explain(inside, at if base.parts else NOWHERE) is None

    for path in list_files(root, project, mistakes, is_shown, enter=is_meant):
        if is_meant(path):
            yield path


def _add(
    paths: Iterable[Path], refusal: Refusal, found: dict[Path, Path], mistakes: Mistakes
) -> None:
    project = refusal.project
    for path in paths:
        inside = path.relative_to(project.root)
        if reason := refusal.explain_link(path):
            message = tr("is a link to what is not published: {reason}", reason=reason)
            mistakes.add(SourceError(message, Place(project.shown(path))))
        elif fault := permalink.find_fault(inside.as_posix()):
            message = tr("cannot be a file of the site: {fault}; rename it", fault=fault)
            mistakes.add(SourceError(message, Place(project.shown(path))))
        else:
            found[project.shown(path)] = inside


def _fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the parts of a path fit those of a pattern; `**` is any number of folders."""
    reached = {0}
    for part in parts:
        reached = _close(reached, pattern)
        reached = {
            at + (pattern[at] != "**")
            for at in reached
            if at < len(pattern) and (pattern[at] == "**" or fnmatchcase(part, pattern[at]))
        }
    return len(pattern) in _close(reached, pattern)


def _close(reached: set[int], pattern: tuple[str, ...]) -> set[int]:
    """With a `**`, what follows it is reached too."""
    found = set(reached)
    for at in range(len(pattern)):
        if at in found and pattern[at] == "**":
            found.add(at + 1)
    return found


def _warn_of_matter(project: Project, shown: Path, mistakes: Mistakes) -> None:
    """Say of a file that it begins with front matter, as Jekyll reads in any, and no file here."""
    if shown.suffix.lower() not in _MATTER:
        return
    with mistakes.collect(), files.open_file(project.root / shown, shown) as file:
        if re.match(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n", file.read(64)):
            message = tr(
                "is published as it is, with its front matter: only posts and pages are read"
            )
            mistakes.warn(Problem(message, Place(shown, 1)))
