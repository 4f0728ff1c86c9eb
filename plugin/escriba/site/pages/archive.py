"""Every post, by year."""

from __future__ import annotations

from collections.abc import Iterator

from escriba.site.pages.blog import Blog, Job

ADDRESS = "/archive/"


def plan(blog: Blog) -> Iterator[Job]:
    yield Job(ADDRESS, "archive", lambda: _make(blog))


def _make(blog: Blog) -> bytes:
    return blog.render("archive.html", blog.plain(ADDRESS, blog.words["archive"]))
