"""`escriba.yml`: the settings of a site, and where its folders are."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from escriba.ground import files, schema
from escriba.ground.errors import EscribaError, Place, Problem, SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.schema import Mistake, Range, Unlike, Words, raise_all
from escriba.ground.yaml import compose

NAME = "escriba.yml"
INCLUDES = "_includes"  # Jekyll's folder for what posts include
POSTS = "_posts"  # where Jekyll has them
CONFIG = "_config.yml"  # and its settings
JEKYLL = (CONFIG, POSTS, "_config.toml")  # what tells a Jekyll blog
MARKS = ("dollars", "brackets", "environments", "kramdown")  # of formulas
_MACRO = re.compile(r"\\?(?:[a-zA-Z]+|[^a-zA-Z\s\\])")
# A path that browsers and servers take for the same: names after slashes, none of them a way up.
_URL = re.compile(
    r"https?://(?:[^\s/?#@:\[\]\\\x00-\x1f]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:/[^\s?#\\\x00-\x1f]*)?",
    re.I,
)
_BASEURL = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[^/?#\\\x00-\x1f\x7f]+)+")
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
class NavItem:
    """A title and where it leads: one key with its value."""

    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.extra) != 1 or not isinstance(self.link, str):
            raise Mistake(tr("an item of 'nav' is a page's name, or 'title: address'"))

    @property
    def title(self) -> str:
        return next(iter(self.extra))

    @property
    def link(self) -> Any:
        """Text, once the item is made."""
        return next(iter(self.extra.values()))


@dataclass(frozen=True)
class Settings:
    """The keys of `escriba.yml`; every one has a default, so that an empty file is a site."""

    title: str = "escriba"
    description: str = ""
    author: str = ""
    email: str = ""
    url: str = ""  # scheme and host, no final slash: https://example.org
    baseurl: str = ""  # the path under which the site lives: /blog
    lang: str = "en"
    permalink: str = "date"  # Jekyll's names (date, pretty, none…) or a pattern
    posts: Path = Path("posts")
    pages: Path = Path("pages")
    documents: tuple[Path, ...] = ()  # folders of another generator's Markdown, for `check`
    templates: Path = Path("templates")
    models: Path = Path("models")
    output: Path = Path("site")
    corpora: tuple[Path, ...] = ()  # local folders to look for corpora in, before their URL
    outside: tuple[Path, ...] = ()  # folders that may be read and written though they are outside
    math: Annotated[tuple[str, ...], Words()] | None = None  # marks of formulas, besides $$
    macros: Mapping[str, str] = field(default_factory=dict, hash=False)  # of TeX: name → meaning
    math_errors: Literal["error", "show"] = "error"  # what becomes of a formula that is bad
    latest: Annotated[int, Range(1, 1000)] = 20  # posts on the home page and in the feed
    static: tuple[Path, ...] = ()  # files, folders and patterns that are published as they are
    links: Literal["error", "warn", "ignore"] | None = None  # of one that leads nowhere
    nav: tuple[str | NavItem, ...] | None = None  # names of pages, or titles and addresses

    # Keys of the author's own, for templates: `site.name`.
    extra: Annotated[Mapping[str, Any], Unlike()] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        mistakes = []
        for word in self.math or ():
            if word not in MARKS:
                hint = suggest(word, MARKS)
                message = tr("'math' has no '{word}'{hint}", word=shorten(word), hint=hint)
                mistakes.append(Mistake(message, "math"))
        mistakes += find_strange_macros(self.macros)
        if self.url.endswith("/"):
            message = tr("'url' must not end in '/', and it is '{url}'", url=shorten(self.url))
            mistakes.append(Mistake(message, "url"))
        elif self.url and not _URL.fullmatch(self.url):
            message = tr(
                "'url' must be like https://example.org, not '{url}'", url=shorten(self.url)
            )
            mistakes.append(Mistake(message, "url"))
        if self.baseurl and not _BASEURL.fullmatch(self.baseurl):
            message = tr(
                "'baseurl' must be like '/blog', not '{baseurl}'", baseurl=shorten(self.baseurl)
            )
            mistakes.append(Mistake(message, "baseurl"))
        raise_all(mistakes)

    def __getitem__(self, key: str) -> Any:
        """A key of the author's own, where a template asks for `site.key`. Raises KeyError."""
        return self.extra[key]


def find_strange_macros(macros: Mapping[str, str]) -> list[Mistake]:
    """What is wrong with the names of macros, of a site or of a post."""
    return [
        Mistake(
            tr("'{name}' is no name of a macro, which has letters only", name=shorten(name)),
            "macros",
        )
        for name in macros
        if not _MACRO.fullmatch(name)
    ]


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
