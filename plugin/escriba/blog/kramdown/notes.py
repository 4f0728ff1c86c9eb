"""Footnotes: their marks numbered, their texts at the end, and links between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from escriba.blog.kramdown.source import replace

if TYPE_CHECKING:
    from escriba.blog.kramdown.block import KramdownParser


class Notes(Treeprocessor):
    """Before the lines are read: the footnotes join the tree, so that theirs are read too."""

    def __init__(self, md: Markdown, parser: KramdownParser):
        super().__init__(md)
        self.parser = parser

    def run(self, root: Element) -> None:
        if self.parser.footnotes:
            holder = SubElement(root, "div", {"class": "footnotes", "role": "doc-endnotes"})
            notes = SubElement(holder, "ol")
            for name, note in self.parser.footnotes.items():
                note.set("id", f"fn:{name}")
                note.set("role", "doc-endnote")
                notes.append(note)


def place(parser: KramdownParser, root: Element) -> None:
    """Number the notes in the order of their first marks; drop those without a mark."""
    if not parser.footnotes:
        return
    holder = root.find("div[@class='footnotes']")
    assert holder is not None
    root.remove(holder)
    notes = {note.get("id", "")[3:]: note for note in holder[0]}
    holder[0][:] = []
    marks: dict[str, list[Element]] = {}
    queue = [root]
    while queue:
        for mark in queue.pop(0).iter("sup"):
            if mark.get("role") != "doc-noteref":
                continue
            name = mark.get("id", "")[6:]
            if name not in marks:
                holder[0].append(notes[name])
                queue.append(notes[name])
            known = marks.setdefault(name, [])
            if known:
                mark.set("id", f"fnref:{name}:{len(known)}")
            known.append(mark)
            mark[0].text = AtomicString(str(list(marks).index(name) + 1))
    for name, found in marks.items():
        _link_back(notes[name], name, len(found))
    if marks:
        _append(parser, root, holder)


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
