"""One post: its front matter, as Jekyll has it, and its Markdown body.

A post is a UTF-8 file `YYYY-MM-DD-slug.md` that starts with YAML between two lines `---`; or one of
HTML that starts so, which is read as it is.
Date and slug may also come from the front matter, which wins over the file name.

No wall clock enters a site. A post dated in the future is built like any other; hold it back
with `published: false` or in a folder `drafts`. A draft may have no date yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from escriba.ground import schema
from escriba.ground.digest import text_digest
from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.files import read_text, starts_with
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import NAME
from escriba.ground.schema import Mistake, Words, raise_all
from escriba.ground.settings import Settings, find_strange_macros
from escriba.ground.yaml import compose
from escriba.site.content import permalink
from escriba.site.content.hints import hint

SUFFIXES = frozenset({".md", ".markdown", ".mkd", ".mkdn", ".mkdown"})  # those of Jekyll
HTML = frozenset({".html", ".htm"})  # a post if it begins with front matter
DRAFTS = frozenset({"drafts", "_drafts"})
TOPICS = 100  # categories, or tags, of a post: each has a page, and each page names them all

_NAME = re.compile(r"(?:(\d{4}-\d{1,2}-\d{1,2})-)?(.+)", re.DOTALL)
_LANG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-(?:[A-Z]{2}|\d{3}))?")
_OPENING = re.compile(r"---[ \t]*(?:\n|\Z)")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M)


@dataclass(frozen=True)
class FrontMatter:
    """The keys that escriba knows; all others are kept in `extra`, for Liquid and templates."""

    title: str | None = None
    date: datetime | None = None
    last_modified_at: datetime | None = None
    categories: Annotated[tuple[str, ...], Words()] = ()
    category: tuple[str, ...] | str | None = None
    tags: Annotated[tuple[str, ...], Words()] = ()
    tag: tuple[str, ...] | str | None = None
    published: bool = True
    lang: str | None = None
    translates: str | None = None  # the slug of the post of which this is a translation
    slug: str | None = None
    permalink: str | None = None
    description: str | None = None
    author: str | None = None
    layout: str | None = None
    macros: Mapping[str, str] = field(default_factory=dict)  # of TeX, for this post
    toc: bool | None = None  # a table of contents; by default where there are enough headings
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mistakes = find_strange_macros(self.macros)
        if self.lang is not None and not _LANG.fullmatch(self.lang):
            message = tr(
                "'lang' must be a language such as es or pt-BR, not '{lang}'",
                lang=shorten(self.lang),
            )
            mistakes.append(Mistake(message, "lang"))
        raise_all(mistakes)


_KEYS = frozenset(known.name for known in fields(FrontMatter)) - {"extra"}


@dataclass(frozen=True)
class Post:
    """A post as written; nothing is rendered yet.

    `url` is the path part of its address, percent-encoded, without the site's `baseurl`;
    `first_line` is the line of the file on which `body` starts, counted from 1.
    """

    source: Path
    front: FrontMatter
    places: Mapping[str, Place]
    body: str
    first_line: int
    title: str
    slug: str
    date: datetime | None
    lang: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    draft: bool
    url: str
    layout: str = "post"  # the template of one that names none
    written: Mapping[str, Any] = field(default_factory=dict)  # all of its front matter, plain

    @cached_property
    def digest(self) -> str:
        """Of all that its front matter and its name say; its text is not part of it."""
        said = (
            self.front, self.title, self.slug, self.date, self.lang, self.categories, self.tags,
            self.draft, self.url, self.layout, self.written,
        )  # fmt: skip
        return text_digest(repr(said))

    @property
    def is_html(self) -> bool:
        """Whether its body is HTML, and no Markdown."""
        return self.source.suffix.lower() in HTML

    def __getitem__(self, key: str) -> Any:
        """What the front matter says, where a template asks for `post.key`. Raises KeyError."""
        return self.written[key]

    @cached_property
    def target(self) -> str:
        """The file that holds the page, relative to the site."""
        return permalink.target(self.url)

    @cached_property
    def order(self) -> tuple[bool, datetime, str]:
        """What sorts posts from old to new: undated drafts last, equal moments by source."""
        moment = instant(self.date) if self.date else _EPOCH
        return self.date is None, moment, self.source.as_posix()

    def place(self, key: str) -> Place:
        """Where a key of the front matter has its value; else the file's start."""
        return self.places.get(key, Place(self.source, 1))


_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


