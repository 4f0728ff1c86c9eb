"""The links at the top of every page: those that `nav` of escriba.yml lists; else the archive, the
topics, and the pages of the first level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from escriba.ground.errors import Place, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.page import PageMatter
from escriba.site.content.post import Post
from escriba.site.links.addresses import leads_elsewhere
from escriba.site.links.audit import Audit

TITLED = ("archive", "topics")  # pages with a title of the theme's words


@dataclass(frozen=True)
class Item:
    """A link of the navigation. `url` is a path of the site or, `outside` of it, an address; `lang`
    is that of the title where the page has another."""

    title: str
    url: str
    outside: bool = False
    lang: str = ""


@dataclass(frozen=True)
class _Choice:
    """What an item of `nav` names: a page, or an address; a title of its own wins."""

    title: str
    url: str
    page: Post | None = None


class Navigation:
    """The navigation of a site. What `nav` names and is not there is told as other links are."""

    def __init__(self, project: Project, catalogue: Catalogue, audit: Audit, at: Mapping[str, str]):
        """`at` are the addresses of the pages that every site has, by name."""
        self._own = {name: at[name] for name in TITLED}
        self._catalogue, self._audit = catalogue, audit
        self._lang = project.settings.lang
        self._folder = project.shown(project.pages)
        self._by_name = {
            name: page for page in reversed(catalogue.pages) for name in self._list_names(page)
        }
        self._choices = self._choose(project)

    def show(self, lang: str, words: Mapping[str, str]) -> tuple[Item, ...]:
        """The items for a page in a language, of which these are the theme's words.

        A page that has a translation into the language gives way to it.
        """
        if self._choices is None:
            topics = bool(self._catalogue.tags or self._catalogue.categories)
            names = ("archive", "topics") if topics else ("archive",)
            own = (Item(words[name], self._own[name]) for name in names)
            return (*own, *(self._item(page, lang) for page in self._list_pages(lang)))
        titles = {url: words[name] for name, url in self._own.items()}
        return tuple(
            self._item(self._translate(choice.page, lang), lang, choice.title)
            if choice.page
            else Item(choice.title or titles[choice.url], choice.url, leads_elsewhere(choice.url))
            for choice in self._choices
        )

    def _list_pages(self, lang: str) -> list[Post]:
        """The pages that a navigation has if nobody says which, in their order."""
        pages = [page for page in self._catalogue.pages if self._is_listed(page)]
        shown = {page.source: page for page in (self._translate(page, lang) for page in pages)}
        return sorted(shown.values(), key=_order)

    def _is_listed(self, page: Post) -> bool:
        assert isinstance(page.front, PageMatter)
        inside = page.source.relative_to(self._folder).with_suffix("").parts
        first = len(inside) == 1 or (len(inside) == 2 and inside[1] == "index")
        return page.front.nav is not False and (first or page.front.nav_order is not None)

    def _translate(self, page: Post, lang: str) -> Post:
        """The page in a language; else in that of the site; else as it is."""
        all_ = (page, *self._catalogue.translations.get(page.source, ()))
        near = (each for wanted in (lang, self._lang) for each in all_ if each.lang == wanted)
        return next(near, page)

    def _item(self, page: Post, lang: str, title: str = "") -> Item:
        named = page.front.nav if isinstance(page.front, PageMatter) else True
        own = named if isinstance(named, str) else page.title
        foreign = "" if title or page.lang == lang else page.lang
        return Item(title or own, page.url, lang=foreign)

    def _list_names(self, page: Post) -> Iterator[str]:
        inside = page.source.relative_to(self._folder)
        yield from (page.slug, inside.with_suffix("").as_posix(), inside.as_posix())
        yield page.source.as_posix()

    def _choose(self, project: Project) -> tuple[_Choice, ...] | None:
        if project.settings.nav is None:
            return None
        choices = []
        for number, item in enumerate(project.settings.nav):
            place = project.places.get(f"nav[{number}]") or project.place("nav")
            title, link = ("", item) if isinstance(item, str) else (item.title, item.link)
            if choice := self._find(title, link.strip(), place):
                choices.append(choice)
        return tuple(choices)

    def _find(self, title: str, link: str, place: Place) -> _Choice | None:
        if page := self._by_name.get(link):
            return _Choice(title, page.url, page)
        if link in self._own:
            return _Choice(title, self._own[link])
        if title and leads_elsewhere(link):
            return _Choice(title, link)
        found = hint = None
        if title and link.startswith("/"):
            found, hint = self._audit.find(link)
        if found:
            return _Choice(title, found)
        if hint is None:
            hint = suggest(link, [*self._own, *self._by_name], [*self._own, *self._list_short()])
        message = tr("'nav' names '{link}', which is no page{hint}", link=shorten(link), hint=hint)
        self._audit.voice.tell(message, place)
        return _Choice(title, link) if title else None

    def _list_short(self) -> Iterator[str]:
        for page in self._catalogue.pages:
            yield page.source.relative_to(self._folder).with_suffix("").as_posix()


def _order(page: Post) -> tuple[bool, float, str, Path]:
    assert isinstance(page.front, PageMatter)
    order = page.front.nav_order
    return order is None, order or 0.0, page.title.casefold(), page.source
