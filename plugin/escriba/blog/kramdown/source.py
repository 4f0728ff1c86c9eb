"""The text being read, and the element being filled with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from escriba.blog.kramdown.attributes import Attributes


class Source:
    """A text and a position in it, always at the beginning of a line between two blocks."""

    def __init__(self, text: str):
        self.text = text if text.endswith("\n") or not text else text + "\n"
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def check(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """A match at the position, which stays."""
        return pattern.match(self.text, self.at)

    def scan(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """A match at the position, which moves behind it."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def line(self) -> str:
        """The line at the position, which moves to the next one."""
        end = self.text.find("\n", self.at) + 1 or len(self.text)
        taken, self.at = self.text[self.at : end], end
        return taken


@dataclass
class Frame:
    """An element being filled, with what kramdown remembers of its children.

    `kinds` has one entry per block in order: a tag, `blank` for blank lines, and what leaves no
    element: `eob` (a line with `^`), `attributes` (of the block before), `definition` (of a link,
    a footnote, an abbreviation).
    `ial` are the attributes of the block that comes next.
    """

    element: Element
    attributes: list[tuple[Element, Attributes]]  # of the whole document, applied at its end
    kinds: list[tuple[str, Element | None]] = field(default_factory=list)
    ial: Attributes | None = None

    @property
    def last(self) -> str:
        return self.kinds[-1][0] if self.kinds else ""

    @property
    def after_boundary(self) -> bool:
        return self.last in ("", "blank", "eob") or self.ial is not None

    def add(self, element: Element, kind: str = "") -> Element:
        """Append a block; it takes the attributes waiting for it."""
        self.element.append(element)
        self.note(kind or element.tag, element)
        return element

    def note(self, kind: str, element: Element | None = None) -> None:
        """Remember a block, be it one without an element."""
        self.kinds.append((kind, element))
        if self.ial is not None:
            if element is not None:
                self.attributes.append((element, self.ial))
            self.ial = None

    def attributes_of(self, element: Element) -> Attributes:
        """The attribute list of a block of this frame, made if it has none yet."""
        for known, attributes in reversed(self.attributes):
            if known is element:
                return attributes
        made = Attributes()
        self.attributes.append((element, made))
        return made


def raw(stashed: str) -> Element:
    """HTML put aside, as it stands between the other blocks: an element without a tag.

    `stashed` is the mark that `htmlStash.store` gives for it. Python-Markdown writes the text of
    such an element, and nothing around it; its inline patterns pass over it, as it is atomic.
    """
    nothing: Any = None
    element: Element = Element(nothing)
    element.text = AtomicString(stashed)
    return element


def replace(root: Element, old: Element, new: Element) -> None:
    """Put an element in the place of another, wherever that is in the tree."""
    for parent in root.iter():
        for number, child in enumerate(parent):
            if child is old:
                new.tail = old.tail
                parent[number] = new
                return
