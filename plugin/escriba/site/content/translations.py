"""Which entries are one in several languages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from escriba.ground.errors import SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.site.content.page import PageMatter
from escriba.site.content.post import Post


def find_translations(
    posts: Sequence[Post], hidden: Iterable[Post], mistakes: Mistakes
) -> Mapping[Path, tuple[Post, ...]]:
    """For each post the same post in other languages, by language.

    A translation of a post that this build hides is no mistake, and has no companion yet.
    """
    by_slug: dict[str, Post] = {}
    for post in (*hidden, *sorted(posts, key=lambda p: p.front.translates is not None)[::-1]):
        by_slug[post.slug] = post
    originals: dict[Path, Post] = {}
    for post in posts:
        wanted = post.front.translates
        original = by_slug.get(wanted or "")
        if wanted is None:
            continue
        if original is None:
            near = suggest(wanted, by_slug.keys() - {post.slug})
            problem = _say_untranslated(post, shorten(wanted), near)
        elif original.lang == post.lang:
            other = original.source.as_posix()
            problem = tr(
                "'{lang}' is the language of this post and of {other}, its original",
                lang=post.lang,
                other=other,
            )
        else:
            originals[post.source] = original
            continue
        mistakes.add(SourceError(problem, post.place("translates")))
    groups: dict[Path, list[Post]] = defaultdict(list)
    for post in posts:
        groups[_root(post, originals).source].append(post)
    return {
        post.source: tuple(
            sorted((p for p in group if p.lang != post.lang), key=lambda p: (p.lang, p.order))
        )
        for group in groups.values()
        for post in group
    }


def _say_untranslated(post: Post, wanted: str, near: str) -> str:
    if isinstance(post.front, PageMatter):
        return tr("no page has the slug '{wanted}' that this one translates{near}",
                  wanted=wanted, near=near)  # fmt: skip
    return tr("no post has the slug '{wanted}' that this one translates{near}",
              wanted=wanted, near=near)  # fmt: skip


def _root(post: Post, originals: Mapping[Path, Post]) -> Post:
    seen = set()
    while post.source in originals and post.source not in seen:
        seen.add(post.source)
        post = originals[post.source]
    return post
