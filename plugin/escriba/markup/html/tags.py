"""HTML as a browser cuts it into tags and attributes, and the addresses in it.

The HTML may be anybody's: comments, scripts, tags and quotes may begin and never end. All of this
takes time in proportion to its size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape

from escriba.markup.html import css
from escriba.markup.html.text import unescape

# A tag: its slash (2) and name (3). Comments and scripts (1) match too, so that nothing in them
# is taken for one, but have no name; nor has what begins and never ends, which takes all the rest
# with it, as it does in a browser.
TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)"
    r"|<(/?)([a-zA-Z][a-zA-Z0-9]*+)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>|</?[a-zA-Z].*",
    re.DOTALL | re.IGNORECASE,
)
_OPENING = re.compile(r"<(script|style)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>", re.I)
# An attribute: name, and a value in double quotes (2), in single ones (3), or in none (4).
_ATTRIBUTE = re.compile(
    r"([^\s/>=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+)))?"
)
_CANDIDATE = re.compile(r"[\s,]*+([^\s]++)")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?)*+")

# Attributes with an address, and the elements that have them, if not all may.
_ADDRESSES: dict[str, frozenset[str] | None] = {
    "href": None,
    "xlink:href": None,
    "src": None,
    "poster": None,
    "background": None,
    "data": frozenset({"object"}),
    "action": frozenset({"form"}),
    "formaction": frozenset({"button", "input"}),
}
_SETS = frozenset({"srcset", "imagesrcset"})
_STYLES = frozenset(
    {"style", "clip-path", "cursor", "fill", "filter", "marker", "marker-end", "marker-mid",
     "marker-start", "mask", "stroke"}
)  # fmt: skip

# What is in each tag that has an address: most have none of it, and need no closer look.
_HOLDS = re.compile(r"href|src|\(|<object|action|poster|background", re.IGNORECASE)


@dataclass(frozen=True)
class Reference:
    """An address in HTML, as it is meant; the element and the attribute that have it. A style
    sheet, and an attribute that is one, have `url()`."""

    address: str
    element: str
    attribute: str

    @property
    def is_same_document(self) -> bool:
        """Whether it names something in the very document that it stands in, as drawings do: it
        stays as it is, wherever that is shown."""
        return self.address.startswith("#") and self.element not in ("a", "area", "link")


Change = Callable[[Reference], str]


@dataclass(frozen=True)
class Attribute:
    """An attribute of a tag; its value, without quotes and entities, begins and ends in the HTML
    at `start` and `end`, with its quotes."""

    name: str
    value: str
    start: int
    end: int


def attributes(tag: str, at: int) -> Iterator[Attribute]:
    """The attributes of a tag that have a value; its name ends `at` this place."""
    for match in _ATTRIBUTE.finditer(tag, at):
        if group := match.lastindex if match.lastindex and match.lastindex > 1 else 0:
            quotes = 0 if group == 4 else 1
            start, end = match.start(group) - quotes, match.end(group) + quotes
            yield Attribute(match[1].lower(), unescape(match[group]), start, end)


def rewrite(html: str, change: Change) -> str:
    """HTML with each of its addresses changed; the text is never touched, nor what stays the
    same."""
    return TAG.sub(lambda match: _rewrite_match(match, change), html)


def find(html: str, tags: Iterable[re.Match[str]] | None = None) -> list[Reference]:
    """The addresses in some HTML, in their order; `tags` are those of TAG in it, if they are
    known."""
    found: list[Reference] = []

    def note(reference: Reference) -> str:
        found.append(reference)
        return reference.address

    for match in TAG.finditer(html) if tags is None else tags:
        _rewrite_match(match, note)
    return found


def find_names(html: str) -> Iterator[str]:
    """What an anchor can lead to: the ids in some HTML, and the names of its `a`."""
    for match in TAG.finditer(html):
        if match[3] and not match[2]:
            for attribute in attributes(match[0], match.end(3) - match.start()):
                if attribute.name == "id" or (attribute.name == "name" and match[3] in "aA"):
                    yield attribute.value


def _rewrite_match(match: re.Match[str], change: Change) -> str:
    """What TAG has found, with its addresses changed."""
    if match[3]:
        if match[2] or not _HOLDS.search(match[0]):
            return match[0]
        return _rewrite_tag(match[0], match[3].lower(), change)
    opening = _OPENING.match(match[0]) if match[1] else None
    if opening is None:
        return match[0]
    name, rest = opening[1].lower(), match[0][opening.end() :]
    if name == "style":
        rest = css.rewrite(rest, lambda url: change(Reference(url, name, "url()")))
    return _rewrite_tag(opening[0], name, change) + rest


def _rewrite_tag(tag: str, name: str, change: Change) -> str:
    kept: list[str] = []
    at = 0
    for attribute in attributes(tag, len(name) + 1):
        new = _rewrite_value(attribute, name, change)
        if new != attribute.value:
            kept += [tag[at : attribute.start], f'"{escape(new)}"']
            at = attribute.end
    return "".join([*kept, tag[at:]])


def _rewrite_value(attribute: Attribute, element: str, change: Change) -> str:
    name, value = attribute.name, attribute.value
    if name in _ADDRESSES:
        elements = _ADDRESSES[name]
        if element != "base" and (elements is None or element in elements):
            return change(Reference(value, element, name))
    elif name in _SETS:
        return _rewrite_set(value, lambda url: change(Reference(url, element, name)))
    elif name in _STYLES and "(" in value:
        return css.rewrite(value, lambda url: change(Reference(url, element, "url()")))
    return value


def _rewrite_set(value: str, change: Callable[[str], str]) -> str:
    """A `srcset` with its addresses changed (HTML, "Parsing a srcset attribute")."""
    kept: list[str] = []
    at = 0
    while match := _CANDIDATE.match(value, at):
        url = match[1].rstrip(",")
        kept += [value[at : match.start(1)], change(url), match[1][len(url) :]]
        at = match.end()
        if url == match[1] and (rest := _DESCRIPTORS.match(value, at)):
            kept.append(rest[0])
            at = rest.end()
    return "".join([*kept, value[at:]])
