"""The page of a post, or of a page beside the posts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from escriba.ground.errors import SourceError, suggest
from escriba.ground.language import tr
from escriba.markup.markdown import Heading
from escriba.site.content.page import PageMatter
from escriba.site.content.post import Post
from escriba.site.incremental.reads import AROUND, POST
from escriba.site.pages.blog import Blog, Job
from escriba.site.pages.theme import Page

TOC_HEADINGS = 4  # from so many headings on, a post has a table of contents


def plan(blog: Blog) -> Iterator[Job]:
    for post in blog.catalogue.entries:
        yield Job(post.url, post.layout, partial(_make, blog, post), not post.draft, post)


def _make(blog: Blog, post: Post) -> bytes:
    blog.reads.note(POST, post.source.as_posix())
    blog.reads.note(AROUND, post.source.as_posix())
    article, catalogue = blog.articles[post.source], blog.catalogue
    article.note()
    page = Page(
        post.url, post.title, article.summary, post.lang,
        kind="website" if isinstance(post.front, PageMatter) else "article",
        listed=not post.draft, written=post.written,
    )  # fmt: skip
    newer, older = catalogue.neighbours.get(post.source, (None, None))
    wanted = post.front.toc
    if wanted is None:
        wanted = len(article.headings) >= TOC_HEADINGS
    return blog.render(
        _find_layout(blog, post),
        page,
        article=article,
        post=post,
        contents=_outline(article.headings) if wanted else (),
        translations=catalogue.translations.get(post.source, ()),
        newer=newer,
        older=older,
        topics=catalogue.topics.get(post.source, ()),
    )


def _find_layout(blog: Blog, post: Post) -> str:
    layout, templates = post.front.layout or post.layout, blog.theme.templates
    name = f"{layout}.html"
    if not re.fullmatch(r"[\w-]+", layout) or templates.find(name) is None:
        known = [p.stem for f in templates.folders for p in f.glob("*.html")]
        raise SourceError(
            tr("there is no layout '{layout}'{hint}", layout=layout, hint=suggest(layout, known)),
            post.place("layout"),
        )
    return name


def _outline(headings: tuple[Heading, ...]) -> list[tuple[Heading, list[Heading]]]:
    """The two topmost levels of headings, the lower under the upper."""
    if not headings:
        return []
    top = min(h.level for h in headings)
    outline: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == top or not outline:
            outline.append((heading, []))
        elif heading.level == top + 1:
            outline[-1][1].append(heading)
    return outline
