"""All posts of a site: in order, by tag, by category, by year, and beside their translations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from escriba.blog import claims, permalink, topics
from escriba.blog.post import DRAFTS, Post, is_post, looks_like_post, read_post
from escriba.errors import Mistakes, Place, Problem, SourceError, shorten, suggest
from escriba.language import tr
from escriba.project import Project
from escriba.tree import list_files


@dataclass(frozen=True)
class Group:
    """Posts, newest first, that share a tag, a category or a year; `keys` are those of the front
    matter that name it."""

    name: str
    url: str
    posts: tuple[Post, ...]
    keys: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where its newest post names it."""
        post = self.posts[0]
        return next((post.place(key) for key in self.keys if key in post.places), post.place(""))


# The next newer and the next older post in the same language.
Neighbours = tuple[Post | None, Post | None]


@dataclass(frozen=True)
class Catalogue:
    """The posts of a site, newest first; undated drafts before all. Mappings go by `source`."""

    posts: tuple[Post, ...]
    tags: tuple[Group, ...]
    categories: tuple[Group, ...]
    years: tuple[Group, ...]
    topics: Mapping[Path, tuple[Group, ...]]  # of each post: its categories, then its tags
    neighbours: Mapping[Path, Neighbours]
    translations: Mapping[Path, tuple[Post, ...]]
    files: Mapping[Path, Path]  # images and the like: path within posts/ → where it lies


def read(project: Project, mistakes: Mistakes, *, drafts: bool, unpublished: bool) -> Catalogue:
    """Every post of the project that this build shows.

    Mistakes in posts are collected; one in the site's permalink pattern is raised.
    """
    _check_pattern(project)
    posts: list[Post] = []
    hidden: list[Post] = []
    files: dict[Path, Path] = {}
    for path in list_files(project.posts, project, mistakes, _is_read):
        inside = path.relative_to(project.posts)
        is_draft = not DRAFTS.isdisjoint(inside.parts[:-1])
        if is_draft and not drafts:
            continue
        with mistakes.collect(Place(project.shown(path))):
            if not is_post(path, project.shown(path)):
                if path.name not in DRAFTS:
                    files[inside] = _read_file(inside, path, project)
                    _warn_of_look(path, project, mistakes)
                continue
            post = read_post(path, project.shown(path), project.settings, mistakes)
            (posts if post.front.published or unpublished else hidden).append(post)
    posts.sort(key=lambda post: post.order, reverse=True)
    in_order = sorted(posts, key=lambda post: post.source.as_posix())
    claims.refuse_clashes(map(claims.claim_post, in_order), mistakes)
    tags = _group(posts, ("tag", "tags"), lambda post: post.tags)
    categories = _group(posts, ("category", "categories"), lambda post: post.categories)
    _refuse_names((*categories, *tags), mistakes)
    return Catalogue(
        posts=tuple(posts),
        tags=tags,
        categories=categories,
        years=_years(posts),
        topics=_topics((*categories, *tags)),
        neighbours=_neighbours(posts),
        translations=_translations(posts, hidden, mistakes),
        files=files,
    )


def _check_pattern(project: Project) -> None:
    place = project.place("permalink")
    url = permalink.expand(project.settings.permalink, permalink.EXAMPLE, place)
    if fault := permalink.find_fault(permalink.target(url)):
        pattern = project.settings.permalink
        message = tr("the permalink '{pattern}' is none: {fault}", pattern=pattern, fault=fault)
        raise SourceError(message, place)


def _is_read(name: str) -> bool:
    """Whether a file or folder is neither hidden, nor private, nor an editor's leavings."""
    if name.startswith((".", "#", "~")) or name.endswith("~"):
        return False
    return not name.startswith("_") or name in DRAFTS


def _read_file(inside: Path, path: Path, project: Project) -> Path:
    """A file that is copied as it is. Raises SourceError for a name that a site cannot have."""
    if fault := permalink.find_fault(inside.as_posix()):
        message = tr("cannot be a file of the site: {fault}; rename it", fault=fault)
        raise SourceError(message, Place(project.shown(path)))
    return path


def _warn_of_look(path: Path, project: Project, mistakes: Mistakes) -> None:
    """Say of what is copied and looks like a post that it is none."""
    shown = project.shown(path)
    if looks_like_post(path, shown):
        message = tr(
            "it begins with front matter, and is published as it is: posts end in .md or .html"
        )
        mistakes.warn(Problem(message, Place(shown, 1)))


def _refuse_names(groups: Iterable[Group], mistakes: Mistakes) -> None:
    for group in groups:
        if fault := permalink.find_fault(permalink.target(group.url)):
            message = tr(
                "the page of '{name}' cannot have an address: {fault}; choose another name",
                name=permalink.cut(group.name), fault=fault,
            )  # fmt: skip
            mistakes.add(SourceError(message, group.place))


def _group(
    posts: Iterable[Post], keys: tuple[str, str], names: Callable[[Post], tuple[str, ...]]
) -> tuple[Group, ...]:
    # Under the spelling of the newest post.
    found: dict[topics.Key, list[Post]] = defaultdict(list)
    spelled: dict[topics.Key, str] = {}
    for post in posts:
        for topic in dict.fromkeys(map(topics.identify, names(post))):
            found[topic].append(post)
        for name in names(post):
            spelled.setdefault(topics.identify(name), name)
    pages = topics.name_pages(found)
    return tuple(
        Group(spelled[key], permalink.clean(f"/{keys[1]}/{pages[key]}/"), tuple(found[key]), keys)
        for key in sorted(found, key=lambda key: pages[key])
    )


def _years(posts: Iterable[Post]) -> tuple[Group, ...]:
    found: dict[str, list[Post]] = {}
    for post in posts:
        found.setdefault(f"{post.date.year:04}" if post.date else "", []).append(post)
    return tuple(Group(year, "", tuple(group)) for year, group in found.items())


def _topics(groups: Iterable[Group]) -> Mapping[Path, tuple[Group, ...]]:
    found: dict[Path, tuple[Group, ...]] = {}
    for group in groups:
        for post in group.posts:
            found[post.source] = (*found.get(post.source, ()), group)
    return found


def _neighbours(posts: Iterable[Post]) -> Mapping[Path, Neighbours]:
    by_lang: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        by_lang[post.lang].append(post)
    found: dict[Path, Neighbours] = {}
    for same in by_lang.values():
        around = [None, *same, None]
        for newer, post, older in zip(around, same, around[2:], strict=False):
            found[post.source] = (newer, older)
    return found


def _translations(
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
            problem = tr(
                "no post has the slug '{wanted}' that this one translates{near}",
                wanted=shorten(wanted),
                near=near,
            )
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


def _root(post: Post, originals: Mapping[Path, Post]) -> Post:
    seen = set()
    while post.source in originals and post.source not in seen:
        seen.add(post.source)
        post = originals[post.source]
    return post
