"""The links that a project's own templates write, in whatever pages they make.

What a page has is looked up as a browser does it; a link that leads nowhere is told where a
template has it in so many words, and if none has, it is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin

from escriba.ground.errors import Place
from escriba.ground.files import read_text
from escriba.ground.language import tr
from escriba.markup.html import tags as hypertext
from escriba.markup.liquid.trace import Source
from escriba.site.links.addresses import Addresses, cut, leads_elsewhere
from escriba.site.links.audit import Voice
from escriba.site.links.guesses import Guesses
from escriba.templating.templates import Templates, packaged

_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)


class Layouts:
    """The templates of pages that a project has of its own."""

    def __init__(self, templates: Templates, addresses: Addresses, guesses: Guesses, voice: Voice):
        self._templates, self._addresses = templates, addresses
        self._guesses, self._voice = guesses, voice
        self._known: set[str] = set()

    @property
    def are_checked(self) -> bool:
        """Whether anybody wants to know of their links, and there are any."""
        return self._voice.mode != "ignore" and bool(self._texts)

    def check(self, pages: Mapping[str, Sequence[hypertext.Reference]]) -> None:
        """Look at the links of pages, by their addresses; those of posts are told already."""
        for url, references in pages.items():
            for reference in references:
                link = reference.address.strip()
                if not leads_elsewhere(link) and cut(link)[0]:
                    self._check(link, url, reference)

    def _check(self, link: str, url: str, reference: hypertext.Reference) -> None:
        base = unquote(self._addresses.baseurl)
        lacks = bool(base) and link.startswith("/") and not f"{link}/".startswith(f"{base}/")
        path = urljoin(url, link)
        key = f"raw {link}" if link.startswith("/") else path
        if key in self._known:
            return
        self._known.add(key)
        found = self._addresses.resolve(path, "")
        place = self._locate(link, path) if found is None or lacks else None
        if place is None:
            return
        hint = self._guesses.explain(path, "", None)
        if found is not None:
            name = f"{{{{ link('{cut(found)[0]}') }}}}"
            hint = tr(" (it lacks the baseurl {base}; write {name})", base=base, name=name)
        shown = link if link.startswith("/") else path
        self._voice.tell(self._guesses.name(shown, reference) + hint, place)

    def _locate(self, link: str, path: str) -> Place | None:
        """Where a template has a link, or, for `link()`, the path that it means."""
        plain = rf"""=\s*["']?({re.escape(link)})["'\s>]"""
        called = rf"""link\(\s*["']({re.escape(path)})["']"""
        for written in (plain, called):
            for source in self._texts:
                if match := re.search(written, source.text):
                    return source.place(match.start(1))
        return None

    @cached_property
    def _texts(self) -> list[Source]:
        """The templates, without what stands in comments."""
        sources = ((path, self._templates.shown(path)) for path in self._list())
        return [
            Source(_COMMENT.sub(_blank, read_text(path, shown)), Place(shown, 1))
            for path, shown in sources
        ]

    def _list(self) -> Iterator[Path]:
        for folder in self._templates.folders:
            if folder != packaged():
                for path in sorted(folder.glob("*.html")):
                    yield self._templates.admit(path)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
