"""The pages of a site, from the templates of its theme."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import TemplateRuntimeError
from markupsafe import Markup

from escriba.article.blocks.panels import PLAYGROUND, Panels
from escriba.ground.direction import find_direction
from escriba.ground.errors import SourceError, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.markup.html import prose
from escriba.markup.html.summary import summarise
from escriba.markup.html.text import prose_of
from escriba.markup.markdown import Heading, Rendered
from escriba.site.content.catalogue import Catalogue, Group
from escriba.site.content.page import PageMatter
from escriba.site.content.post import Post
from escriba.site.links import addresses as links
from escriba.site.links.addresses import Addresses
from escriba.site.pages.assets import Tell, read_assets
from escriba.site.pages.navigation import Navigation
from escriba.templating.templates import Templates

HOME, ARCHIVE, TOPICS, NOT_FOUND = "/", "/archive/", "/tags/", "/404.html"
PAGES = (HOME, ARCHIVE, TOPICS, NOT_FOUND)
STRINGS = "strings.yml"
SCRIPTS = ("playground.js", "panel.js")  # of a playground: no site without one has them
WORDS_PER_MINUTE = 220
FAILED = 5  # pages of a kind that may fail before the others of it are left undone
TOC_HEADINGS = 4  # from so many headings on, a post has a table of contents


@dataclass(frozen=True)
class Article:
    """A rendered post; the links in its `content` are relative to its page. A `playground` in it
    needs a script."""

    post: Post
    content: Markup
    playground: bool
    headings: tuple[Heading, ...]
    summary: str
    minutes: int


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
    data: Mapping[str, object] = field(default_factory=dict)  # what the author has in `_data`

    def collect(self, *, scripts: bool) -> dict[str, bytes]:
        """The assets that a site needs, with or without the scripts of playgrounds."""
        left_out = set() if scripts else {self.assets[name][1:] for name in SCRIPTS}
        return {path: data for path, data in self.files.items() if path not in left_out}

    def render(self, template: str, page: Page, **values: Any) -> bytes:
        """The bytes of a page. Raises SourceError with the place of a template's mistake."""
        words = self.templates.strings(STRINGS, page.lang)
        navigation = values.pop("navigation", None)
        text = self.templates.render(
            template,
            site=self.settings,
            page=page,
            t=words,
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


@dataclass(frozen=True)
class Playgrounds:
    """What a template knows of the playgrounds of a site."""

    _panels: Panels

    @property
    def kernel(self) -> str:
        """The name of the kernel's file."""
        return self._panels.kernel


def load(project: Project, templates: Templates, addresses: Addresses, tell: Tell) -> Theme:
    """The theme in the template folders. `addresses` are those that its style sheets can name, and
    `tell` hears of what they name that is not there."""
    found = read_assets(templates, addresses, tell)
    return Theme(project.settings, templates, found.paths, found.files)


def article(post: Post, rendered: Rendered, addresses: Addresses) -> Article:
    """A post and its HTML, ready for the pages that show it."""
    source = post.source.as_posix()
    content = links.localise(prose.furnish(rendered.html), addresses, source, post.url)
    words = len(re.findall(r"\w+", prose_of(rendered.html)))
    return Article(
        post=post,
        content=Markup(content),
        playground=PLAYGROUND in content,
        headings=rendered.headings,
        summary=post.front.description or summarise(rendered.html),
        minutes=max(1, round(words / WORDS_PER_MINUTE)),
    )


def pages(
    theme: Theme,
    catalogue: Catalogue,
    articles: Mapping[Path, Article],
    panels: Panels,
    navigation: Navigation,
) -> Iterator[tuple[Page, bytes]]:
    """Every HTML page of the site. `panels` has the files of playgrounds.

    Raises SourceError with what is wrong in any of the templates.
    """
    mistakes = Mistakes()
    failed: Counter[str] = Counter()
    for kind, make in _plan(theme, catalogue, articles, panels, navigation):
        if failed[kind] >= FAILED:
            continue
        before = len(mistakes.errors)
        with mistakes.collect():
            yield make()
        failed[kind] += len(mistakes.errors) - before
    mistakes.check()


def _plan(
    theme: Theme,
    catalogue: Catalogue,
    articles: Mapping[Path, Article],
    panels: Panels,
    navigation: Navigation,
) -> Iterator[tuple[str, Callable[[], tuple[Page, bytes]]]]:
    """Every page: its kind, and what makes it."""
    settings = theme.settings
    t = theme.templates.strings(STRINGS, settings.lang)
    common: dict[str, Any] = {
        "articles": articles,
        "catalogue": catalogue,
        "panels": Playgrounds(panels),
        "navigation": navigation,
    }

    def plain(
        template: str, url: str, title: str, values: Mapping[str, Any] = common, **more: Any
    ) -> tuple[str, Callable[[], tuple[Page, bytes]]]:
        page = Page(url, title, settings.description, settings.lang, **more)
        return template, lambda: (page, theme.render(template, page, **values))

    latest = catalogue.posts[: settings.latest]
    yield plain("home.html", HOME, settings.title, {**common, "posts": latest})
    for post in catalogue.entries:
        yield post.layout, partial(_post_page, theme, catalogue, articles[post.source], common)
    yield plain("archive.html", ARCHIVE, t["archive"])
    if catalogue.tags or catalogue.categories:
        yield plain("topics.html", TOPICS, t["topics"])
    for kind, groups in (("tag", catalogue.tags), ("category", catalogue.categories)):
        for group in groups:
            yield "group", partial(_group_page, theme, kind, group, common)
    yield plain("404.html", NOT_FOUND, t["not_found"], portable=True, listed=False)


def _post_page(
    theme: Theme, catalogue: Catalogue, article: Article, common: Mapping[str, Any]
) -> tuple[Page, bytes]:
    post = article.post
    page = Page(
        post.url, post.title, article.summary, post.lang,
        kind="website" if isinstance(post.front, PageMatter) else "article",
        listed=not post.draft, written=post.written,
    )  # fmt: skip
    newer, older = catalogue.neighbours.get(post.source, (None, None))
    wanted = post.front.toc
    if wanted is None:
        wanted = len(article.headings) >= TOC_HEADINGS
    html = theme.render(
        _layout(theme, post),
        page,
        article=article,
        post=post,
        contents=_outline(article.headings) if wanted else (),
        translations=catalogue.translations.get(post.source, ()),
        newer=newer,
        older=older,
        topics=catalogue.topics.get(post.source, ()),
        **common,
    )
    return page, html


def _layout(theme: Theme, post: Post) -> str:
    layout = post.front.layout or post.layout
    name = f"{layout}.html"
    if not re.fullmatch(r"[\w-]+", layout) or theme.templates.find(name) is None:
        known = [p.stem for f in theme.templates.folders for p in f.glob("*.html")]
        raise SourceError(
            tr("there is no layout '{layout}'{hint}", layout=layout, hint=suggest(layout, known)),
            post.place("layout"),
        )
    return name


def _group_page(
    theme: Theme, kind: str, group: Group, common: Mapping[str, Any]
) -> tuple[Page, bytes]:
    t = theme.templates.strings(STRINGS, theme.settings.lang)
    title = t[f"posts_of_{kind}"].format(name=group.name)
    page = Page(group.url, title, title, theme.settings.lang)
    return page, theme.render("group.html", page, group=group, **common)


def _outline(headings: tuple[Heading, ...]) -> list[tuple[Heading, list[Heading]]]:
    """The two topmost levels of headings, the lower under the upper."""
    if not headings:
        return []
    top = min(h.level for h in headings)
    outline: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == top or not outline:
            outline.append((heading, []))
        elif heading.level == top + 1:
            outline[-1][1].append(heading)
    return outline


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
