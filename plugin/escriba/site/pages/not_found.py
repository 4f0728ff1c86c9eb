"""What a server shows for an address that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from escriba.site.pages.blog import Blog, Job

ADDRESS = "/404.html"


def plan(blog: Blog) -> Iterator[Job]:
    yield Job(ADDRESS, "404", lambda: _make(blog), listed=False)


def _make(blog: Blog) -> bytes:
    page = blog.plain(ADDRESS, blog.words["not_found"], portable=True, listed=False)
    return blog.render("404.html", page)
