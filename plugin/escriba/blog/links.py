"""Addresses inside a site: what a link in a post means, and how a page writes it.

Pages link to each other relatively, so that a site works under any `baseurl`, from a preview
address and from a disk; the feed and the 404 page, which are read elsewhere, link absolutely.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin

from escriba.blog.text import unescape

# A tag: its slash (2) and name (3). Comments and scripts (1) match too, so that nothing in them
# is taken for one, but have no name; nor has what begins and never ends, which takes all the rest
# with it, as it does in a browser.
TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)"
    r"|<(/?)([a-zA-Z][a-zA-Z0-9]*+)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>|</?[a-zA-Z].*",
    re.DOTALL | re.IGNORECASE,
)
_LINKING = frozenset(
    {"a", "area", "audio", "embed", "iframe", "img", "input", "link", "source", "track", "video"}
)
_ATTRIBUTE = re.compile(r"""(\s(?:href|src|poster)\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|[?#]|$")


@dataclass(frozen=True)
class Addresses:
    """What exists in a site. Paths are percent-encoded and without `baseurl`.

    `sources` maps the path of a post or file, relative to the project, to its address.
    """

    url: str
    baseurl: str
    known: frozenset[str]
    sources: Mapping[str, str]

    def resolve(self, link: str, source: str) -> str | None:
        """The path within the site that a link in a source file means; `None` for any other.

        A link may name a page (`/2020/rnn/`, with `baseurl` or without) or, relative to the
        source file, another post or an image beside it (`2020-10-01-rnn.md`, `curve.svg`).
        """
        if _ELSEWHERE.match(link):
            return None
        path, mark, rest = re.fullmatch(r"([^?#]*)([?#]?)(.*)", link, re.DOTALL).groups()  # type: ignore[union-attr]
        if path.startswith("/"):
            for candidate in (path, path.removeprefix(self.baseurl) or "/"):
                if candidate in self.known:
                    return f"{candidate}{mark}{rest}"
            return None
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(path)))
        found = self.sources.get(beside)
        return f"{found}{mark}{rest}" if found else None

    def absolute(self, path: str) -> str:
        """The whole address of a path: scheme, host, `baseurl`, path."""
        return self.url + self.baseurl + path


def relative(path: str, page: str) -> str:
    """The link from one page of the site to a path of it.

    >>> relative("/assets/a.css", "/2020/rnn/")
    '../../assets/a.css'
    >>> relative("/2020/rnn/#lstm", "/2020/rnn/")
    '#lstm'
    """
    bare = re.split("[?#]", path, maxsplit=1)[0]
    rest = path[len(bare) :]
    if bare == page and rest:
        return rest
    start = page if page.endswith("/") else str(PurePosixPath(page).parent)
    link = posixpath.relpath(bare, start)
    if bare.endswith("/"):
        link += "/"
    # A first segment with a colon would read as a scheme.
    return ("./" if ":" in link.split("/")[0] else "") + link + rest


def rewrite(html: str, change: Callable[[str], str]) -> str:
    """HTML with each `href`, `src` and `poster` of a tag changed; text is never touched."""

    def tag(match: re.Match[str]) -> str:
        if (match[3] or "").lower() not in _LINKING:
            return match[0]
        return _ATTRIBUTE.sub(attribute, match[0])

    def attribute(match: re.Match[str]) -> str:
        value = match[2] if match[2] is not None else match[3]
        old = unescape(value)
        new = change(old)
        return match[0] if new == old else f'{match[1]}"{escape(new)}"'

    return TAG.sub(tag, html)


def localise(html: str, addresses: Addresses, source: str, page: str) -> str:
    """A post's HTML for its page: links within the site become relative to the page."""

    def change(link: str) -> str:
        path = addresses.resolve(link, source)
        return link if path is None else relative(path, page)

    return rewrite(html, change)


def globalise(html: str, addresses: Addresses, page: str) -> str:
    """A page's HTML for readers elsewhere: every link becomes absolute."""
    base = addresses.absolute(page)

    def change(link: str) -> str:
        try:
            return link if link.startswith("data:") else urljoin(base, link)
        except ValueError:  # of `http://[x]/` and others that are no address
            return link

    return rewrite(html, change)
