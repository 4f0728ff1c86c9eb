"""A post's tree, made ready to stand in a page.

What kramdown makes of a post knows nothing of the page around it. Here its headings come to stand
under the page's title, which is the one `h1`, boxes that scroll can be reached with the keys (WCAG
2.2, 2.1.1), and those of tasks have labels (1.3.1). The text itself is never touched.
"""

from __future__ import annotations

import re

from escriba.markup.html.grammar import HEADINGS
from escriba.markup.html.tasks import is_box, label
from escriba.markup.html.tree import Child, Formula, Html, Node

_DISPLAY = re.compile(r"""<math[^>]*\sdisplay\s*=\s*["']?block""", re.IGNORECASE)
# kramdown gives these to elements that may not have them (ARIA in HTML), or no longer should.
_MISPLACED = frozenset({"doc-noteref", "doc-endnote"})
_ROLE = re.compile(r'\srole="doc-(?:noteref|endnote)"')
_NESTS = frozenset({"pre", "table", "math"})
_KEYS = ' tabindex="0"'


def furnish(root: Node) -> None:
    """Change a tree for its page.

    The topmost level of its headings becomes `h2`. Display formulas and tables get a box that
    scrolls by keyboard, and code becomes one. Boxes of tasks get labels.
    """
    headings: list[Node] = []
    tasks: dict[Node, None] = {}  # the elements that have some
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, inside = waiting.pop()
        for number, child in enumerate(node.children):
            if not isinstance(child, str) and not inside:
                node.children[number] = _box(child)
            if isinstance(child, Node):
                if child.tag in HEADINGS:
                    headings.append(child)
                elif child.tag in ("sup", "li"):
                    _drop_role(child)
                if is_box(child):
                    tasks[node] = None
                waiting.append((child, inside or _nests(child)))
    shift = 2 - min((int(node.tag[1]) for node in headings), default=2)
    for node in headings if shift else ():
        _shift(node, shift)
    label(tasks)


def _nests(node: Node) -> bool:
    return node.tag in _NESTS and not (isinstance(node, Html) and node.is_bare)


def _shift(heading: Node, by: int) -> None:
    level = str(min(6, int(heading.tag[1]) + by))
    heading.tag = f"h{level}"
    if isinstance(heading, Html):
        heading.opening = re.sub("[1-6]", level, heading.opening, count=1)
        heading.closing = re.sub("[1-6]", level, heading.closing, count=1)


def _drop_role(node: Node) -> None:
    if node.attributes.get("role") in _MISPLACED:
        del node.attributes["role"]
        if isinstance(node, Html):
            node.opening = _ROLE.sub("", node.opening)


def _box(child: Child) -> Child:
    """A child in the box that it needs, if it needs one."""
    if isinstance(child, Formula):
        return _hold("span", child) if _DISPLAY.match(child.html) else child
    if not isinstance(child, Node) or not _nests(child):
        return child
    if child.tag == "pre":
        child.added = "" if "tabindex" in child.attributes else _KEYS
    elif child.tag == "table":
        return _hold("div", child)
    elif isinstance(child, Html) and _DISPLAY.match(child.opening):
        return _hold("span", child)  # a formula may stand in a paragraph, where a div may not
    return child


def _hold(tag: str, child: Child) -> Node:
    return Node(tag, {"class": "scroll", "tabindex": "0"}, [child])
