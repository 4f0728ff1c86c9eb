"""All that is in a site → its files. No two of them may have one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from escriba.article.blocks.panels import Panels
from escriba.article.context import Context
from escriba.ground.errors import Place
from escriba.ground.language import tr
from escriba.ground.project import NAME, Project
from escriba.ground.reads import once
from escriba.markup.math.formulas import Mathematics
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.claims import Claim, refuse_clashes
from escriba.site.content.converted import Converted
from escriba.site.content.data import read as read_data
from escriba.site.content.memory import Memory
from escriba.site.content.permalink import address, target
from escriba.site.content.static import Shelf
from escriba.site.convert import Converter, convert_entries
from escriba.site.incremental.cache import PAGE, PANEL, Cache
from escriba.site.incremental.packs import Packs
from escriba.site.incremental.reads import ASSET, LINKS, MENU, PLAN, add_content, watch
from escriba.site.links.addresses import Addresses
from escriba.site.links.audit import Audit, Voice, find_voice
from escriba.site.links.layouts import Layouts
from escriba.site.output.contents import Content
from escriba.site.pages import table
from escriba.site.pages.article import Articles
from escriba.site.pages.assets import FOLDER as ASSETS
from escriba.site.pages.assets import read_assets
from escriba.site.pages.blog import Blog, Job
from escriba.site.pages.compose import compose
from escriba.site.pages.navigation import Navigation
from escriba.site.pages.theme import STRINGS, Theme
from escriba.site.targets import find_targets


def assemble(
    catalogue: Catalogue, context: Context, shelf: Shelf, cache: Cache, memory: Memory,
    mathematics: Mathematics,
) -> tuple[dict[str, Content], dict[str, tuple[str, str]]]:  # fmt: skip
    """The files of a site; and of those that are kept, by their names, as what."""
    project, mistakes, packs = context.project, context.mistakes, Packs(context.reads, cache)
    panels = Panels(find=packs.find)
    voice = find_voice(project, catalogue, mistakes)
    theme, addresses = _read_theme(context, catalogue, shelf, voice)
    audit = Audit(project, catalogue, addresses, shelf, voice)
    navigation = Navigation(project, catalogue, audit, table.ADDRESSES)
    refuse_clashes(catalogue.entries, mistakes, _list_claims(catalogue, theme, panels, shelf))

    layouts = Layouts(context.templates, addresses, audit.guesses, voice)
    context.reads.add(LINKS, once(lambda: str(layouts.are_checked)))
    converter = Converter(catalogue, replace(context, panels=panels), mathematics)
    converted = convert_entries(catalogue, context, converter, cache)
    led = find_targets(catalogue, converted, addresses, memory)
    targets = {source.as_posix(): each.targets for source, each in led.items()}
    doubtful = {source: each for source, each in converted.items() if not led[source].sound}
    audit.read(doubtful, targets, converter.read_text)
    audit.check_without_pages(converted, context.templates)
    mistakes.check()
    _fill_panels(panels, converted, context)
    packs.keep(panels.models)

    add_content(context.reads, catalogue, converted, targets)
    articles = Articles(catalogue.entries, converted, targets, context.reads)
    blog = Blog(theme, catalogue, articles, navigation, addresses, panels, context.reads)
    jobs = table.plan(blog)
    _add_pages(context, theme, navigation, jobs)
    composed = compose(jobs, context.reads, cache, mistakes, links=layouts.are_checked)
    mistakes.check()
    audit.check(composed.read)
    layouts.check(composed.links)
    if panels.files or shelf.files:  # the names of which are known only now
        refuse_clashes(catalogue.entries, mistakes, _list_claims(catalogue, theme, panels, shelf))
    mistakes.check()
    return _collect(catalogue, shelf, blog, composed.pages)


def _collect(
    catalogue: Catalogue, shelf: Shelf, blog: Blog, pages: Mapping[str, Content]
) -> tuple[dict[str, Content], dict[str, tuple[str, str]]]:
    """The files, and as what they are kept. An author's own `robots.txt` replaces ours, and a page
    whatever else has its name."""
    machines = table.MACHINES.values()
    files: dict[str, Content] = {url[1:]: pages[url] for url in machines if url in pages}
    for shown, inside in (*catalogue.files.items(), *shelf.files.items()):
        files[inside.as_posix()] = shelf.project.root / shown
    files |= blog.theme.collect(scripts=bool(blog.panels.files))
    files |= {f"{ASSETS}/{name}": data for name, data in blog.panels.files.items()}
    files |= {target(url): page for url, page in pages.items() if url not in machines}
    kept = {f"{ASSETS}/{name}": (PANEL, model) for model, name in blog.panels.models.items()}
    kept |= {url[1:] if url in machines else target(url): (PAGE, url) for url in pages}
    return files, kept


def _read_theme(
    context: Context, catalogue: Catalogue, shelf: Shelf, voice: Voice
) -> tuple[Theme, Addresses]:
    """The theme, and all that is in the site, its assets too."""
    project, templates = context.project, context.templates
    plain = _list_addresses(project, catalogue, {}, shelf)
    assets = read_assets(templates, plain, voice.tell)
    data: Mapping[str, object] = {}
    with context.mistakes.collect():
        data = read_data(project)
    at = table.ADDRESSES
    theme = Theme(project.settings, templates, assets.paths, assets.files, context.reads, at, data)
    return theme, _list_addresses(project, catalogue, assets.paths, shelf)


def _fill_panels(panels: Panels, converted: Mapping[Path, Converted], context: Context) -> None:
    """The files of all playgrounds."""
    for source, each in converted.items():
        for name in each.models:
            panels.add(context.library.get(name, Place(source)))
    if panels.files:
        assert panels.kernel


def _add_pages(context: Context, theme: Theme, navigation: Navigation, jobs: list[Job]) -> None:
    """What pages are made of besides entries."""

    def menu(lang: str) -> str:
        return repr(navigation.show(lang, theme.templates.strings(STRINGS, lang)))

    plan = [(job.url, job.listed, job.post and job.post.source) for job in jobs]
    context.reads.add(MENU, menu)
    context.reads.add(ASSET, lambda name: theme.assets.get(name, ""))
    context.reads.add(PLAN, once(lambda: repr(plan)))
    context.templates.environment.watched.update(watch(context.reads))


def _list_addresses(
    project: Project, catalogue: Catalogue, assets: Mapping[str, str], shelf: Shelf
) -> Addresses:
    sources = catalogue.addresses
    known = frozenset([*sources.values(), *_own(project, catalogue), *assets.values()])
    settings = project.settings
    return Addresses(settings.url, settings.baseurl, known, sources, shelf.publish)


def _own(project: Project, catalogue: Catalogue) -> list[str]:
    """The addresses of what a site has besides posts, pages and files."""
    groups = [group.url for group in (*catalogue.tags, *catalogue.categories)]
    pages = [url for url in table.READ.values() if url != table.READ["topics"] or groups]
    machines = table.MACHINES.values() if project.settings.url else ()
    return [*pages, *machines, *groups]


def _list_claims(
    catalogue: Catalogue, theme: Theme, panels: Panels, shelf: Shelf
) -> Iterator[Claim]:
    """Who wants which file besides entries: what every site has, then pages of topics, files."""
    every, nowhere = tr("a page that every site has"), Place(Path(NAME))
    machines = dict(table.MACHINES)
    if Path(machines["robots"][1:]) in catalogue.files.values():  # an author's own replaces ours
        del machines["robots"]
    assets = [*theme.assets.values(), *(f"/{ASSETS}/{name}" for name in panels.files)]
    for url in table.READ.values():
        yield Claim(target(url), url, every, nowhere, "")
    for url in dict.fromkeys([*machines.values(), *assets]):
        yield Claim(url[1:], url, every, nowhere, "")
    for group in (*catalogue.categories, *catalogue.tags):
        owner, remedy = tr("the page of '{name}'", name=group.name), tr("choose another name")
        yield Claim(target(group.url), group.url, owner, group.place, remedy)
    for shown, inside in {**catalogue.files, **shelf.files}.items():
        name, place, remedy = inside.as_posix(), Place(shown), tr("rename it")
        yield Claim(name, address(name), shown.as_posix(), place, remedy, file=True)
