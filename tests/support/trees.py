"""Trees of some HTML, as tests read and write them."""

from __future__ import annotations

from escriba.ground.mapped import MappedText
from escriba.markup.html import tags
from escriba.markup.html.prose import furnish
from escriba.markup.html.tags import Change, Reference
from escriba.markup.html.tree import Node, parse
from escriba.markup.html.write import write


def read_tree(html: str) -> Node:
    return Node("", None, parse([MappedText(html)]))


def find(html: str) -> tuple[Reference, ...]:
    """The addresses in some HTML, which are those that a page of somebody's templates has."""
    found = write(read_tree(html)).references
    assert [(r.address, r.element, r.attribute) for r in found] == [
        (r.address, r.element, r.attribute) for r in tags.find(html)
    ]
    return found


def rewrite(html: str, change: Change) -> str:
    """HTML with its addresses changed."""
    written = write(read_tree(html))
    assert written.html == html
    return tags.rewrite(html, written.slots, change)


def furnish_html(html: str) -> str:
    """HTML, made ready for its page."""
    root = read_tree(html)
    furnish(root)
    return write(root).html
