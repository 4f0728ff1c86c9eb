"""The pages of a site, from the templates of its theme."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from escriba.article import tex
from escriba.article.panels import PLAYGROUND, Panels
from escriba.article.theme import Templates
from escriba.blog import highlight, links, prose
from escriba.blog.catalogue import Catalogue, Group
from escriba.blog.links import Addresses
from escriba.blog.markdown import Heading, Rendered
from escriba.blog.post import Post
from escriba.blog.text import text_of
from escriba.errors import SourceError, suggest
from escriba.files import read_text
from escriba.language import tr
from escriba.project import Settings

HOME, ARCHIVE, TOPICS, NOT_FOUND = "/", "/archive/", "/tags/", "/404.html"
PAGES = (HOME, ARCHIVE, TOPICS, NOT_FOUND)
STRINGS = "strings.yml"
ASSETS = "assets"
SCRIPTS = ("playground.js", "panel.js")  # of a playground: no site without one has them
WORDS_PER_MINUTE = 220
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


@dataclass(frozen=True)
class Theme:
    """A theme for one build: its templates, and its assets under fingerprinted names."""

    settings: Settings
    templates: Templates
    assets: Mapping[str, str]  # name → path within the site, which holds the content's digest
    files: Mapping[str, bytes]  # path → bytes of each asset

    def collect(self, *, scripts: bool) -> dict[str, bytes]:
        """The assets that a site needs, with or without the scripts of playgrounds."""
        left_out = set() if scripts else {self.assets[name][1:] for name in SCRIPTS}
        return {path: data for path, data in self.files.items() if path not in left_out}

    def render(self, template: str, page: Page, **values: Any) -> bytes:
        """The bytes of a page. Raises SourceError with the place of a template's mistake."""
        settings = self.settings

        def link(path: str) -> str:
            return settings.baseurl + path if page.portable else links.relative(path, page.url)

        text = self.templates.render(
            template,
            site=settings,
            page=page,
            t=self.templates.strings(STRINGS, page.lang),
            link=link,
            asset=lambda name: link(self.assets[name]),
            absolute=lambda path: settings.url + settings.baseurl + path,
            date=lambda moment: format_date(moment, page.lang),
            language=name_language,
            **values,
        )
        return text.encode()


def load(settings: Settings, templates: Templates) -> Theme:
    """The theme in the template folders."""
    assets: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for name, data in _read_assets(templates).items():
        stem, _, suffix = name.rpartition(".")
        file = f"{ASSETS}/{stem}.{hashlib.sha256(data).hexdigest()[:10]}.{suffix}"
        assets[name] = f"/{file}"
        files[file] = data
    return Theme(settings, templates, assets, files)


def _read_assets(templates: Templates) -> dict[str, bytes]:
    """Each file of `assets/` by its name, and `style.css`: all the style sheets as one.

    First the colours of code, then what blocks need anywhere, then the theme, which may thus
    overrule both.
    """
    sheets, others = {}, {}
    for folder in reversed(templates.folders):  # a project's own file replaces ours of that name
        for path in sorted((folder / "blocks").glob("*.css")):
            sheets[(0, path.name)] = path
        for path in sorted((folder / ASSETS).iterdir()) if (folder / ASSETS).is_dir() else ():
            if path.suffix == ".css":
                sheets[(1, path.name)] = path
            elif path.is_file() and path.suffix and not path.name.startswith("."):
                others[path.name] = path
    style = [highlight.stylesheet(), tex.stylesheet()]
    style += [read_text(sheets[key]) for key in sorted(sheets)]
    assets = {name: others[name].read_bytes() for name in sorted(others)}
    return {**assets, "style.css": "\n".join(style).encode()}


def article(post: Post, rendered: Rendered, addresses: Addresses) -> Article:
    """A post and its HTML, ready for the pages that show it."""
    source = post.source.as_posix()
    content = links.localise(prose.furnish(rendered.html), addresses, source, post.url)
    words = len(re.findall(r"\w+", text_of(rendered.html)))
    return Article(
        post=post,
        content=Markup(content),
        playground=PLAYGROUND in content,
        headings=rendered.headings,
        summary=post.front.description or _shorten(text_of(rendered.excerpt)),
        minutes=max(1, round(words / WORDS_PER_MINUTE)),
    )


def _shorten(text: str, limit: int = 240) -> str:
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:.—-") + "…"


def pages(
    theme: Theme, catalogue: Catalogue, articles: Mapping[Path, Article], panels: Panels
) -> Iterator[tuple[Page, bytes]]:
    """Every HTML page of the site. `panels` has the files of playgrounds."""
    settings = theme.settings
    t = theme.templates.strings(STRINGS, settings.lang)
    common: dict[str, Any] = {"articles": articles, "catalogue": catalogue, "panels": panels}

    def plain(url: str, title: str, description: str = "", **more: Any) -> Page:
        return Page(url, title, description or settings.description, settings.lang, **more)

    page = plain(HOME, settings.title)
    latest = catalogue.posts[: settings.latest]
    yield page, theme.render("home.html", page, posts=latest, **common)
    for post in catalogue.posts:
        yield _post_page(theme, catalogue, articles[post.source], common)
    page = plain(ARCHIVE, t["archive"])
    yield page, theme.render("archive.html", page, **common)
    if catalogue.tags or catalogue.categories:
        page = plain(TOPICS, t["topics"])
        yield page, theme.render("topics.html", page, **common)
    for kind, groups in (("tag", catalogue.tags), ("category", catalogue.categories)):
        for group in groups:
            yield _group_page(theme, kind, group, common)
    page = plain(NOT_FOUND, t["not_found"], portable=True, listed=False)
    yield page, theme.render("404.html", page, **common)


def _post_page(
    theme: Theme, catalogue: Catalogue, article: Article, common: Mapping[str, Any]
) -> tuple[Page, bytes]:
    post = article.post
    page = Page(
        post.url, post.title, article.summary, post.lang, kind="article", listed=not post.draft
    )
    newer, older = catalogue.neighbours[post.source]
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
    layout = post.front.layout or "post"
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
