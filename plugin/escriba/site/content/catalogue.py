"""All posts of a site: in order, by tag, by category, by year, and beside their translations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from escriba.ground import files as disk
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import CONFIG, NAME, POSTS, Project
from escriba.ground.reads import FILE, Reads
from escriba.site.content import claims, permalink, topics
from escriba.site.content.folder import Folder
from escriba.site.content.memory import Memory
from escriba.site.content.page import read_page
from escriba.site.content.post import (
    Post,
    read_post,
)
from escriba.site.content.static import read_static
from escriba.site.content.translations import find_translations


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
    """The posts of a site, newest first; undated drafts before all. Mappings go by `source`.

    `hidden` are the posts and pages that this build leaves out, as far as they were read: those in
    folders of drafts were not, and are in `drafts` by their path. It is `whole` if all that is
    there could be read.
    """

    posts: tuple[Post, ...]
    pages: tuple[Post, ...]  # those beside the posts, by their path
    tags: tuple[Group, ...]
    categories: tuple[Group, ...]
    years: tuple[Group, ...]
    topics: Mapping[Path, tuple[Group, ...]]  # of each post: its categories, then its tags
    neighbours: Mapping[Path, Neighbours]
    translations: Mapping[Path, tuple[Post, ...]]
    files: Mapping[Path, Path]  # images and the like: path that messages show → path in the site
    hidden: tuple[Post, ...] = ()
    drafts: frozenset[Path] = frozenset()
    whole: bool = True

    @property
    def entries(self) -> tuple[Post, ...]:
        """All that is rendered: posts, then pages."""
        return (*self.posts, *self.pages)

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each post, page and file, by the path of its source."""
        files = {
            shown.as_posix(): permalink.address(inside.as_posix())
            for shown, inside in self.files.items()
        }
        return {**files, **{entry.source.as_posix(): entry.url for entry in self.entries}}


def read(
    project: Project,
    mistakes: Mistakes,
    *,
    drafts: bool,
    unpublished: bool,
    reads: Reads | None = None,
    memory: Memory | None = None,
) -> Catalogue:
    """Every post and page of the project that this build shows.

    Mistakes in them are collected; one in the site's permalink pattern is raised, and that a blog
    of Jekyll's has its posts elsewhere. With a `memory`, `reads` tells what is in a file.
    """
    _check_pattern(project)
    before = len(mistakes.errors)
    posts, pages = Folder(project.posts, project), Folder(project.pages, project)
    for folder in (posts, pages):
        folder.list(mistakes, drafts=drafts)
    for path, shown in posts.sources:
        with mistakes.collect(Place(shown)):
            work = partial(read_post, path, shown, project.settings, mistakes)
            posts.add(_read_entry(shown, work, project, mistakes, reads, memory), unpublished)
    for path, shown in pages.sources:
        with mistakes.collect(Place(shown)):
            inside = path.relative_to(project.pages)
            work = partial(read_page, path, shown, inside, project.settings, mistakes)
            pages.add(_read_entry(shown, work, project, mistakes, reads, memory), unpublished)
    whole = len(mistakes.errors) == before
    if whole and not (posts.sources or posts.drafts):
        _refuse_elsewhere(project)
    return _arrange(project, posts, pages, mistakes, whole)


def _read_entry(
    shown: Path,
    work: Callable[[], Post],
    project: Project,
    mistakes: Mistakes,
    reads: Reads | None,
    memory: Memory | None,
) -> Post:
    if memory is None or reads is None:
        return work()
    state = reads.digest(FILE, shown.as_posix()), project.settings
    return memory.read(shown, state, mistakes, work)


def _arrange(
    project: Project, posts: Folder, pages: Folder, mistakes: Mistakes, whole: bool
) -> Catalogue:
    """What was read, in order."""
    ordered = sorted(posts.shown, key=lambda post: post.order, reverse=True)
    beside = sorted(pages.shown, key=lambda page: page.source.as_posix())
    claims.refuse_clashes((*ordered, *beside), mistakes)
    tags = _group(ordered, ("tag", "tags"), lambda post: post.tags)
    categories = _group(ordered, ("category", "categories"), lambda post: post.categories)
    _refuse_names((*categories, *tags), mistakes)
    return Catalogue(
        posts=tuple(ordered),
        pages=tuple(beside),
        tags=tags,
        categories=categories,
        years=_years(ordered),
        topics=_topics((*categories, *tags)),
        neighbours=_neighbours(ordered),
        translations={
            **find_translations(ordered, posts.hidden, mistakes),
            **find_translations(beside, pages.hidden, mistakes),
        },
        files={**posts.files, **pages.files, **read_static(project, mistakes)},
        hidden=(*posts.hidden, *pages.hidden),
        drafts=frozenset((*posts.drafts, *pages.drafts)),
        whole=whole,
    )


def _refuse_elsewhere(project: Project) -> None:
    """Raise SourceError if the site has no post and Jekyll would find some."""
    posts = Path(POSTS)
    named = project.settings.posts == posts or project.settings.documents
    if not named and disk.is_dir(project.root / posts):
        beside = tr(", as {name} beside it has it", name=CONFIG)
        message = tr(
            "there is no post in {folder}/, and there is a folder {other}/{beside}; say 'posts: "
            "{other}' in {name}",
            folder=project.settings.posts.as_posix(), other=posts.as_posix(), name=NAME,
            beside=beside if disk.exists(project.root / CONFIG) else "",
        )  # fmt: skip
        raise SourceError(message, Place(Path(NAME), 1))


def _check_pattern(project: Project) -> None:
    place = project.place("permalink")
    url = permalink.expand(project.settings.permalink, permalink.EXAMPLE, place)
    if fault := permalink.find_fault(permalink.target(url)):
        pattern = project.settings.permalink
        message = tr("the permalink '{pattern}' is none: {fault}", pattern=pattern, fault=fault)
        raise SourceError(message, place)


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
