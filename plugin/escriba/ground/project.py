"""A project: the folder of an `escriba.yml`, and what it may touch."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from escriba.ground import files, schema
from escriba.ground.errors import EscribaError, Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.schema import Mistake
from escriba.ground.settings import Settings as Settings  # whoever makes a project needs them
from escriba.ground.yaml import compose

NAME = "escriba.yml"
INCLUDES = "_includes"  # Jekyll's folder for what posts include
POSTS = "_posts"  # where Jekyll has them
CONFIG = "_config.yml"  # and its settings
JEKYLL = (CONFIG, POSTS, "_config.toml")  # what tells a Jekyll blog
# Keys with which a Jekyll blog is set up otherwise; here they would be the author's own.
_OF_JEKYLL = frozenset(
    ("collections", "data_dir", "defaults", "destination", "exclude", "excerpt_separator", "future",
     "gems", "highlighter", "includes_dir", "keep_files", "kramdown", "layouts_dir", "liquid",
     "markdown", "markdown_ext", "paginate", "paginate_path", "plugins", "show_drafts", "source",
     "timezone")
)  # fmt: skip
# Settings that name folders.
FOLDERS = ("posts", "pages", "documents", "templates", "models", "output")


@dataclass(frozen=True)
class Project:
    """A folder with an `escriba.yml`. `places` is where each of its settings stands."""

    root: Path
    settings: Settings
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    @property
    def posts(self) -> Path:
        return self.root / self.settings.posts

    @property
    def pages(self) -> Path:
        return self.root / self.settings.pages

    @property
    def templates(self) -> Path:
        return self.root / self.settings.templates

    @property
    def models(self) -> Path:
        return self.root / self.settings.models

    @property
    def output(self) -> Path:
        return self.root / self.settings.output

    @property
    def cache(self) -> Path:
        return self.root / ".escriba"

    @cached_property
    def links(self) -> str:
        """What becomes of a link that leads nowhere: `error`, `warn` or `ignore`. Where a blog of
        Jekyll's lies beside and the settings say nothing, a warning."""
        return self.settings.links or ("warn" if files.exists(self.root / CONFIG) else "error")

    def shown(self, path: Path) -> Path:
        """The path as messages and pages name it: relative to the project."""
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path

    def place(self, setting: str) -> Place:
        """Where a setting has its value; else the file's start."""
        return self.places.get(setting, Place(Path(NAME), 1))

    @cached_property
    def _homes(self) -> tuple[Path, ...]:
        """The folders that the project may touch: its own, and those that `outside` names."""
        homes = [self.root, *(self.root / folder for folder in self.settings.outside)]
        return tuple(files.resolve(home) for home in homes)

    def holds(self, path: Path) -> bool:
        """Whether a path, its links followed, is in the project or in a folder of `outside`."""
        try:
            real = files.resolve(path)
        except (OSError, ValueError):  # a name that no file can have
            return False
        return any(real.is_relative_to(home) for home in self._homes)

    def admit(
        self, path: Path, place: Place | None = None, kind: type[EscribaError] = SourceError
    ) -> Path:
        """The path, if the project holds it. Raises `kind`, at `place` or at the path."""
        if self.holds(path):
            return path
        raise kind(tr("{problem}; {remedy}", problem=self._stray(path), remedy=_remedy()),
                   place or Place(self.shown(path)))  # fmt: skip

    def _stray(self, path: Path) -> str:
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError):
            return tr("this is a name that no file can have")
        if os.path.normpath(path) != real:
            return tr("this leads to {path}, outside the project", path=Path(real).as_posix())
        return tr("{path} is outside the project", path=Path(real).as_posix())


def _remedy() -> str:
    return tr("if that is meant, name its folder in 'outside' of {name}", name=NAME)


def find(start: Path, *, needed: bool = True) -> Project:
    """The project of a folder: the nearest `escriba.yml` in it or above it.

    Raises SourceError if it has mistakes, or if there is none. Unless one is `needed`; then the
    folder itself is a project with nothing but defaults.
    """
    root = find_root(start)
    if root is not None:
        return load(root)
    if not needed:
        return Project(files.resolve(start), Settings())
    blog = next((f for f in _line(start) if is_jekyll(f)), None)
    if blog is not None:
        raise SourceError(
            tr(
                "no {name} in {start} or above it, and {blog} is a Jekyll blog; "
                "`{command}` makes one of its settings, and changes none of its files",
                name=NAME, start=files.resolve(start).as_posix(), blog=blog.as_posix(),
                command=f"escriba new {_name(blog)}",
            )
        )  # fmt: skip
    raise SourceError(
        tr(
            "no {name} in {start} or above it; `escriba new` makes one",
            name=NAME,
            start=files.resolve(start).as_posix(),
        )
    )


