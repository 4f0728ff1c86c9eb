"""`{:toc}`: a list of the document's headings, as links to them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from escriba.markup.html.grammar import HEADINGS
from escriba.markup.kramdown.source import raw, replace

if TYPE_CHECKING:
    from escriba.markup.kramdown.parser import KramdownParser


def write(parser: KramdownParser, root: Element) -> None:
    """Put a list of the headings in the place of the list marked `{:toc}`."""
    place = next(
        (e for e, a in parser.attributes if "toc" in a.references and e.tag in ("ul", "ol")),
        None,
    )
    if place is None:
        return
    contents = Element(place.tag, place.attrib)
    contents.attrib.setdefault("id", "markdown-toc")
    stack: list[tuple[int, Element]] = [(0, contents)]
    for heading in outside_notes(root):
        shown = heading.tag in HEADINGS and "no_toc" not in heading.get("class", "").split()
        if not shown or not heading.get("id"):
            continue
        level = int(heading.tag[1])
        while stack[-1][0] >= level:
            stack.pop()
        above = stack[-1][1]
        if above.tag == "li":
            if above[-1].tag != place.tag:
                SubElement(above, place.tag)
            above = above[-1]
        item = SubElement(above, "li")
        item.append(_entry(heading, contents.get("id", "")))
        stack.append((level, item))
    if len(contents):
        replace(root, place, contents)
    else:
        replace(root, place, raw(""))


def outside_notes(element: Element) -> Iterator[Element]:
    """The elements within an element, in order, without the footnotes."""
    for child in element:
        if child.get("class") != "footnotes":
            yield child
            yield from outside_notes(child)


def _entry(heading: Element, prefix: str) -> Element:
    """A heading's text as a link to it: without notes, ids, and links of its own."""
    name = heading.get("id", "")
    link = Element("a", {"href": f"#{name}", "id": f"{prefix}-{name}"})
    link.text = heading.text
    link.extend(copy.deepcopy(child) for child in heading)
    _unlink(link)
    return link


def _unlink(element: Element) -> None:
    """Replace the links within an element by what they hold, and notes by nothing."""
    kept: list[Element] = []
    texts = [[element.text or ""]]  # the one before the first that is kept, and their tails
    for child in element:
        _unlink(child)
        inside = [child] if child.tag != "a" else list(child)
        if child.get("role") == "doc-noteref":
            inside = []
        elif child.tag == "a":
            texts[-1].append(child.text or "")
        for each in inside:
            kept.append(each)
            texts.append([] if each is child else [each.tail or ""])
        texts[-1].append(child.tail or "")
    element[:] = kept
    element.text, *tails = ["".join(pieces) for pieces in texts]
    for each, tail in zip(kept, tails, strict=True):
        each.tail = tail
