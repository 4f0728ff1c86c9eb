"""Footnotes: their marks numbered, their texts at the end, and links between the two."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from escriba.markup.kramdown.source import replace

if TYPE_CHECKING:
    from escriba.markup.kramdown.parser import KramdownParser


class Notes(Treeprocessor):
    """Before the lines are read: the footnotes join the tree, so that theirs are read too."""

    def __init__(self, md: Markdown, parser: KramdownParser):
        super().__init__(md)
        self.parser = parser
        self.holder: Element | None = None
        self._names: dict[Element, str] = {}  # of each mark

    def run(self, root: Element) -> None:
        self.holder = None
        self._names = {}
        if self.parser.footnotes:
            self.holder = SubElement(root, "div", {"class": "footnotes", "role": "doc-endnotes"})
            notes = SubElement(self.holder, "ol")
            for name, note in self.parser.footnotes.items():
                note.set("id", f"fn:{name}")
                note.set("role", "doc-endnote")
                notes.append(note)

    def mark(self, name: str) -> Element:
        """A mark of a footnote, which gets its number when the whole document is read."""
        mark = Element("sup", {"id": f"fnref:{name}", "role": "doc-noteref"})
        link = SubElement(mark, "a", {"href": f"#fn:{name}", "class": "footnote"})
        link.set("rel", "footnote")
        self._names[mark] = name
        return mark

    def place(self, root: Element) -> None:
        """Number the notes in the order of their first marks; drop those without a mark."""
        if self.holder is None:
            return
        root.remove(self.holder)
        shown = self.holder[0]
        shown[:] = []
        marks: dict[str, list[Element]] = {}
        numbers: dict[str, str] = {}
        queue = deque([root])
        while queue:
            for mark in queue.popleft().iter("sup"):
                if mark not in self._names:
                    continue
                name = self._names[mark]
                known = marks.setdefault(name, [])
                if known:
                    mark.set("id", f"fnref:{name}:{len(known)}")
                else:
                    numbers[name] = str(len(marks))
                    shown.append(self.parser.footnotes[name])
                    queue.append(self.parser.footnotes[name])
                known.append(mark)
                mark[0].text = AtomicString(numbers[name])
        for name, found in marks.items():
            _link_back(self.parser.footnotes[name], name, len(found))
        if marks:
            _append(self.parser, root, self.holder)


def place(parser: KramdownParser, root: Element) -> None:
    """Put the notes of a document where they belong, once its lines are read."""
    notes = parser.md.treeprocessors["kramdown_notes"]
    assert isinstance(notes, Notes)
    notes.place(root)


def _append(parser: KramdownParser, root: Element, holder: Element) -> None:
    for place, attributes in parser.attributes:
        if "footnotes" in attributes.references and place.tag in ("ul", "ol"):
            replace(root, place, holder)
            return
    root.append(holder)


def _link_back(note: Element, name: str, count: int) -> None:
    spaced = len(note) > 0 and note[-1].tag == "p"
    place = note[-1] if spaced else SubElement(note, "p")
    for number in range(count):
        target = f"fnref:{name}" + (f":{number}" if number else "")
        link = Element("a", {"href": f"#{target}", "class": "reversefootnote"})
        link.set("role", "doc-backlink")
        link.text = AtomicString("↩")
        if number:
            SubElement(link, "sup").text = AtomicString(str(number + 1))
        if spaced or number:
            _append_text(place, "\xa0")
        place.append(link)


def _append_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
