"""The theme of a site: its templates, and what they can call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jinja2 import TemplateRuntimeError

from escriba.ground.direction import find_direction
from escriba.ground.errors import suggest
from escriba.ground.language import tr
from escriba.ground.project import Settings
from escriba.ground.reads import Reads
from escriba.site.content.drops import DATA
from escriba.site.incremental.reads import ASSET, BASE, MENU
from escriba.site.links import addresses as links
from escriba.templating.templates import Templates

STRINGS = "strings.yml"
SCRIPTS = ("playground.js", "panel.js")  # of a playground: no site without one has them


@dataclass(frozen=True)
class Page:
    """What a template knows of the page that it makes; `url` is its path within the site.

    A `portable` page is served at any address (404), so its links cannot be relative.
    """

    url: str
    title: str
    description: str
    lang: str
    kind: str = "website"
    portable: bool = False
    listed: bool = True
    written: Mapping[str, Any] = field(default_factory=dict)  # a post's front matter

    def __getitem__(self, key: str) -> Any:
        """What the front matter says, where a template asks for `page.key`. Raises KeyError."""
        return self.written[key]


@dataclass(frozen=True)
class Theme:
    """A theme for one build: its templates, and its assets under fingerprinted names."""

    settings: Settings
    templates: Templates
    assets: Mapping[str, str]  # name → path within the site, which holds the content's digest
    files: Mapping[str, bytes]  # path → bytes of each asset
    reads: Reads
    at: Mapping[str, str]  # the addresses of the pages that every site has, by name
    data: Mapping[str, object] = field(default_factory=dict)  # what the author has in `_data`

    def collect(self, *, scripts: bool) -> dict[str, bytes]:
        """The assets that a site needs, with or without the scripts of playgrounds."""
        left_out = set() if scripts else {self.assets[name][1:] for name in SCRIPTS}
        return {path: data for path, data in self.files.items() if path not in left_out}

    def render(self, template: str, page: Page, **values: Any) -> bytes:
        """The bytes of a page. Raises SourceError with the place of a template's mistake."""
        words = self.templates.strings(STRINGS, page.lang)
        navigation = values.pop("navigation", None)
        self.reads.note(BASE, "*")
        self.reads.note(DATA, "*")
        self.reads.note(MENU, page.lang)
        text = self.templates.render(
            template,
            site=self.settings,
            page=page,
            t=words,
            at=self.at,
            data=self.data,
            menu=navigation.show(page.lang, words) if navigation else (),
            **self._functions(page),
            **values,
        )
        return text.encode()

    def _functions(self, page: Page) -> dict[str, Callable[..., str]]:
        """What the templates of a page can call."""
        settings = self.settings

        def link(path: str) -> str:
            _want("link", path, isinstance(path, str) and path.startswith("/"),
                  tr("a path of this site, which begins with '/'"))  # fmt: skip
            return settings.baseurl + path if page.portable else links.relative(path, page.url)

        def asset(name: str) -> str:
            if name not in self.assets:
                hint = suggest(str(name), self.assets)
                raise TemplateRuntimeError(tr("there is no asset '{name}'{hint}",
                                              name=name, hint=hint))  # fmt: skip
            self.reads.note(ASSET, name)
            return link(self.assets[name])

        def absolute(path: str) -> str:
            _want("absolute", path, isinstance(path, str), tr("a path of this site"))
            return settings.url + settings.baseurl + path

        def date(moment: datetime) -> str:
            _want("date", moment, isinstance(moment, datetime), tr("a date"))
            return format_date(moment, page.lang)

        def language(lang: str) -> str:
            _want("language", lang, isinstance(lang, str), tr("the tag of a language, as es"))
            return name_language(lang)

        def direction(lang: str) -> str:
            _want("direction", lang, isinstance(lang, str), tr("the tag of a language, as es"))
            return find_direction(lang)

        functions = (link, asset, absolute, date, language, direction)
        return {function.__name__: function for function in functions}


def _want(name: str, value: object, fits: bool, wanted: str) -> None:
    """Refuse a value that a template has given to a function."""
    if not fits:
        shown = tr("nothing") if value is None else repr(value)[:80]
        raise TemplateRuntimeError(
            tr("'{name}' takes {wanted}, and was given {value}",
               name=name, wanted=wanted, value=shown)
        )  # fmt: skip


def format_date(moment: datetime, lang: str) -> str:
    """The day in words, in a language; in ISO 8601 for one whose words CLDR does not have."""
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date as babel_format

    day = moment.date()
    try:
        return babel_format(day, "long", locale=Locale.parse(lang, sep="-"))
    except (UnknownLocaleError, ValueError):
        return day.isoformat()


def name_language(lang: str) -> str:
    """A language's name for itself: `es` → español."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(lang, sep="-").get_display_name() or lang
    except (UnknownLocaleError, ValueError):
        return lang
