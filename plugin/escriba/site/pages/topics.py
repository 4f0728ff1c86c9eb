"""All categories and tags, and a page for each of them with its posts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from escriba.site.content.catalogue import Group
from escriba.site.incremental.reads import GROUP
from escriba.site.pages.blog import Blog, Job
from escriba.site.pages.theme import Page

ADDRESS = "/tags/"


def plan(blog: Blog) -> Iterator[Job]:
    if blog.catalogue.tags or blog.catalogue.categories:
        yield Job(ADDRESS, "topics", lambda: _make(blog))
    for kind, groups in (("tag", blog.catalogue.tags), ("category", blog.catalogue.categories)):
        for group in groups:
            yield Job(group.url, "group", partial(_make_group, blog, kind, group))


def _make(blog: Blog) -> bytes:
    return blog.render("topics.html", blog.plain(ADDRESS, blog.words["topics"]))


def _make_group(blog: Blog, kind: str, group: Group) -> bytes:
    blog.reads.note(GROUP, group.url)
    title = blog.words[f"posts_of_{kind}"].format(name=group.name)
    page = Page(group.url, title, title, blog.settings.lang)
    return blog.render("group.html", page, group=group)