def is_jekyll(folder: Path) -> bool:
    """Whether a folder looks like a Jekyll blog."""
    return any(files.exists(folder / name) for name in JEKYLL)


def publish_at(project: Project, address: str) -> Project:
    """The project as a site of that address (https://example.org/blog), whatever its settings say.

    Raises SourceError for what is no address of a site.
    """
    match = re.fullmatch(r"(https?://[^/?#\s\\]+)([^?#\s\\]*)", address.rstrip("/"))
    try:
        if not match:
            raise Mistake(
                tr("the address must be like 'https://example.org/blog', not '{address}'",
                   address=shorten(address))
            )  # fmt: skip
        settings = replace(project.settings, url=match[1], baseurl=match[2])
    except Mistake as mistake:
        raise SourceError(str(mistake)) from None
    return replace(project, settings=settings)


def find_root(start: Path) -> Path | None:
    """The folder of the nearest `escriba.yml`, which is there or above; whatever is in that file.

    Raises SourceError for a path that none can have.
    """
    return next((f for f in _line(start) if files.exists(f / NAME)), None)


def _line(start: Path) -> tuple[Path, ...]:
    """A folder and those above it. Raises SourceError for a path that none can have."""
    with files.refusals(SourceError, start):
        start = files.resolve(start)
    return (start, *start.parents)


def _name(folder: Path) -> str:
    """A folder as the reader of a message may type it here."""
    return "." if folder == files.resolve(Path()) else shlex.quote(folder.as_posix())


def load(root: Path) -> Project:
    """The project of a folder that holds an `escriba.yml`. Raises SourceError for its mistakes, and
    for a folder outside the project that `outside` does not name."""
    start = Place(Path(NAME), 1)
    Project(root, Settings()).admit(root / NAME, Place(start.path))
    node = compose(files.read_text(root / NAME, start.path), start)
    mistakes = Mistakes()
    settings = Settings()
    with mistakes.collect():
        settings = schema.build(Settings, node, start)
    project = Project(root, settings, schema.places(node, start))
    for key in settings.extra.keys() & _OF_JEKYLL:
        message = tr(
            "'{key}' is a setting of Jekyll's, and has no effect here; leave it out", key=key
        )
        mistakes.add(SourceError(message, project.place(key)))
    for key in FOLDERS:
        for problem in _find_stray(project, key):
            message = tr("'{key}': {problem}", key=key, problem=problem.message)
            mistakes.add(SourceError(message, problem.place))
    for problem in _find_overlap(project):
        mistakes.add(SourceError(problem))
    mistakes.check()
    return project


def _find_stray(project: Project, key: str) -> tuple[Problem, ...]:
    """What a setting names outside the project."""
    named: Path | tuple[Path, ...] = getattr(project.settings, key)
    try:
        for path in named if isinstance(named, tuple) else (named,):
            if len(path.parts) > files.DEEPEST:
                message = tr("the path '{path}' is too long", path=shorten(path.as_posix()))
                raise SourceError(message, project.place(key))
            project.admit(project.root / path, project.place(key))
    except SourceError as error:
        return error.problems
    return ()


def _find_overlap(project: Project) -> list[Problem]:
    """That pages are where something else is, which would be read twice."""
    if not files.exists(project.pages):
        return []
    mine = Path(os.path.normpath(project.pages))
    problems = []
    for key in ("posts", "templates", "models", "output"):
        other = Path(os.path.normpath(project.root / getattr(project.settings, key)))
        if mine.is_relative_to(other) or other.is_relative_to(mine):
            message = tr(
                "'pages' is {folder}, which is, holds or lies in the folder of '{key}'; give pages "
                "one of their own",
                folder=project.settings.pages.as_posix(), key=key,
            )  # fmt: skip
            problems.append(Problem(message, project.place("pages")))
    return problems[:1]
