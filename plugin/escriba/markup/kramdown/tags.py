"""The tags of HTML within a line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from escriba.markup.html.grammar import BLOCK_ELEMENTS, SPAN_ELEMENTS, VOID_ELEMENTS, names
from escriba.markup.kramdown.grammar import HOLDS_BLOCKS

_SPACE = r"[ \t\r\n\f\v]"
_NAME = r"[A-Za-z_][\w.-]*+(?::[^\W\d][\w.-]*+)?+"
_OPEN = re.compile(rf"<({_NAME})")
_ATTRIBUTE = re.compile(
    rf"""{_SPACE}++({_NAME})(?:{_SPACE}*+={_SPACE}*+(?:(\w++)|"([^"]*+)"|'([^']*+)'))?+"""
)
_END = re.compile(rf"{_SPACE}*+(/)?>")
CLOSE = re.compile(rf"</({_NAME}){_SPACE}*+>")
BEGINS = re.compile(r"<(?:[^\W\d]|!--|/)")  # what is HTML, or nothing at all

# What these hold is Markdown again; all others, those that no one knows included, hold HTML.
_PARSED = HOLDS_BLOCKS | names(
    "a abbr acronym b bdo big button cite caption del dfn dt em h1 h2 h3 h4 h5 h6 i ins label "
    "legend optgroup p q rb rbc rp rt rtc ruby select small span strong sub sup th tt"
)
_RAW = names("script style math option textarea pre code kbd samp var")
KNOWN = SPAN_ELEMENTS | BLOCK_ELEMENTS | VOID_ELEMENTS | _PARSED | _RAW


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag. `whole`: it has no end tag, nor anything within. `places` says where the values
    of its attributes begin."""

    name: str
    attributes: dict[str, str]
    places: dict[str, int]
    end: int
    whole: bool

    @property
    def is_block(self) -> bool:
        return self.name in BLOCK_ELEMENTS

    def is_raw(self, within_raw: bool) -> bool:
        """Whether what it holds is HTML and not Markdown."""
        asked = self.attributes.get("markdown")
        if asked == "1":
            return self.name not in _PARSED
        if asked in ("0", "span"):
            return asked == "0"
        return within_raw or self.name not in _PARSED

    def ends_with(self, name: str) -> bool:
        """Whether an end tag of this name ends it."""
        return (name.lower() if self.name in KNOWN else name) == self.name


class Tags:
    """The tags of one text, each read once, whatever it is within."""

    def __init__(self, source: str):
        self.source = source
        self._read: dict[int, Tag | None] = {}
        self._failed: set[int] = set()  # places within tags from which none goes on to its end

    def at(self, at: int) -> Tag | None:
        """The start tag at a place, if one is there."""
        if at not in self._read:
            self._read[at] = self._read_tag(at)
        return self._read[at]

    def _read_tag(self, start: int) -> Tag | None:
        opened = _OPEN.match(self.source, start)
        if not opened:
            return None
        found: list[re.Match[str]] = []
        passed = []
        at = opened.end()
        while not (end := _END.match(self.source, at)):
            passed.append(at)
            match = None if at in self._failed else _ATTRIBUTE.match(self.source, at)
            if not match:
                self._failed.update(passed)
                return None
            found.append(match)
            at = match.end()
        known = opened[1].lower() in KNOWN
        name = opened[1].lower() if known else opened[1]
        attributes, places = {}, {}
        for match in found:
            value = next((v for v in match.groups()[1:] if v is not None), "")
            key = match[1].lower() if known else match[1]
            attributes[key] = re.sub(r"\n+", " ", value)
            places[key] = match.start(match.lastindex or 1)
        return Tag(name, attributes, places, end.end(), bool(end[1]) or name in VOID_ELEMENTS)
