"""Footnotes: their marks numbered, their texts at the end, and links between the two."""

from __future__ import annotations

from collections import deque

from escriba.markup.html.tree import Node
from escriba.markup.kramdown.parser import KramdownParser


class Notes:
    """The footnotes of a document: they join its tree before its lines are read, so that theirs are
    read too."""

    def __init__(self, parser: KramdownParser):
        self.parser = parser
        self.holder: Node | None = None
        self._names: dict[Node, str] = {}  # of each mark

    def join(self, root: Node) -> None:
        if not self.parser.footnotes:
            return
        notes = Node("ol")
        for name, note in self.parser.footnotes.items():
            note.attributes |= {"id": f"fn:{name}", "role": "doc-endnote"}
            notes.append(note)
        self.holder = root.append(
            Node("div", {"class": "footnotes", "role": "doc-endnotes"}, [notes])
        )

    def mark(self, name: str) -> Node:
        """A mark of a footnote, which gets its number when the whole document is read."""
        attributes = {"href": f"#fn:{name}", "class": "footnote", "rel": "footnote"}
        mark = Node("sup", {"id": f"fnref:{name}", "role": "doc-noteref"}, [Node("a", attributes)])
        self._names[mark] = name
        return mark

    def place(self, root: Node) -> None:
        """Number the notes in the order of their first marks; drop those without a mark."""
        if self.holder is None:
            return
        root.replace(self.holder, [])
        shown = next(iter(self.holder))
        shown.children = []
        marks: dict[str, list[Node]] = {}
        numbers: dict[str, str] = {}
        queue = deque([root])
        while queue:
            for mark in queue.popleft().nodes():
                if mark not in self._names:
                    continue
                name = self._names[mark]
                known = marks.setdefault(name, [])
                if known:
                    mark.attributes["id"] = f"fnref:{name}:{len(known)}"
                else:
                    numbers[name] = str(len(marks))
                    queue.append(shown.append(self.parser.footnotes[name]))
                known.append(mark)
                next(iter(mark)).children = [numbers[name]]
        for name, found in marks.items():
            _link_back(self.parser.footnotes[name], name, len(found))
        if marks:
            _append(self.parser, root, self.holder)


def _append(parser: KramdownParser, root: Node, holder: Node) -> None:
    for place, attributes in parser.attributes:
        if "footnotes" in attributes.references and place.tag in ("ul", "ol"):
            replace(root, place, holder)
            return
    root.append(holder)


def replace(root: Node, old: Node, new: Node) -> None:
    """Put an element in the place of another, wherever that is in the tree."""
    for parent in [root, *root.nodes()]:
        if any(child is old for child in parent.children):
            parent.replace(old, [new])
            return


def _link_back(note: Node, name: str, count: int) -> None:
    last = note.children[-1] if note.children else None
    spaced = isinstance(last, Node) and last.tag == "p"
    place = last if isinstance(last, Node) and spaced else note.append(Node("p"))
    for number in range(count):
        target = f"fnref:{name}" + (f":{number}" if number else "")
        attributes = {"href": f"#{target}", "class": "reversefootnote", "role": "doc-backlink"}
        link = Node("a", attributes, ["↩"])
        if number:
            link.append(Node("sup", None, [str(number + 1)]))
        if spaced or number:
            place.children.append("\xa0")
        place.append(link)
