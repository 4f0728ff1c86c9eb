"""What Liquid sees of a site and of its posts: `site` and `page`, as Jekyll has them.

What takes work (the excerpt of a post, the files of `_data`) is made when a text asks for it, and
once for a build. There is no clock in a site: `site.time` is the newest date in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join

from escriba.ground import schema
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import exists, read_text
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import CONFIG, INCLUDES, Project
from escriba.ground.reads import FILE, Reads, once
from escriba.ground.yaml import compose
from escriba.markup import markdown
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.liquid.values import Make, Variables, write_moment
from escriba.site.content import data
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.page import PageMatter
from escriba.site.content.post import Post, instant
from escriba.templating.templates import Templates

ENTRIES, DATA = "entries", "data"  # kinds of what is read here, which have no names
_SETTINGS = ("title", "description", "author", "email", "url", "baseurl", "lang", "permalink")
_OPTIONAL = ("author", "description", "layout", "permalink", "last_modified_at")


class Scope:
    """The variables of all posts of a site, for one build; what is asked for is noted in `reads`.

    What is read here is ENTRIES, which is all that posts and pages are, DATA, `post_url` and
    `link`, by the name that is looked up, and `key`, of front matter.
    """

    def __init__(self, project: Project, catalogue: Catalogue, templates: Templates, reads: Reads):
        self.project = project
        self.catalogue = catalogue
        self.templates = templates
        self._reads = reads
        self._names = Noted({p.source.stem: p.url for p in catalogue.posts}, reads, "post_url")
        self._paths = Noted(catalogue.addresses, reads, "link")
        self._pages: dict[Path, Variables] = {}  # of posts; who is never asked for is not made
        self._numbers = {post.source: number for number, post in enumerate(catalogue.posts)}
        keys = {key: "" for entry in catalogue.entries for key in entry.written}
        self._keys = Noted(keys, reads, "key")
        reads.add(ENTRIES, once(lambda: _write_entries(catalogue, reads)))
        reads.add(DATA, once(lambda: _write_data(project, reads)))

    def context(self, post: Post) -> LiquidContext:
        """What the Liquid of a post can see."""
        return LiquidContext(
            site=self.site,
            page=self._find_page(post),
            includes=(
                self.project.root / INCLUDES,
                *(folder / "includes" for folder in self.templates.folders),
            ),
            posts=self._names,
            links=self._paths,
            optional=self._keys,
            admit=self.templates.admit,
            shown=self.project.shown,
            note=self._note_file,
        )

    def _note_file(self, path: Path) -> None:
        self._reads.note(FILE, self.project.shown(path).as_posix())

    def _noting(self, kind: str, make: Make) -> Make:
        """A field that is made of all of a kind."""

        def work() -> object:
            self._reads.note(kind, "*")
            return make()

        return work

    def _read_config(self) -> Mapping[str, object]:
        self._note_file(self.project.root / CONFIG)
        return read_config(self.project)

    @cached_property
    def site(self) -> Variables:
        """`site`: the settings, the posts, and what the author keeps beside them."""
        settings = self.project.settings
        fixed = {**settings.extra, **{name: getattr(settings, name) for name in _SETTINGS}}
        made: dict[str, Make] = {
            "posts": lambda: [self._find_page(post) for post in self.catalogue.posts],
            "pages": lambda: [self._describe(page) for page in self.catalogue.pages],
            "tags": lambda: self._group(lambda post: post.tags),
            "categories": lambda: self._group(lambda post: post.categories),
            "time": self._find_time,
        }
        made = {name: self._noting(ENTRIES, make) for name, make in made.items()}
        made["data"] = self._noting(DATA, lambda: data.read(self.project))
        return Variables(fixed, made, self._read_config, self._reads)

    def _group(self, names: Callable[[Post], Iterable[str]]) -> dict[str, list[Variables]]:
        """The posts of each topic, the newest first; topics in the order of the oldest."""
        found: dict[str, list[Variables]] = {}
        for post in reversed(self.catalogue.posts):
            for name in names(post):
                found.setdefault(name, []).append(self._find_page(post))
        return {name: posts[::-1] for name, posts in found.items()}

    def _find_time(self) -> str | None:
        posts = self.catalogue.posts
        dates = [date for post in posts for date in (post.date, post.front.last_modified_at)]
        latest = max((date for date in dates if date is not None), key=instant, default=None)
        return write_moment(latest) if latest else None

    def _find_page(self, post: Post) -> Variables:
        """What Liquid sees of a post or a page: the same thing, whoever asks."""
        if post.source not in self._pages:
            self._pages[post.source] = self._describe(post)
        return self._pages[post.source]

    def _describe(self, post: Post) -> Variables:
        source = post.source.as_posix()
        fixed: dict[str, object] = {
            **dict.fromkeys(_OPTIONAL),
            **post.written,
            "title": post.title,
            "date": write_moment(post.date) if post.date else None,
            "url": post.url,
            "id": join(dirname(post.url.rstrip("/")) or "/", post.slug),
            "slug": post.slug,
            "lang": post.lang,
            "categories": list(post.categories),
            "tags": list(post.tags),
            "name": post.source.name,
            "path": source,
            "relative_path": source,
            "ext": post.source.suffix,
            "collection": "pages" if isinstance(post.front, PageMatter) else "posts",
            "draft": post.draft,
            "published": post.front.published,
        }
        made: dict[str, Make] = {
            "content": lambda: post.body,
            "next": self._noting(ENTRIES, lambda: self._find_beside(post, -1)),
            "previous": self._noting(ENTRIES, lambda: self._find_beside(post, 1)),
        }
        if "excerpt" not in post.written:
            made["excerpt"] = lambda: self._cut(post, fixed)
        return Variables(fixed, made, reads=self._reads)

    def _find_beside(self, post: Post, step: int) -> Variables | None:
        """The next newer or the next older post, in whatever language."""
        number = self._numbers.get(post.source, -2) + step
        posts = self.catalogue.posts
        return self._find_page(posts[number]) if 0 <= number < len(posts) else None

    def _cut(self, post: Post, fixed: Mapping[str, object]) -> str:
        """The beginning of a post as HTML, in which nothing asks for that of another."""
        page = {**fixed, "content": post.body, "excerpt": None, "next": None, "previous": None}
        time = self._noting(ENTRIES, self._find_time)
        site = Variables(self.site.fixed, {"time": time}, self._leave_out, self._reads)
        context = replace(self.context(post), page=page, site=site)
        hidden = Mistakes()  # what is wrong with the post is said where it stands itself
        with hidden.collect():
            return markdown.render(
                post.body, path=post.source, liquid=context, mistakes=hidden, html=post.is_html
            ).excerpt
        return ""

    def _leave_out(self) -> Mapping[str, object]:
        empty = {"posts": [], "pages": [], "tags": {}, "categories": {}, "data": self.site["data"]}
        return {**self._read_config(), **empty}


class Noted(Mapping[str, str]):
    """A mapping of which each name that is looked up is noted, and all of it if somebody goes
    through it."""

    def __init__(self, values: Mapping[str, str], reads: Reads, kind: str):
        self._values, self._reads, self._kind = values, reads, kind
        whole = once(lambda: repr(sorted(values.items())))
        reads.add(kind, lambda name: whole("") if name == "*" else repr(values.get(name)))

    def __getitem__(self, name: str) -> str:
        self._reads.note(self._kind, name)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        self._reads.note(self._kind, str(name))
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        self._reads.note(self._kind, "*")
        return iter(self._values)

    def __len__(self) -> int:
        self._reads.note(self._kind, "*")
        return len(self._values)


def _write_entries(catalogue: Catalogue, reads: Reads) -> str:
    """All that posts and pages are, and their order."""
    return repr([
        (entry.source, entry.url, reads.digest(FILE, entry.source.as_posix()))
        for entry in catalogue.entries
    ])  # fmt: skip


def _write_data(project: Project, reads: Reads) -> str:
    """All that is in the files of `_data`."""
    paths = map(project.shown, data.list_paths(project))
    return repr([(path, reads.digest(FILE, path.as_posix())) for path in paths])


def read_config(project: Project) -> Mapping[str, object]:
    """The keys of a Jekyll blog's own settings, if it has some beside escriba's.

    Raises SourceError if they are no mapping.
    """
    path = project.root / CONFIG
    if not exists(path):
        return {}
    start = Place(project.shown(path), 1)
    project.admit(path, start)
    node = compose(read_text(path, start.path), start)
    found = schema.plain(node) if node is not None else {}
    if not isinstance(found, dict):
        raise SourceError(tr("expected 'key: value' lines"), start)
    return found
