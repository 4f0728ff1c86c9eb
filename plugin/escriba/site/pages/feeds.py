"""What machines read: the Atom feed, the site map, `robots.txt`.

All of them need absolute addresses, so a site without `url` in its `escriba.yml` has none.
Dates are those of the posts, never those of the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from escriba.ground.direction import find_direction
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.post import Post, instant
from escriba.site.links import addresses as links
from escriba.site.links.addresses import Addresses
from escriba.site.pages.pages import Article, Page, Theme

FEED = "/feed.xml"
SITEMAP = "/sitemap.xml"
ROBOTS = "/robots.txt"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the date of a feed without entries

# XML 1.0 has no place for these, not even escaped (section 2.2), and a model may write them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feeds(
    theme: Theme,
    catalogue: Catalogue,
    articles: Mapping[Path, Article],
    addresses: Addresses,
    pages: Iterable[Page],
) -> dict[str, bytes]:
    """The files for machines, by target: Atom (RFC 4287), site map, robots."""
    if not theme.settings.url:
        return {}
    dated = [post for post in catalogue.posts if post.date]
    entries = []
    for post in dated[: theme.settings.latest]:
        article = articles[post.source]
        content = links.globalise(article.content, addresses, post.url)
        if find_direction(post.lang) == "rtl":  # Atom has no attribute for it
            content = f'<div dir="rtl">\n{content}\n</div>'
        entries.append((article, content))
    page = Page(FEED, theme.settings.title, theme.settings.description, theme.settings.lang)
    feed = theme.render(
        "feed.xml",
        page,
        entries=entries,
        catalogue=catalogue,
        updated=updated,
        published=published,
        latest=_latest(dated),
    )
    by_url = {entry.url: entry for entry in (*dated, *catalogue.pages)}
    listed = [(p, by_url.get(p.url)) for p in pages if p.listed]
    page = Page(SITEMAP, theme.settings.title, "", theme.settings.lang)
    sitemap = theme.render(
        "sitemap.xml", page, pages=listed, updated=updated, translations=catalogue.translations
    )
    robots = f"User-agent: *\nDisallow:\nSitemap: {addresses.absolute(SITEMAP)}\n"
    return {
        "feed.xml": _xml(feed),
        "sitemap.xml": _xml(sitemap),
        "robots.txt": robots.encode(),
    }


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


def _xml(data: bytes) -> bytes:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", data.decode()).encode()
