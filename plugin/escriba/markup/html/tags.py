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
from escriba.markup.html.entities import unescape

# A tag: its slash (2) and name (3). Comments and scripts (1) match too, so that nothing in them
# is taken for one, but have no name; nor has what begins and never ends, which takes all the rest
# with it, as it does in a browser.
TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)"
    r"|<(/?)([a-zA-Z][a-zA-Z0-9]*+)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>|</?[a-zA-Z].*",
    re.DOTALL | re.IGNORECASE,
)
OPENING = re.compile(r"<(script|style)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>", re.I)
CLOSING = re.compile(r"</(?:script|style)\s*>\Z", re.I)
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

ADDRESSED = frozenset(_ADDRESSES) | _SETS | _STYLES

# What is in each tag that has an address: most have none of it, and need no closer look.
HOLDS = re.compile(r"href|src|\(|<object|action|poster|background", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """An address in HTML, as it is meant; the element and the attribute that have it. A style
    sheet, and an attribute that is one, have `url()`. `at` is where it was written in the document
    that the HTML was made of; -1 if that is not known."""

    address: str
    element: str
    attribute: str
    at: int = -1

    @property
    def is_same_document(self) -> bool:
        """Whether it names something in the very document that it stands in, as drawings do: it
        stays as it is, wherever that is shown."""
        return self.address.startswith("#") and self.element not in ("a", "area", "link")


@dataclass(frozen=True, slots=True)
class Slot:
    """A value with addresses in some HTML: that of an attribute, with its quotes, or the text of a
    style sheet, whose `attribute` has no name. It goes from `start` to `end`."""

    start: int
    end: int
    element: str
    attribute: str


Change = Callable[[Reference], str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a tag; its value, without quotes and entities, begins and ends in the HTML
    at `start` and `end`, with its quotes."""

    name: str
    value: str
    start: int
    end: int
    inside: int  # where the value begins without its quote


def attributes(tag: str, at: int) -> Iterator[Attribute]:
    """The attributes of a tag that have a value; its name ends `at` this place."""
    for match in _ATTRIBUTE.finditer(tag, at):
        if group := match.lastindex if match.lastindex and match.lastindex > 1 else 0:
            quotes = 0 if group == 4 else 1
            start, end = match.start(group) - quotes, match.end(group) + quotes
            value = unescape(match[group])
            yield Attribute(match[1].lower(), value, start, end, match.start(group))


def rewrite(html: str, slots: Iterable[Slot], change: Change) -> str:
    """HTML with the addresses in its slots changed; what stays the same is left as it is."""
    kept: list[str] = []
    at = 0
    for slot in slots:
        written = html[slot.start : slot.end]
        if slot.attribute:
            quoted = written[:1] in ('"', "'")
            old = unescape(written[1:-1] if quoted else written)
            new = _rewrite_value(old, slot.element, slot.attribute, change)
            new = written if new == old else f'"{escape(new)}"'
        else:
            new = _rewrite_value(written, slot.element, slot.attribute, change)
        if new != written:
            kept += [html[at : slot.start], new]
            at = slot.end
    return "".join([*kept, html[at:]])


def list_addresses(value: str, element: str, attribute: str) -> list[Reference]:
    """The addresses in the value of an attribute or, without its name, in a style sheet; each is
    `at` a position of that."""
    return [
        Reference(url, element, kind, start + (kind == "url()" and value[start] in "\"'"))
        for start, _, url, kind in _find(value, element, attribute)
    ]


def find(html: str) -> list[Reference]:
    """The addresses in some HTML, in their order."""
    found: list[Reference] = []
    for match in TAG.finditer(html):
        opening = OPENING.match(match[0]) if match[1] else None
        name = (match[1] or match[3] or "").lower()
        if match[2] or (not match[3] and opening is None):
            continue
        tag = match[0] if opening is None else opening[0]
        if HOLDS.search(tag):
            for each in attributes(tag, len(name) + 1):
                found += list_addresses(each.value, name, each.name)
        if opening and name == "style":
            found += list_addresses(match[0][opening.end() :], name, "")
    return found


def find_names(html: str) -> Iterator[str]:
    """What an anchor can lead to: the ids in some HTML, and the names of its `a`."""
    for match in TAG.finditer(html):
        if match[3] and not match[2]:
            for attribute in attributes(match[0], match.end(3) - match.start()):
                if attribute.name == "id" or (attribute.name == "name" and match[3] in "aA"):
                    yield attribute.value


def _rewrite_value(value: str, element: str, attribute: str, change: Change) -> str:
    kept: list[str] = []
    at = 0
    for start, end, old, kind in _find(value, element, attribute):
        new = change(Reference(old, element, kind))
        if new != old:
            kept += [value[at:start], css.quote(new) if kind == "url()" else new]
            at = end
    return "".join([*kept, value[at:]])


def _find(value: str, element: str, attribute: str) -> Iterator[tuple[int, int, str, str]]:
    """Where each address in a value begins and ends, what it is, and what has it."""
    if attribute in _ADDRESSES:
        elements = _ADDRESSES[attribute]
        if element != "base" and (elements is None or element in elements):
            yield 0, len(value), value, attribute
    elif attribute in _SETS:
        for start, end in _find_candidates(value):
            yield start, end, value[start:end], attribute
    elif not attribute or (attribute in _STYLES and "(" in value):
        for start, end, url in css.find(value):
            yield start, end, url, "url()"


def _find_candidates(value: str) -> Iterator[tuple[int, int]]:
    """Where the addresses of a `srcset` are (HTML, "Parsing a srcset attribute")."""
    at = 0
    while match := _CANDIDATE.match(value, at):
        url = match[1].rstrip(",")
        yield match.start(1), match.start(1) + len(url)
        at = match.end()
        if url == match[1] and (rest := _DESCRIPTORS.match(value, at)):
            at = rest.end()
