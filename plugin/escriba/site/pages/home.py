"""The first page: the latest posts."""

from __future__ import annotations

from collections.abc import Iterator

from escriba.site.incremental.reads import CATALOGUE
from escriba.site.pages.blog import Blog, Job

ADDRESS = "/"


def plan(blog: Blog) -> Iterator[Job]:
    yield Job(ADDRESS, "home", lambda: _make(blog))


def _make(blog: Blog) -> bytes:
    blog.reads.note(CATALOGUE, "posts")
    latest = blog.catalogue.posts[: blog.settings.latest]
    page = blog.plain(ADDRESS, blog.settings.title)
    return blog.render("home.html", page, posts=latest)
