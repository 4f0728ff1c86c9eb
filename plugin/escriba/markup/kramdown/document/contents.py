"""`{:toc}`: a list of the document's headings, as links to them."""

from __future__ import annotations

from collections.abc import Iterator

from escriba.markup.html.grammar import HEADINGS
from escriba.markup.html.tree import Child, Html, Node
from escriba.markup.kramdown.notes import replace
from escriba.markup.kramdown.parser import KramdownParser


def write(parser: KramdownParser, root: Node) -> None:
    """Put a list of the headings in the place of the list marked `{:toc}`."""
    place = next(
        (e for e, a in parser.attributes if "toc" in a.references and e.tag in ("ul", "ol")),
        None,
    )
    if place is None:
        return
    contents = Node(place.tag, dict(place.attributes))
    name = contents.attributes.setdefault("id", "markdown-toc")
    stack: list[tuple[int, Node]] = [(0, contents)]
    for heading in find_headings(root):
        kinds = heading.attributes.get("class", "").split()
        if "no_toc" in kinds or not heading.attributes.get("id"):
            continue
        level = int(heading.tag[1])
        while stack[-1][0] >= level:
            stack.pop()
        above = stack[-1][1]
        if above.tag == "li":
            lists = list(above)
            above = lists[-1] if lists[-1].tag == place.tag else above.append(Node(place.tag))
        item = above.append(Node("li", None, [_entry(heading, name)]))
        stack.append((level, item))
    replace(root, place, contents if contents.children else Node(""))


def find_headings(root: Node) -> Iterator[Node]:
    """The headings that Markdown made, in order, without those of footnotes."""
    waiting = root.children[::-1]
    while waiting:
        child = waiting.pop()
        if isinstance(child, Node) and child.attributes.get("class") != "footnotes":
            if child.tag in HEADINGS and not isinstance(child, Html):
                yield child
            waiting += child.children[::-1]


def _entry(heading: Node, prefix: str) -> Node:
    """A heading's text as a link to it: without notes, ids, and links of its own."""
    name = heading.attributes.get("id", "")
    link = Node("a", {"href": f"#{name}", "id": f"{prefix}-{name}"}, heading.copy().children)
    _unlink(link)
    return link


def _unlink(node: Node) -> None:
    """Replace the links within an element by what they hold, and notes by nothing."""
    kept: list[Child] = []
    for child in node.children:
        if not isinstance(child, Node) or isinstance(child, Html):
            kept.append(child)
            continue
        _unlink(child)
        if child.attributes.get("role") != "doc-noteref":
            kept += child.children if child.tag == "a" else [child]
    node.children = kept
