"""The pages of a site for search engines, and `robots.txt`, which leads there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from escriba.site.content.page import PageMatter
from escriba.site.incremental.reads import BASE, CATALOGUE, PLAN, POSTS
from escriba.site.pages.blog import Blog, Job
from escriba.site.pages.feed import updated
from escriba.site.pages.theme import Page
from escriba.site.pages.xml import clean

ADDRESS = "/sitemap.xml"
ROBOTS = "/robots.txt"


def plan(blog: Blog, pages: Sequence[Job]) -> Iterator[Job]:
    """`pages` are those of the site that people read."""
    yield Job(ADDRESS, "sitemap", partial(_make, blog, pages))
    yield Job(ROBOTS, "robots", partial(_make_robots, blog))


def _make(blog: Blog, pages: Sequence[Job]) -> bytes:
    blog.reads.note(PLAN, "*")
    blog.reads.note(POSTS, "*")
    blog.reads.note(CATALOGUE, "translations")
    listed = [(job, job.post if _is_shown(job) else None) for job in pages if job.listed]
    page = Page(ADDRESS, blog.settings.title, "", blog.settings.lang)
    sitemap = blog.theme.render(
        "sitemap.xml", page, pages=listed, updated=updated,
        translations=blog.catalogue.translations,
    )  # fmt: skip
    return clean(sitemap)


def _is_shown(job: Job) -> bool:
    """Whether more is said of a page than where it is: not of a draft without a date."""
    return job.post is not None and bool(job.post.date or isinstance(job.post.front, PageMatter))


def _make_robots(blog: Blog) -> bytes:
    blog.reads.note(BASE, "*")
    return f"User-agent: *\nDisallow:\nSitemap: {blog.addresses.absolute(ADDRESS)}\n".encode()
