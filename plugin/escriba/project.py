"""`escriba.yml`: the settings of a site, and where its folders are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from escriba import schema
from escriba.errors import SourceError
from escriba.language import tr
from escriba.schema import Mistake, Range

NAME = "escriba.yml"


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
    documents: tuple[Path, ...] = ()  # folders of another generator's Markdown, for `check`
    templates: Path = Path("templates")
    models: Path = Path("models")
    output: Path = Path("site")
    corpora: tuple[Path, ...] = ()  # local folders to look for corpora in, before their URL
    latest: Annotated[int, Range(1, 1000)] = 20  # posts on the home page and in the feed

    def __post_init__(self) -> None:
        if self.url.endswith("/"):
            raise Mistake(tr("'url' must not end in '/', and it is '{url}'", url=self.url))
        if self.baseurl and (not self.baseurl.startswith("/") or self.baseurl.endswith("/")):
            raise Mistake(
                tr("'baseurl' must be like '/blog', not '{baseurl}'", baseurl=self.baseurl)
            )


@dataclass(frozen=True)
class Project:
    """A folder with an `escriba.yml`."""

    root: Path
    settings: Settings

    @property
    def posts(self) -> Path:
        return self.root / self.settings.posts

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

    def shown(self, path: Path) -> Path:
        """The path as messages and pages name it: relative to the project."""
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def find(start: Path, *, needed: bool = True) -> Project:
    """The project of a folder: the nearest `escriba.yml` in it or above it.

    Raises SourceError if it has mistakes, or if there is none. Unless one is `needed`; then the
    folder itself is a project with nothing but defaults.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return load(folder)
    if not needed:
        return Project(start, Settings())
    raise SourceError(
        tr(
            "no {name} in {start} or above it; `escriba new` makes one",
            name=NAME,
            start=start.as_posix(),
        )
    )


def load(root: Path) -> Project:
    """The project of a folder that holds an `escriba.yml`."""
    return Project(root, schema.read_file(Settings, root / NAME, Path(NAME)))
