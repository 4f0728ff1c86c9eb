"""Whether all that posts and pages lead to is there: pages, anchors, images, files.

What is of another site is never asked. What becomes of a link that leads nowhere, `links` of
escriba.yml says: an error, a warning, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from escriba.ground import files
from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import NAME, Project
from escriba.markup.html import tags as hypertext
from escriba.markup.html.tags import Reference
from escriba.markup.markdown import Text
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.converted import Converted
from escriba.site.content.post import Post
from escriba.site.content.static import Shelf
from escriba.site.links.addresses import Addresses, cut, leads_elsewhere
from escriba.site.links.guesses import Guesses
from escriba.templating.templates import Templates

_ID = re.compile(r"""\b(?:id|name)\s*=\s*(?:"([^"]+)"|'([^']+)')""")
_WRITTEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)  # what a template works out
_FORMS = frozenset({"action", "formaction"})  # what answers these need not be a file
Targets = Mapping[str, Mapping[str, str]]  # of an entry's source, and of an address in it
Names = Callable[[str], Set[str] | None]  # of a page's address → its anchors; None: not known


@dataclass(frozen=True)
class _Use:
    """A reference of an entry."""

    entry: Post
    reference: Reference

    @property
    def link(self) -> str:
        return self.reference.address.strip()


@dataclass(frozen=True)
class _Anchor:
    """A use of a name in a page of the site."""

    use: _Use
    url: str
    name: str


@dataclass(frozen=True)
class Voice:
    """Says of a link that it leads nowhere, as loudly as the settings want it."""

    mode: str
    mistakes: Mistakes

    def tell(self, message: str, place: Place) -> None:
        if self.mode == "error":
            self.mistakes.add(SourceError(message, place))
        elif self.mode == "warn":
            self.mistakes.warn(Problem(message, place))


def find_voice(project: Project, catalogue: Catalogue, mistakes: Mistakes) -> Voice:
    """What is said in a project: nothing if it could not be read whole, since then nobody knows
    what is in the site."""
    return Voice(project.links if catalogue.whole else "ignore", mistakes)