def instant(date: datetime) -> datetime:
    """A date with an offset: its own, or UTC if its author wrote none."""
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def is_post(path: Path, source: Path) -> bool:
    """Whether a file is to be read as a post, and not to be copied as it is. Raises SourceError."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (suffix in HTML and starts_with(path, b"---\n", source))


def looks_like_post(path: Path, source: Path) -> bool:
    """Whether a file that is none of these is named and begins like a post. Raises SourceError."""
    dated = _NAME.fullmatch(path.name)
    return bool(dated and dated[1]) and starts_with(path, b"---\n", source)


def read_post(
    path: Path, source: Path, settings: Settings, mistakes: Mistakes | None = None
) -> Post:
    """The post of a file; `source` is the path that pages and messages show.

    The date keeps its author's offset, so that the day on the page and in the URL is the day
    that the author wrote, wherever the site is built. `mistakes` are told what its author should
    know. Raises SourceError with every mistake.
    """
    yaml, body, first_line = split(read_text(path, source), source)
    start = Place(source, 2)
    node = compose(yaml, start)
    front = schema.build(FrontMatter, node, start)
    places = schema.places(node, start)
    if mistakes is not None and node is not None:
        hint(node, _KEYS, start, mistakes)
    draft = not DRAFTS.isdisjoint(source.parts[:-1])
    written, stem = _read_name(path.stem, source, front)
    date, slug = front.date or written, front.slug or stem
    _refuse_nameless(date, slug, source, draft=draft)
    categories, tags = _read_topics(front, places)
    words = permalink.Words(slug=slug, name=path.stem, categories=categories, date=date)
    url = _find_address(front, words, settings, places)
    post = Post(
        source=source, front=front, places=places, body=body, first_line=first_line,
        title=front.title or title_of(stem), slug=slug, date=date,
        lang=front.lang or settings.lang, categories=categories, tags=tags,
        draft=draft or not front.published, url=url,
        written=schema.plain(node) if node is not None else {},
    )  # fmt: skip
    if fault := permalink.find_fault(post.target):
        message = tr(
            "a page cannot have the address {url}: {fault}; choose another",
            url=permalink.cut(url), fault=fault,
        )  # fmt: skip
        raise SourceError(message, _find_culprit(post))
    return post


def _refuse_nameless(date: datetime | None, slug: str, source: Path, *, draft: bool) -> None:
    """Raise SourceError for a post without a date that is no draft, or without a slug."""
    if date is None and not draft:
        raise SourceError(
            tr("the post has no date; name the file YYYY-MM-DD-slug.md or add 'date:'"),
            Place(source, 1),
        )
    if not permalink.slugify(slug):
        raise SourceError(
            tr("the slug '{slug}' has no letter or digit", slug=slug), Place(source, 1)
        )


def _find_address(
    front: FrontMatter, words: permalink.Words, settings: Settings, places: Mapping[str, Place]
) -> str:
    """The address of a post: its own, or that of the site's pattern. Raises SourceError."""
    if front.permalink is not None:
        return permalink.expand_own(front.permalink, words, places["permalink"])
    pattern = settings.permalink if words.date else "/drafts/:title/"
    return permalink.expand(pattern, words, Place(Path(NAME), 1))


def _find_culprit(post: Post) -> Place:
    """Where in a post its address has what no address can have."""
    if "permalink" in post.places:
        return post.place("permalink")
    if any(permalink.find_fault(f"{category.lower()}/") for category in post.categories):
        return post.place("category" if "category" in post.places else "categories")
    return post.place("slug")


def split(text: str, source: Path) -> tuple[str, str, int]:
    """(YAML, body, line of the body's start, from 1) of a post's text. Raises SourceError."""
    opening = _OPENING.match(text)
    if not opening:
        raise SourceError(
            tr(
                "the post has no front matter; it must start with a line '---', its title and "
                "date, and another line '---'"
            ),
            Place(source, 1),
        )
    closing = _CLOSING.search(text, opening.end())
    if not closing:
        raise SourceError(
            tr("the front matter is never closed; add a line '---' after it"), Place(source, 1)
        )
    yaml, body = text[opening.end() : closing.start()], text[closing.end() :]
    return yaml, body, text.count("\n", 0, closing.end()) + 1


def _read_name(stem: str, source: Path, front: FrontMatter) -> tuple[datetime | None, str]:
    match = _NAME.fullmatch(stem)
    assert match is not None
    if match[1] is None:
        return None, match[2]
    try:
        return schema.parse_datetime(match[1]), match[2]
    except ValueError:
        if front.date:
            return None, match[2]
        raise SourceError(
            tr("the file name starts with '{start}', which is no date", start=match[1]),
            Place(source),
        ) from None


def _read_topics(
    front: FrontMatter, places: Mapping[str, Place]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The categories and the tags of a post. Raises SourceError for too many of either."""
    categories = _several(front.category, front.categories)
    tags = _several(front.tag, front.tags)
    problems = [
        Problem(
            tr("'{key}' may name at most {most} topics, and it names {number}",
               key=key, most=TOPICS, number=len(names)),
            places[key],
        )
        for keys, names in ((("category", "categories"), categories), (("tag", "tags"), tags))
        for key in [next((key for key in keys if key in places), keys[1])]
        if len(names) > TOPICS
    ]  # fmt: skip
    if problems:
        raise SourceError(problems)
    return categories, tags


def _several(one: tuple[str, ...] | str | None, many: tuple[str, ...]) -> tuple[str, ...]:
    # As in Jekyll the singular key wins and is not split: `category: deep learning` is one.
    found = (one,) if isinstance(one, str) else one or many
    return tuple(dict.fromkeys(item for item in found if item))


def title_of(stem: str) -> str:
    """A title for what has none, by its file's name, as Jekyll makes it: `redes-neuronales` is
    "Redes Neuronales"."""
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[-_]+", stem) if word)
