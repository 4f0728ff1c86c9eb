"""A folder of posts → a site.

No wall clock, locale, environment or absolute path enters a page: the same input gives the same
bytes everywhere. All mistakes of all posts are reported together, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from escriba.article.context import Context
from escriba.article.extension import EscribaExtension
from escriba.article.models import Models
from escriba.article.panels import Panels
from escriba.article.theme import Templates, open_templates
from escriba.blog import catalogue as catalogues
from escriba.blog import feeds, markdown, theme
from escriba.blog import output as disk
from escriba.blog.catalogue import Catalogue
from escriba.blog.links import Addresses
from escriba.blog.liquid import LiquidContext
from escriba.blog.markdown import Rendered
from escriba.blog.permalink import clean, target
from escriba.blog.post import Post
from escriba.blog.theme import Theme
from escriba.errors import Mistakes, Place, SourceError
from escriba.language import plural, tr
from escriba.progress import Report
from escriba.project import Project, Settings
from escriba.sampling.frozen import PatientStore, Store, Use

INCLUDES = "_includes"  # Jekyll's folder for what posts include


@dataclass(frozen=True)
class Result:
    """What a build did: posts shown, files written, left alone, and removed."""

    posts: int
    written: int
    unchanged: int
    removed: int

    def __str__(self) -> str:
        files = tr(
            "files: {written} written, {unchanged} unchanged, {removed} removed",
            written=self.written, unchanged=self.unchanged, removed=self.removed,
        )  # fmt: skip
        posts = plural("{number} post", "{number} posts", self.posts)
        return f"{posts}; {files}"


@dataclass(frozen=True)
class Site:
    """A rendered site: path of each file, relative to the site, → its bytes."""

    posts: int
    files: Mapping[str, bytes]


def build(
    project: Project,
    *,
    frozen: bool = False,
    drafts: bool = False,
    unpublished: bool = False,
    output: Path | None = None,
    report: Report | None = None,
) -> Result:
    """Build the site into its output folder, or leave that as it was and raise.

    With `frozen` nothing is sampled: a sample that is not frozen is an error. `report` is told
    how much is sampled. Raises SourceError, ModelError or FrozenError, with every mistake in every
    post.
    """
    folder = output or project.output
    disk.recover(folder)
    store = PatientStore(project.models, project.root, frozen=frozen, report=report)
    site = render(project, store, drafts=drafts, unpublished=unpublished)
    changes = disk.write(site.files, folder, project.shown(folder))
    return Result(site.posts, changes.written, changes.unchanged, changes.removed)


def render(project: Project, store: Store, *, drafts: bool, unpublished: bool) -> Site:
    """The whole site in memory. Raises like `build`, with every mistake found."""
    mistakes = Mistakes()
    catalogue = catalogues.read(project, mistakes, drafts=drafts, unpublished=unpublished)
    templates = open_templates(project)
    look = theme.load(project.settings, templates)
    addresses = _addresses(project, catalogue, look)
    _refuse_clashes(project, catalogue, look, mistakes)
    panels = Panels()

    def adapt(context: Context) -> Context:
        return replace(context, panels=panels)

    rendered = render_posts(project, catalogue, templates, store, mistakes, adapt)
    mistakes.check()
    if store.fill():
        rendered = render_posts(project, catalogue, templates, store, mistakes, adapt)
        mistakes.check()
    articles = {p.source: theme.article(p, rendered[p.source], addresses) for p in catalogue.posts}
    pages = list(theme.pages(look, catalogue, articles, panels))
    files = feeds.feeds(look, catalogue, articles, addresses, [page for page, _ in pages])
    files |= {inside.as_posix(): path.read_bytes() for inside, path in catalogue.files.items()}
    files |= look.collect(scripts=bool(panels.files))
    files |= {f"{theme.ASSETS}/{name}": data for name, data in panels.files.items()}
    files |= {target(page.url): data for page, data in pages}
    return Site(len(catalogue.posts), files)


def render_posts(
    project: Project,
    catalogue: Catalogue,
    templates: Templates,
    store: Store,
    mistakes: Mistakes,
    adapt: Callable[[Context], Context] = lambda context: context,
) -> dict[Path, Rendered]:
    """The HTML of every post, by its `source`; what is wrong in any of them is collected.

    `adapt` may put something of its own into the context of each post's blocks.
    """
    models = Models(project.models, project.shown(project.models))
    site = _site_variables(project.settings)
    by_name = {post.source.stem: post.url for post in catalogue.posts}
    by_path = {post.source.as_posix(): post.url for post in catalogue.posts}
    rendered: dict[Path, Rendered] = {}
    for post in catalogue.posts:
        context = Context(
            store=store,
            models=models,
            theme=templates,
            lang=post.lang,
            path=post.source,
            first_line=post.first_line,
            mistakes=mistakes,
        )
        liquid = LiquidContext(
            site=site,
            page=_page_variables(post),
            includes=(project.root / INCLUDES, *(f / "includes" for f in templates.folders)),
            posts=by_name,
            links=by_path,
        )
        asked = len(store.used)
        with mistakes.collect():
            found = rendered[post.source] = markdown.render(
                post.body,
                path=post.source,
                first_line=post.first_line,
                extensions=[EscribaExtension(adapt(context))],
                liquid=liquid,
                mistakes=mistakes,
            )
            uses = store.used[asked:]
            store.used[asked:] = [Use(use.request, found.locate(use.place)) for use in uses]
    return rendered


def _addresses(project: Project, catalogue: Catalogue, look: Theme) -> Addresses:
    folder = project.settings.posts.as_posix()
    sources = {post.source.as_posix(): post.url for post in catalogue.posts}
    for inside in catalogue.files:
        sources[f"{folder}/{inside.as_posix()}"] = clean(f"/{inside.as_posix()}")
    known = frozenset([*sources.values(), *_own(catalogue, look)])
    return Addresses(project.settings.url, project.settings.baseurl, known, sources)


def _own(catalogue: Catalogue, look: Theme) -> list[str]:
    groups = [group.url for group in (*catalogue.tags, *catalogue.categories)]
    return [*theme.PAGES, feeds.FEED, feeds.SITEMAP, feeds.ROBOTS, *groups, *look.assets.values()]


def _refuse_clashes(
    project: Project, catalogue: Catalogue, look: Theme, mistakes: Mistakes
) -> None:
    # An author's own robots.txt is welcome: it replaces ours.
    urls = [url for url in _own(catalogue, look) if url != feeds.ROBOTS]
    own = {(url[1:] if PurePosixPath(url).suffix else target(url)).casefold() for url in urls}
    files = {inside.as_posix().casefold(): path for inside, path in catalogue.files.items()}
    for post in catalogue.posts:
        name = post.target.casefold()
        if name in own or name in files:
            owner = tr("a page that every site has") if name in own else tr("a file of this site")
            problem = tr(
                "the address {url} is already that of {owner}; choose another",
                url=post.url,
                owner=owner,
            )
            mistakes.add(SourceError(problem, post.place("permalink")))
    for name in files.keys() & own:
        problem = tr("its address is already that of a page that every site has; rename it")
        mistakes.add(SourceError(problem, Place(project.shown(files[name]))))


def _site_variables(settings: Settings) -> dict[str, object]:
    return {
        name: getattr(settings, name)
        for name in ("title", "description", "author", "email", "url", "baseurl", "lang")
    }


def _page_variables(post: Post) -> dict[str, object]:
    return {
        **post.front.extra,
        "title": post.title,
        "date": post.date,
        "url": post.url,
        "slug": post.slug,
        "lang": post.lang,
        "description": post.front.description,
        "categories": list(post.categories),
        "tags": list(post.tags),
        "path": post.source.as_posix(),
    }
