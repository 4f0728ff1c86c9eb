"""What the pages of a site are made of, and what each of them is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from escriba.article.blocks.panels import Panels
from escriba.ground.project import Settings
from escriba.ground.reads import Reads
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.post import Post
from escriba.site.links.addresses import Addresses
from escriba.site.pages.article import Articles
from escriba.site.pages.navigation import Navigation
from escriba.site.pages.theme import STRINGS, Page, Theme


@dataclass(frozen=True)
class Playgrounds:
    """What a template knows of the playgrounds of a site."""

    _panels: Panels

    @property
    def kernel(self) -> str:
        """The name of the kernel's file."""
        return self._panels.kernel


@dataclass(frozen=True)
class Blog:
    """All that a page can be made of."""

    theme: Theme
    catalogue: Catalogue
    articles: Articles
    navigation: Navigation
    addresses: Addresses
    panels: Panels
    reads: Reads

    @property
    def settings(self) -> Settings:
        return self.theme.settings

    @cached_property
    def words(self) -> Mapping[str, str]:
        """The texts of the theme in the language of the site."""
        return self.theme.templates.strings(STRINGS, self.settings.lang)

    def render(self, template: str, page: Page, **values: Any) -> bytes:
        """A page. Raises SourceError with the place of a template's mistake."""
        return self.theme.render(
            template,
            page,
            articles=self.articles,
            catalogue=self.catalogue,
            panels=Playgrounds(self.panels),
            navigation=self.navigation,
            **values,
        )

    def plain(self, url: str, title: str, **more: Any) -> Page:
        """A page in the language of the site, of which that says what it is."""
        return Page(url, title, self.settings.description, self.settings.lang, **more)


@dataclass(frozen=True)
class Job:
    """A page that is to be made, under an address. `kind` is what fails together; `post` is the
    entry that it shows, if it does; one that is not `listed` is in no site map."""

    url: str
    kind: str
    make: Callable[[], bytes]
    listed: bool = True
    post: Post | None = None