class Audit:
    """Reads what was rendered, and tells what leads nowhere."""

    def __init__(
        self, project: Project, catalogue: Catalogue, addresses: Addresses, shelf: Shelf,
        voice: Voice,
    ):  # fmt: skip
        self._catalogue, self._addresses = catalogue, addresses
        self.voice = voice
        self._root = project.root
        self.guesses = Guesses(project, catalogue, addresses, shelf)
        self._targets: Targets = {}
        self._read_text: Callable[[Post], Text]
        self._texts: dict[Path, Text] = {}
        self._includes: dict[Path, list[str]] = {}
        self._anchors: list[_Anchor] = []

    def find(self, link: str) -> tuple[str | None, str]:
        """The address that a link of the settings means, None if it leads nowhere; and a hint."""
        found = self._addresses.resolve(link, NAME)
        return found, "" if found else self.guesses.explain(link, NAME, None)

    def read(
        self,
        converted: Mapping[Path, Converted],
        targets: Targets,
        read_text: Callable[[Post], Text],
    ) -> None:
        """Look at all links of posts and pages, of which it is known what they lead to; at their
        anchors only when `check` comes. `read_text` gives the text that one was made of."""
        if self.voice.mode == "ignore":
            return
        self._targets, self._read_text = targets, read_text
        for entry in self._catalogue.entries:
            if entry.source in converted and converted[entry.source].whole:
                self._read_entry(entry, converted[entry.source])

    def check(self, read_page: Callable[[str], bytes | None]) -> None:
        """Look at the anchors, given the pages of the site by their addresses."""
        known: dict[str, frozenset[str] | None] = {}

        def names(url: str) -> Set[str] | None:
            if url not in known:
                page = read_page(url)
                known[url] = None if page is None else _list_names(page.decode())
            return known[url]

        self._check_anchors(names)

    def check_without_pages(
        self, converted: Mapping[Path, Converted], templates: Templates
    ) -> None:
        """Look at the anchors if there are mistakes, so that no page will be made."""
        if not self.voice.mistakes.errors:
            return
        html = {e.url: converted[e.source].html for e in self._catalogue.entries
                if e.source in converted}  # fmt: skip
        known: dict[str, frozenset[str]] = {}
        layouts = [re.compile(each) for each in _list_ids(templates)] if self._anchors else []

        def names(url: str) -> Set[str] | None:
            if url not in known and url in html:
                known[url] = frozenset(hypertext.find_names(html[url]))
            return known.get(url)

        self._anchors = [
            each for each in self._anchors if not any(id_.fullmatch(each.name) for id_ in layouts)
        ]
        self._check_anchors(names)

    def _read_entry(self, entry: Post, converted: Converted) -> None:
        broken: list[_Use] = []
        for reference in converted.references:
            use = _Use(entry, reference)
            if reference.attribute not in _FORMS and not self._leads(use):
                broken.append(use)
        for use in broken:
            self._tell_broken(use)

    def _leads(self, use: _Use) -> bool:
        """Whether a reference leads somewhere; its anchor is kept for later."""
        entry, link = use.entry, use.link
        if link.startswith("#"):
            if use.reference.attribute != "url()":
                self._keep(use, entry.url, link[1:])
            return True
        if leads_elsewhere(link) or not cut(link)[0]:
            return True
        found = self._targets[entry.source.as_posix()].get(use.reference.address)
        if found is not None:
            url, rest = cut(found)
            self._keep(use, url, rest.partition("#")[2])
        return found is not None

    def _keep(self, use: _Use, url: str, name: str) -> None:
        # `#` and `#top` are the top of any page; `#:~:` asks the browser to look for a text.
        name = name.partition(":~:")[0]
        if name and name.lower() != "top":
            self._anchors.append(_Anchor(use, url, name))

    def _check_anchors(self, names: Names) -> None:
        for anchor in self._anchors:
            there = names(anchor.url)
            if there is None or anchor.name in there or unquote(anchor.name) in there:
                continue
            name, hint = unquote(anchor.name), self.guesses.near(unquote(anchor.name), there)
            if anchor.use.entry.url == anchor.url:
                message = tr("no '#{name}' in this page{hint}", name=shorten(name), hint=hint)
            else:
                message = tr("no '#{name}' in the page {url}{hint}",
                             name=shorten(name), url=shorten(anchor.url), hint=hint)  # fmt: skip
            self.voice.tell(message, self._locate(anchor.use))

    def _tell_broken(self, use: _Use) -> None:
        entry = use.entry
        hint = self.guesses.explain(use.link, entry.source.as_posix(), entry.url)
        self.voice.tell(self.guesses.name(use.link, use.reference) + hint, self._locate(use))

    def _locate(self, use: _Use) -> Place:
        """Where the author wrote a reference; else where the post begins."""
        entry = use.entry
        if use.reference.at < 0:
            return Place(entry.source, entry.first_line)
        if entry.source not in self._texts:
            self._texts[entry.source] = self._read_text(entry)
        text = self._texts[entry.source]
        found = text.place(use.reference.at)
        origin, outer = text.origin(found), text.locate(found)
        if origin == outer or self._has(origin, use.link):
            return origin
        return _find_given(entry, outer, use.link)

    def _has(self, place: Place, link: str) -> bool:
        """Whether an include has an address at a place, and not a name that stands for it."""
        if place.path not in self._includes:
            text = files.read_text(self._root / place.path, place.path)
            self._includes[place.path] = text.split("\n")
        line = self._includes[place.path][place.line - 1]
        return line.startswith(link, place.column - 1)


def _find_given(entry: Post, tag: Place, link: str) -> Place:
    """Where a tag of Liquid gives an include the address; else where the tag is."""
    lines = entry.body.split("\n")[tag.line - entry.first_line :]
    text = "\n".join([lines[0][tag.column - 1 :], *lines[1:]])
    at = text.partition("%}")[0].find(link)
    if at < 0:
        return tag
    line, before = text.count("\n", 0, at), at - text.rfind("\n", 0, at)
    return tag.moved(line, before if line else tag.column + at)


def _list_names(html: str) -> frozenset[str]:
    return frozenset(hypertext.find_names(html))


def _list_ids(templates: Templates) -> Iterable[str]:
    """The ids that the layouts of pages may write, as expressions."""
    for folder in templates.folders:
        for path in sorted(folder.glob("*.html")):
            text = files.read_text(templates.admit(path), templates.shown(path))
            for match in _ID.finditer(_WRITTEN.sub("\0", text)):
                yield re.sub("\0+", ".*", re.escape(match[1] or match[2]).replace("\\\0", "\0"))
