"""What may have been meant by a link that leads nowhere."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from escriba.ground import files
from escriba.ground.errors import LONGEST, shorten
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.markup.html.tags import Reference
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.post import SUFFIXES, Post
from escriba.site.content.static import Shelf
from escriba.site.links.addresses import Addresses, cut

MOST = 50  # links for which names like theirs are looked for: it takes time with the site's size
_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".bmp", ".ico"})
_DATE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}-")
_DOMAIN = re.compile(r"(?:www\.[\w-]+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|io|dev))\b", re.I)


class Guesses:
    """Questions about the links of a site."""

    def __init__(self, project: Project, catalogue: Catalogue, addresses: Addresses, shelf: Shelf):
        self._project, self._catalogue = project, catalogue
        self._addresses, self._shelf = addresses, shelf
        self._asked = 0
        self._known: dict[tuple[str, str, str | None], str] = {}

    def name(self, link: str, reference: Reference) -> str:
        """What is not there."""
        shown, suffix = shorten(link), PurePosixPath(unquote(cut(link)[0])).suffix.lower()
        if suffix in _IMAGES or reference.element in ("img", "image", "picture"):
            return tr("no image '{link}'", link=shown)
        if suffix in SUFFIXES:
            return tr("no post and no page '{link}'", link=shown)
        if suffix and suffix not in (".html", ".htm"):
            return tr("no file '{link}'", link=shown)
        return tr("no page '{link}'", link=shown)

    def explain(self, link: str, source: str, page: str | None) -> str:
        """What follows the sentence that there is no such thing."""
        # Many posts may have the same link, which means the same in all of them.
        key = (link, "", None) if link.startswith("/") else (link, source, page)
        if key not in self._known:
            self._known[key] = self._explain(link, source, page)
        return self._known[key]

    def _explain(self, link: str, source: str, page: str | None) -> str:
        path = unquote(cut(link)[0])
        meant = [each.removeprefix("/") for each in self._addresses.list_paths(path, source, page)]
        for name in meant:
            if hidden := self._find_hidden(name):
                return tr(": {path} is left out, since it is a draft or not published", path=hidden)
            if reason := self._shelf.refused.get(name):
                return tr(": '{path}' is there, and not published: {reason}",
                          path=name, reason=reason)  # fmt: skip
        if path.startswith("/") and (beside := self._find_jekyll(meant)):
            return tr(" (a page is in {folder}/, and {path} is not; move it there)",
                      folder=self._project.settings.pages.as_posix(), path=beside)  # fmt: skip
        if _DOMAIN.match(path):
            return " " + tr("(did you mean '{name}'?)", name=shorten(f"https://{link}"))
        names = self._names if path.startswith("/") else self._list_beside(source)
        return self.near(path, names, self._find_namesake(path, source))

    def near(self, word: str, names: Iterable[str], likely: str | None = None) -> str:
        """`" (did you mean 'x'?)"`, or nothing if no name is like the word; one is `likely`."""
        self._asked += 1
        if self._asked > MOST:
            return ""
        names, folded = list(names), word.lower()
        if same := next((name for name in names if name.lower() == folded), None):
            return " " + tr("(it is '{name}': capital letters count)", name=same)
        found = [likely] if likely else difflib.get_close_matches(word[:LONGEST], names, 3, 0.7)
        # The same date or folder does not make two names alike.
        found = [name for name in found if likely or _is_like(_name(word), _name(name))]
        return " " + tr("(did you mean '{name}'?)", name=found[0]) if found else ""

    def _find_namesake(self, path: str, source: str) -> str | None:
        """The post or page of that name, under another date or in another folder."""
        entry = self._slugs.get(_name(path))
        if entry is None or entry.source.as_posix() == source:
            return None
        if path.startswith("/") or PurePosixPath(path).suffix.lower() not in SUFFIXES:
            return unquote(entry.url)
        return posixpath.relpath(entry.source.as_posix(), posixpath.dirname(source) or ".")

    @cached_property
    def _slugs(self) -> dict[str, Post]:
        return {_name(entry.source.as_posix()): entry for entry in self._catalogue.entries[::-1]}

    @cached_property
    def _names(self) -> list[str]:
        return sorted(map(unquote, self._addresses.known))

    def _list_beside(self, source: str) -> Iterator[str]:
        """What a link in a source can name: other sources, as seen from it, and addresses."""
        folder = posixpath.dirname(source) or "."
        for name in sorted(self._addresses.sources.keys() - {source}):
            yield posixpath.relpath(name, folder)
        yield from self._names

    @cached_property
    def _hidden(self) -> dict[str, Path]:
        """What this build leaves out, by its path and, as far as that is known, its address."""
        found = {path.as_posix(): path for path in self._catalogue.drafts}
        for post in self._catalogue.hidden:
            found[post.source.as_posix()] = post.source
            found[unquote(post.url)[1:]] = post.source
        return found

    def _find_hidden(self, name: str) -> str | None:
        path = self._hidden.get(name) or self._hidden.get(f"{name}/")
        return path.as_posix() if path else None

    def _find_jekyll(self, names: Iterable[str]) -> str | None:
        """A page as Jekyll has it, outside of the folder of pages."""
        for name in names:
            bare = re.sub(r"(?:/|\.html?)$", "", name)
            for suffix in (*sorted(SUFFIXES), ".html"):
                for folder in ("", "_pages/"):
                    path = f"{folder}{bare}{suffix}"
                    if bare and ".." not in path and files.is_file(self._project.root / path):
                        return path
        return None


def _is_like(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one[:LONGEST], other[:LONGEST]).ratio() >= 0.6


def _name(path: str) -> str:
    """The last part of an address or a path, without date and suffix."""
    last = PurePosixPath(path.removesuffix("index.html")).name
    return _DATE.sub("", re.sub(r"\.(?:html?|md|markdown)$", "", last.lower())).replace("_", "-")
