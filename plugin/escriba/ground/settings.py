"""What `escriba.yml` may say: the settings of a site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from escriba.ground.errors import shorten, suggest
from escriba.ground.language import tr
from escriba.ground.schema import Mistake, Range, Unlike, Words, raise_all

MARKS = ("dollars", "brackets", "environments", "kramdown")  # of formulas
_MACRO = re.compile(r"\\?(?:[a-zA-Z]+|[^a-zA-Z\s\\])")
# A path that browsers and servers take for the same: names after slashes, none of them a way up.
_URL = re.compile(
    r"https?://(?:[^\s/?#@:\[\]\\\x00-\x1f]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:/[^\s?#\\\x00-\x1f]*)?",
    re.I,
)
_BASEURL = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[^/?#\\\x00-\x1f\x7f]+)+")


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
    train: Literal["missing", "never"] = "missing"  # models, when a build asks for them
    train_minutes: Annotated[float, Range(above=0, high=100_000)] = 10  # of a build, for each
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
