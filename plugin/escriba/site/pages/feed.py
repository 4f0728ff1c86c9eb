"""The latest posts, whole, for programs that read blogs: Atom (RFC 4287).

Dates are those of the posts, never those of the build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from escriba.ground.direction import find_direction
from escriba.site.content.post import Post, instant
from escriba.site.incremental.reads import ARTICLE, CATALOGUE, POSTS
from escriba.site.pages.blog import Blog, Job
from escriba.site.pages.theme import Page
from escriba.site.pages.xml import clean

ADDRESS = "/feed.xml"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the date of a feed without entries


def plan(blog: Blog) -> Iterator[Job]:
    yield Job(ADDRESS, "feed", lambda: _make(blog))


def _make(blog: Blog) -> bytes:
    blog.reads.note(CATALOGUE, "posts")
    blog.reads.note(POSTS, "*")
    settings = blog.settings
    dated = [post for post in blog.catalogue.posts if post.date]
    entries = []
    for post in dated[: settings.latest]:
        blog.reads.note(ARTICLE, post.source.as_posix())
        article = blog.articles[post.source]
        content: str = article.globalise(blog.addresses)
        if find_direction(post.lang) == "rtl":  # Atom has no attribute for it
            content = f'<div dir="rtl">\n{content}\n</div>'
        entries.append((article, content))
    page = Page(ADDRESS, settings.title, settings.description, settings.lang)
    feed = blog.theme.render(
        "feed.xml",
        page,
        entries=entries,
        catalogue=blog.catalogue,
        updated=updated,
        published=published,
        latest=_latest(dated),
    )
    return clean(feed)


def published(post: Post) -> str:
    """When a post was published, as RFC 3339 wants it: with an offset."""
    return instant(post.date).isoformat() if post.date else EPOCH.isoformat()


def updated(post: Post) -> str:
    """When a post last changed, by its own word, as RFC 3339 wants it."""
    return _changed(post).isoformat()


def _latest(posts: Iterable[Post]) -> str:
    return max((_changed(post) for post in posts), default=EPOCH).isoformat()


def _changed(post: Post) -> datetime:
    moment = post.front.last_modified_at or post.date
    return instant(moment) if moment else EPOCH
