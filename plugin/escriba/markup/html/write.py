"""A tree as HTML, written once; where its addresses are is noted on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from escriba.markup.html.entities import unescape
from escriba.markup.html.grammar import names
from escriba.markup.html.tags import ADDRESSED, HOLDS, Reference, Slot, attributes, list_addresses
from escriba.markup.html.tree import Formula, Html, Node, Verbatim

_EMPTY = names(
    "area base basefont br col embed frame hr img input isindex link meta param source track wbr"
)
_LITERAL = frozenset({"script", "style"})
_LINK = re.compile(r'<a href=("[^"]*")')  # to an equation, within a formula
_AMPERSAND = re.compile(r"&(?!(?:#[0-9]+|#x[0-9a-f]+|[0-9a-z]+);)", re.I)


@dataclass(frozen=True)
class Written:
    """`references` are the addresses in the HTML, in their order, `slots` the values that have
    them."""

    html: str
    slots: tuple[Slot, ...]
    references: tuple[Reference, ...]


def write(root: Node) -> Written:
    """The HTML of all that an element holds."""
    writer = _Writer()
    writer.write(root)
    return Written("".join(writer.pieces), tuple(writer.slots), tuple(writer.references))


class _Writer:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.slots: list[Slot] = []
        self.references: list[Reference] = []
        self.size = 0

    def put(self, text: str) -> None:
        self.pieces.append(text)
        self.size += len(text)

    def write(self, root: Node) -> None:
        opened: list[tuple[Node, Iterator[Node | Verbatim | str]]] = [(root, iter(root.children))]
        while opened:
            node, children = opened[-1]
            for child in children:
                if isinstance(child, str):
                    self.put(child if node.tag in _LITERAL else escape_text(child))
                elif isinstance(child, Verbatim):
                    self._put_verbatim(child, node)
                elif self._open(child):
                    opened.append((child, iter(child.children)))
                    break
            else:
                opened.pop()
                if opened and node.tag:
                    self.put(node.closing if isinstance(node, Html) else f"</{node.tag}>")

    def _put_verbatim(self, child: Verbatim, within: Node) -> None:
        if within.tag == "style" and isinstance(within, Html):
            slot = Slot(self.size, self.size + len(child.html), "style", "")
            self._note(child.html, slot, child.at)
        elif isinstance(child, Formula) and "<a " in child.html:
            for link in _LINK.finditer(child.html):
                slot = Slot(self.size + link.start(1), self.size + link.end(1), "a", "href")
                self._note(unescape(link[1][1:-1]), slot, child.at)
        self.put(child.html)

    def _open(self, node: Node) -> bool:
        """Write a start tag; whether something may follow that is within."""
        if isinstance(node, Html):
            self._open_html(node)
            return not node.is_bare
        if not node.tag:
            return True
        self.put(f"<{node.tag}")
        for name, value in sorted(node.attributes.items()):
            self.put(f" {name}=")
            written = f'"{escape_attribute(value)}"'
            if name in ADDRESSED:
                slot = Slot(self.size, self.size + len(written), node.tag, name)
                self._note(unescape(written[1:-1]), slot, node.places.get(name, node.at))
            self.put(written)
        self.put(f"{node.added}{' />' if node.tag in _EMPTY else '>'}")
        return node.tag not in _EMPTY

    def _open_html(self, node: Html) -> None:
        if HOLDS.search(node.opening):
            for each in attributes(node.opening, len(node.tag) + 1):
                slot = Slot(self.size + each.start, self.size + each.end, node.tag, each.name)
                self._note(each.value, slot, node.places.get(each.name, node.at))
        self.put(node.opening[:-1] + node.added + ">" if node.added else node.opening)

    def _note(self, value: str, slot: Slot, at: int) -> None:
        if found := list_addresses(value, slot.element, slot.attribute):
            self.slots.append(slot)
            known = at >= 0
            self.references += [replace(r, at=at + r.at if known else -1) for r in found]


def escape_text(text: str) -> str:
    """Text as HTML; an entity in it stays one."""
    if "&" in text:
        text = _AMPERSAND.sub("&amp;", text)
    return text.replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(text: str) -> str:
    """The same of the value of an attribute in double quotes."""
    return escape_text(text).replace('"', "&quot;")
