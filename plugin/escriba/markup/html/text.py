"""The text of a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escriba.markup.html.entities import unescape
from escriba.markup.html.grammar import names
from escriba.markup.html.tree import Child, Formula, Html, Node, Verbatim
from escriba.markup.html.write import escape_text, write
from escriba.tex.words import read

_NO_PROSE = names("pre svg math style script")


def text_of(root: Node) -> str:
    """The text of all that an element holds, in one line, without footnote marks; formulas as
    words."""
    return " ".join("".join(map(plain, walk(root))).split())


def count_words(root: Node) -> int:
    """The words that are read one by one: not those of code, formulas and drawings."""
    pieces = (
        " " if isinstance(each, Formula) or (isinstance(each, Node) and each.tag in _NO_PROSE)
        else "" if isinstance(each, Node)
        else plain(each)
        for each in walk(root, _NO_PROSE)
    )  # fmt: skip
    return len(re.findall(r"\w+", "".join(pieces)))


def walk(root: Node, whole: frozenset[str] = frozenset({"math"})) -> Iterator[Child]:
    """All that an element holds, in order, but marks of footnotes; what is in elements of some
    names comes with these alone."""
    waiting = root.children[::-1]
    while waiting:
        child = waiting.pop()
        if not isinstance(child, Node):
            yield child
        elif not is_note(child):
            yield child
            if child.tag not in whole:
                waiting += child.children[::-1]


def plain(child: Child) -> str:
    """The text of one thing out of `walk`; of a formula, words."""
    if isinstance(child, str):
        return unescape(escape_text(child)) if "&" in child else child
    if isinstance(child, Formula):
        return read(child.html)
    if isinstance(child, Verbatim):
        return unescape(child.html) if child.is_text else ""
    if child.tag == "math" and isinstance(child, Html) and not child.is_bare:
        return read(child.opening + write(child).html + child.closing)
    return ""


def is_note(node: Node) -> bool:
    """Whether an element is the mark of a footnote."""
    return node.tag == "sup" and node.attributes.get("id", "").startswith("fnref")
