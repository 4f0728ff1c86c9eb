"""Addresses inside a site: what a link in a post means, and how a page writes it.

Pages link to each other relatively, so that a site works under any `baseurl`, from a preview
address and from a disk; the feed and the 404 page, which are read elsewhere, link absolutely.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urljoin

from escriba.markup.html.tags import Change, Reference
from escriba.site.content.permalink import SAFE

_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|[?#]|$")
_SPACE = " \t\n\f\r"  # that browsers strip from an address
_PARTS = re.compile(r"([^?#]*)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Addresses:
    """What exists in a site. Paths are percent-encoded and without `baseurl`.

    `sources` maps the path of a post or file, relative to the project, to its address. `publish`
    gives the address of any other file of the project, by its path, which becomes part of the site;
    None if it cannot.
    """

    url: str
    baseurl: str
    known: frozenset[str]
    sources: Mapping[str, str]
    publish: Callable[[str], str | None] = lambda path: None

    def resolve(self, link: str, source: str, page: str | None = None) -> str | None:
        """The path within the site that a link in a source file means; `None` for any other.

        A link may name a page (`/2020/rnn/`, with `baseurl` or without) or, relative to the
        source file, another post or an image beside it (`2020-10-01-rnn.md`, `curve.svg`), or
        either of them relative to the `page` that shows it.
        """
        link = link.strip(_SPACE)
        if leads_elsewhere(link):
            return None
        path, rest = cut(link)
        for whole in self.list_paths(path, source, page):
            if found := self._find(whole):
                return found + rest
        return None

    def list_paths(self, path: str, source: str, page: str | None) -> Iterator[str]:
        """What the path of a link may mean, likeliest first: paths of the site, which begin with a
        slash, and of the project."""
        path = unquote(path).replace("\\", "/")
        if path.startswith("/"):
            yield path
            base = unquote(self.baseurl)
            if base and f"{path}/".startswith(f"{base}/"):
                yield path[len(base) :] or "/"
            return
        yield posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if page is not None:
            try:
                yield unquote(urljoin(page, quote(path, safe=SAFE)))
            except ValueError:  # of `//[`, which a path with a dot segment may become
                return

    def _find(self, path: str) -> str | None:
        """The address of a path of the site or of the project."""
        if not path.startswith("/"):
            return self.sources.get(path) or self.publish(path)
        for name in (path, f"{path}/", path.removesuffix("index.html"), f"{path}.html"):
            if (address := quote(name, safe=SAFE)) in self.known:
                return address
        inside = path[1:]
        return self.sources.get(inside) or self.publish(inside)

    def absolute(self, path: str) -> str:
        """The whole address of a path: scheme, host, `baseurl`, path."""
        return self.url + self.baseurl + path


def leads_elsewhere(link: str) -> bool:
    """Whether a link names no path: it is of another site, of another kind, or in this page."""
    return _ELSEWHERE.match(link) is not None


def cut(link: str) -> tuple[str, str]:
    """A link's path, and its query and fragment."""
    match = _PARTS.fullmatch(link)
    assert match is not None
    return match[1], match[2]


def relative(path: str, page: str) -> str:
    """The link from one page of the site to a path of it.

    >>> relative("/assets/a.css", "/2020/rnn/")
    '../../assets/a.css'
    >>> relative("/2020/rnn/#lstm", "/2020/rnn/")
    '#lstm'
    """
    bare, rest = cut(path)
    if bare == page and rest:
        return rest
    start = page if page.endswith("/") else str(PurePosixPath(page).parent)
    link = posixpath.relpath(bare, start)
    if bare.endswith("/"):
        link += "/"
    # A first segment with a colon would read as a scheme.
    return ("./" if ":" in link.split("/")[0] else "") + link + rest


def localiser(targets: Mapping[str, str], page: str) -> Change:
    """Makes links within the site, of which `targets` tells what they lead to, relative to a
    page."""

    def change(reference: Reference) -> str:
        path = targets.get(reference.address)
        return reference.address if path is None else relative(path, page)

    return change


def globaliser(addresses: Addresses, page: str) -> Change:
    """Makes the links of a page absolute, for readers elsewhere."""
    base = addresses.absolute(page)

    def change(reference: Reference) -> str:
        link = reference.address
        if link.startswith("data:") or reference.is_same_document:
            return link
        try:
            return urljoin(base, link)
        except ValueError:  # of `http://[x]/` and others that are no address
            return link

    return change
