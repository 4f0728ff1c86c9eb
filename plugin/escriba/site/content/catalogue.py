"""All posts of a site: in order, by tag, by category, by year, and beside their translations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from escriba.ground import files as disk
from escriba.ground.errors import Place, Problem, SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import CONFIG, NAME, POSTS, Project
from escriba.ground.reads import FILE, Reads
from escriba.ground.tree import list_files
from escriba.site.content import claims, permalink, topics
from escriba.site.content.page import PageMatter, read_page
from escriba.site.content.post import (
    DRAFTS,
    HTML,
    SUFFIXES,
    Post,
    is_post,
    looks_like_post,
    read_post,
)
from escriba.site.content.static import read_static


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


class Memory:
    """The entries that were read, for as long as their files and the settings are the same."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, Post]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._known

    def read(
        self, shown: Path, state: object, mistakes: Mistakes, work: Callable[[], Post]
    ) -> Post:
        """The entry of a file in a state: what `work` gives, or has given. Raises what it does."""
        if known := self._known.get(shown):
            if known[0] == state:
                return known[1]
            del self._known[shown]
        before = len(mistakes.warnings)
        post = work()
        if len(mistakes.warnings) == before:  # what was said must be said again
            self._known[shown] = state, post
        return post


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
    settings = project.settings
    posts, pages = _Folder(project.posts, project), _Folder(project.pages, project)
    for folder in (posts, pages):
        folder.list(mistakes, drafts=drafts)

    def read_one(shown: Path, work: Callable[[], Post]) -> Post:
        if memory is None or reads is None:
            return work()
        state = reads.digest(FILE, shown.as_posix()), settings
        return memory.read(shown, state, mistakes, work)

    for path, shown in posts.sources:
        with mistakes.collect(Place(shown)):
            work = partial(read_post, path, shown, settings, mistakes)
            posts.add(read_one(shown, work), unpublished)
    for path, shown in pages.sources:
        with mistakes.collect(Place(shown)):
            inside = path.relative_to(project.pages)
            work = partial(read_page, path, shown, inside, settings, mistakes)
            pages.add(read_one(shown, work), unpublished)
    whole = len(mistakes.errors) == before
    if whole and not (posts.sources or posts.drafts):
        _refuse_elsewhere(project)
    ordered = sorted(posts.shown, key=lambda post: post.order, reverse=True)
    beside = sorted(pages.shown, key=lambda page: page.source.as_posix())
    in_order = sorted((*ordered, *beside), key=lambda post: post.source.as_posix())
    claims.refuse_clashes(map(claims.claim_post, in_order), mistakes)
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
            **_translations(ordered, posts.hidden, mistakes),
            **_translations(beside, pages.hidden, mistakes),
        },
        files={**posts.files, **pages.files, **read_static(project, mistakes)},
        hidden=(*posts.hidden, *pages.hidden),
        drafts=frozenset((*posts.drafts, *pages.drafts)),
        whole=whole,
    )


class _Folder:
    """The folder of posts, or that of pages: what is in it, and what was read of that."""

    def __init__(self, folder: Path, project: Project):
        self._folder, self._project = folder, project
        self.sources: list[tuple[Path, Path]] = []  # Markdown: where it lies, and is shown to lie
        self.drafts: list[Path] = []  # that which is left out, as messages show it
        self.files: dict[Path, Path] = {}  # the rest: as messages show it → within the site
        self.shown: list[Post] = []
        self.hidden: list[Post] = []

    def list(self, mistakes: Mistakes, *, drafts: bool) -> None:
        for path in list_files(self._folder, self._project, mistakes, _is_read):
            inside, shown = path.relative_to(self._folder), self._project.shown(path)
            left_out = not drafts and not DRAFTS.isdisjoint(inside.parts[:-1])
            if left_out:
                if path.suffix.lower() in SUFFIXES | HTML:
                    self.drafts.append(shown)
                continue
            with mistakes.collect():
                if is_post(path, shown):
                    self.sources.append((path, shown))
                elif path.name not in DRAFTS:
                    self.files[shown] = _read_file(inside, path, self._project)
                    _warn_of_look(path, self._project, mistakes)

    def add(self, post: Post, unpublished: bool) -> None:
        (self.shown if post.front.published or unpublished else self.hidden).append(post)


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


def _is_read(name: str) -> bool:
    """Whether a file or folder is neither hidden, nor private, nor an editor's leavings."""
    if name.startswith((".", "#", "~")) or name.endswith("~"):
        return False
    return not name.startswith("_") or name in DRAFTS


def _read_file(inside: Path, path: Path, project: Project) -> Path:
    """Where a file is copied to. Raises SourceError for a name that a site cannot have."""
    if fault := permalink.find_fault(inside.as_posix()):
        message = tr("cannot be a file of the site: {fault}; rename it", fault=fault)
        raise SourceError(message, Place(project.shown(path)))
    return inside


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
