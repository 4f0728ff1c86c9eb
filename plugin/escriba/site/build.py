"""A folder of posts → a site.

No wall clock, locale, environment or absolute path enters a page: the same input gives the same
bytes everywhere. All mistakes of all posts are reported together, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.article.blocks.panels import Panels
from escriba.article.context import Context, open_context
from escriba.ground.errors import Place, Problem
from escriba.ground.language import plural, tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.progress import Report
from escriba.ground.project import INCLUDES as INCLUDES
from escriba.ground.project import NAME, Project
from escriba.markup.markdown import Rendered
from escriba.site.content import catalogue as catalogues
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.claims import Claim, claim_post, refuse_clashes
from escriba.site.content.data import read as read_data
from escriba.site.content.permalink import address, target
from escriba.site.content.static import Shelf
from escriba.site.convert import Asked, Converter
from escriba.site.links.addresses import Addresses
from escriba.site.links.audit import Audit, find_voice
from escriba.site.links.layouts import Layouts
from escriba.site.output import write as disk
from escriba.site.output.contents import Content
from escriba.site.pages import feeds
from escriba.site.pages import pages as theme
from escriba.site.pages.assets import FOLDER as ASSETS
from escriba.site.pages.navigation import Navigation
from escriba.site.pages.pages import Theme
from escriba.site.territory import admit_output


@dataclass(frozen=True)
class Result:
    """What a build did: posts shown, files written, left alone, and removed; and what it has to
    say of the posts."""

    posts: int
    written: int
    unchanged: int
    removed: int
    warnings: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        files = tr(
            "files: {written} written, {unchanged} unchanged, {removed} removed",
            written=self.written, unchanged=self.unchanged, removed=self.removed,
        )  # fmt: skip
        posts = plural("{number} post", "{number} posts", self.posts)
        return f"{posts}; {files}"


@dataclass(frozen=True)
class Site:
    """A rendered site: path of each file, relative to the site, → its bytes, or the file that it is
    a copy of; `escriba.site.output.contents.read` reads either. `warnings` are what its author
    should know.
    """

    posts: int
    files: Mapping[str, Content]
    warnings: tuple[Problem, ...] = ()


def build(
    project: Project,
    *,
    frozen: bool = False,
    drafts: bool = False,
    unpublished: bool = False,
    output: Path | None = None,
    report: Report | None = None,
    say: Say = silence,
) -> Result:
    """Build the site into its output folder, or leave that as it was and raise.

    With `frozen` nothing is sampled: a sample that is not frozen is an error. `report` is told
    how much is sampled, `say` for whom this waits: only one at a time is at work in a project.
    Raises SourceError, ModelError or FrozenError, with every mistake in every post.
    """
    folder = output or project.output
    shown = project.shown(folder)
    admit_output(project, folder, Place(shown) if output else project.place("output"))
    with hold_project(project, say):
        disk.recover(folder, shown, say)
        context = open_context(project, frozen=frozen, locked=True, report=report)
        site = render(project, context, drafts=drafts, unpublished=unpublished)
        changes = disk.write(site.files, folder, shown, root=project.root, say=say)
    counts = changes.written, changes.unchanged, changes.removed
    return Result(site.posts, *counts, site.warnings)


def render(
    project: Project,
    context: Context,
    *,
    drafts: bool,
    unpublished: bool,
    asked: set[Path] | None = None,
) -> Site:
    """The whole site in memory. Raises like `build`, with every mistake found. `asked` becomes the
    files outside of all folders of the site that were looked for."""
    mistakes, templates = context.mistakes, context.templates
    catalogue = catalogues.read(project, mistakes, drafts=drafts, unpublished=unpublished)
    shelf = Shelf(project, asked=asked if asked is not None else set())
    voice = find_voice(project, catalogue, mistakes)
    plain = _addresses(project, catalogue, {}, shelf)
    look = theme.load(project, templates, plain, voice.tell)
    addresses = _addresses(project, catalogue, look.assets, shelf)
    with mistakes.collect():
        look = replace(look, data=read_data(project))
    audit = Audit(project, catalogue, addresses, shelf, voice)
    navigation = Navigation(project, catalogue, audit)
    panels = Panels()
    refuse_clashes(_list_claims(project, catalogue, look, panels, shelf), mistakes)

    rendered = render_entries(project, catalogue, replace(context, panels=panels))
    audit.read(rendered)
    audit.check_without_pages(rendered, templates)
    mistakes.check()
    articles = {
        p.source: theme.article(p, rendered[p.source], addresses) for p in catalogue.entries
    }
    pages = list(theme.pages(look, catalogue, articles, panels, navigation))
    made = {page.url: data for page, data in pages}
    audit.check(made)
    Layouts(templates, addresses, audit.guesses, voice).check(made.items())
    if panels.files or shelf.files:  # the names of which are known only now
        refuse_clashes(_list_claims(project, catalogue, look, panels, shelf), mistakes)
    mistakes.check()
    files: dict[str, Content] = {}
    files |= feeds.feeds(look, catalogue, articles, addresses, [page for page, _ in pages])
    for shown, inside in (*catalogue.files.items(), *shelf.files.items()):
        files[inside.as_posix()] = project.root / shown
    files |= look.collect(scripts=bool(panels.files))
    files |= {f"{ASSETS}/{name}": data for name, data in panels.files.items()}
    files |= {target(page.url): data for page, data in pages}
    return Site(len(catalogue.posts), files, mistakes.sorted_warnings())


def render_entries(
    project: Project, catalogue: Catalogue, context: Context
) -> dict[Path, Rendered]:
    """The HTML of every entry, by its `source`; what is wrong in any of them is collected.

    All that they ask is known before anything is answered, and answered together. What lacks no
    answer is converted first: so a mistake in it is found before somebody waits for the others.
    """
    mistakes, answers = context.mistakes, context.answers
    converter = Converter(project, catalogue, context)
    asked = converter.ask(catalogue.entries)
    missing = answers.find([use for each in asked for use in each.uses], mistakes)
    waiting = {use.place.path for use in missing}
    rendered: dict[Path, Rendered] = {}

    def convert(chosen: Iterable[Asked]) -> None:
        for each in chosen:
            with mistakes.collect(Place(each.entry.source)):
                rendered[each.entry.source] = converter.convert(each)

    convert(each for each in asked if each.entry.source not in waiting)
    if missing and not mistakes.errors:
        with mistakes.collect():
            answers.make(missing)
    convert(each for each in asked if each.entry.source in waiting)
    return {e.source: rendered[e.source] for e in catalogue.entries if e.source in rendered}


def _addresses(
    project: Project, catalogue: Catalogue, assets: Mapping[str, str], shelf: Shelf
) -> Addresses:
    sources = catalogue.addresses
    known = frozenset([*sources.values(), *_own(project, catalogue), *assets.values()])
    settings = project.settings
    return Addresses(settings.url, settings.baseurl, known, sources, shelf.publish)


def _own(project: Project, catalogue: Catalogue) -> list[str]:
    """The addresses of what a site has besides posts, pages and files."""
    groups = [group.url for group in (*catalogue.tags, *catalogue.categories)]
    pages = [url for url in theme.PAGES if url != theme.TOPICS or groups]
    machines = [feeds.FEED, feeds.SITEMAP, feeds.ROBOTS] if project.settings.url else []
    return [*pages, *machines, *groups]


def _list_claims(
    project: Project, catalogue: Catalogue, look: Theme, panels: Panels, shelf: Shelf
) -> Iterator[Claim]:
    """Who wants which file: first what every site has, then pages of topics, files, posts."""
    every, nowhere = tr("a page that every site has"), Place(Path(NAME))
    machines = [feeds.FEED, feeds.SITEMAP]
    if Path(feeds.ROBOTS[1:]) not in catalogue.files.values():  # an author's own replaces ours
        machines.append(feeds.ROBOTS)
    assets = [*look.assets.values(), *(f"/{ASSETS}/{name}" for name in panels.files)]
    for url in theme.PAGES:
        yield Claim(target(url), url, every, nowhere, "")
    for url in dict.fromkeys([*machines, *assets]):
        yield Claim(url[1:], url, every, nowhere, "")
    for group in (*catalogue.categories, *catalogue.tags):
        owner, remedy = tr("the page of '{name}'", name=group.name), tr("choose another name")
        yield Claim(target(group.url), group.url, owner, group.place, remedy)
    for shown, inside in {**catalogue.files, **shelf.files}.items():
        name, place, remedy = inside.as_posix(), Place(shown), tr("rename it")
        yield Claim(name, address(name), shown.as_posix(), place, remedy, file=True)
    for post in sorted(catalogue.entries, key=lambda post: post.source.as_posix()):
        yield claim_post(post)
