"""Pages beside the posts, as `about.md`: no date, no topics, an address of their own.

A page is a Post to all that render it; what makes it another thing is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from escriba.ground import schema
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import read_text
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.settings import Settings
from escriba.ground.yaml import compose
from escriba.site.content import permalink
from escriba.site.content.hints import hint
from escriba.site.content.post import DRAFTS, FrontMatter, Post, split, title_of

LAYOUT = "page"


@dataclass(frozen=True)
class PageMatter(FrontMatter):
    """What a page may say besides; `nav` is whether, or under which title, the navigation of a site
    that has no other shows it, and `nav_order` where."""

    nav: bool | str = True
    nav_order: float | None = None


_KEYS = frozenset(name.name for name in fields(PageMatter) if name.name != "extra")


def read_page(
    path: Path, source: Path, inside: Path, settings: Settings, mistakes: Mistakes
) -> Post:
    """The page of a file, which lies `inside` the folder of pages; `source` is the path that
    messages show.

    `about.md` has the address `/about/`, `docs/index.md` `/docs/`, and each its path without suffix
    as its slug. `mistakes` are told what its author should know. Raises SourceError with every
    mistake.
    """
    yaml, body, first_line = split(read_text(path, source), source)
    start = Place(source, 2)
    node = compose(yaml, start)
    front = schema.build(PageMatter, node, start)
    places = schema.places(node, start)
    if node is not None:
        hint(node, _KEYS, start, mistakes)
    name = inside.with_suffix("")
    slug = front.slug or name.as_posix()
    url = _find_address(front, name, slug, places)
    if fault := permalink.find_fault(permalink.target(url)):
        message = tr(
            "a page cannot have the address {url}: {fault}; choose another",
            url=permalink.cut(url), fault=fault,
        )  # fmt: skip
        raise SourceError(message, places.get("permalink", Place(source, 1)))
    return Post(
        source=source, front=front, places=places, body=body, first_line=first_line,
        title=front.title or title_of(name.parent.name if name.name == "index" else name.name),
        slug=slug, date=front.date, lang=front.lang or settings.lang, categories=(), tags=(),
        draft=not DRAFTS.isdisjoint(inside.parts[:-1]) or not front.published,
        url=url, layout=LAYOUT, written=schema.plain(node) if node is not None else {},
    )  # fmt: skip


def _find_address(front: PageMatter, name: Path, slug: str, places: Mapping[str, Place]) -> str:
    """The address of a page: its own, or that of its path. Raises SourceError."""
    if front.permalink is not None:
        words = permalink.Words(slug=slug, name=name.name, categories=(), date=front.date)
        return permalink.expand_own(front.permalink, words, places["permalink"])
    folder = name.parent if name.name == "index" else name
    return permalink.clean_name(f"/{folder.as_posix()}/" if folder.parts else "/")
