"""Lists of tasks: each box gets the words after it as its name.

kramdown puts `<input type="checkbox" … disabled="disabled" />` before the text of an item, and
nothing says what the box is of: a screen reader reads "check box, checked".
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from escriba.markup.html.grammar import names
from escriba.markup.html.text import plain, text_of, walk
from escriba.markup.html.tree import Child, Formula, Html, Node, Verbatim

CHECKBOX = "task-list-item-checkbox"
# What a label may hold: text and its markup, and nothing that has a use or a label of its own.
_WORDS = names(
    "a abbr b bdi bdo br cite code data del dfn em i img ins kbd mark math q s samp small span "
    "strong sub sup time u var wbr"
)
_EMPTY = frozenset({"br", "img", "wbr"})


def label(parents: Iterable[Node]) -> None:
    """Give the boxes of tasks in some elements their labels."""
    for parent in parents:
        for box in [child for child in parent if is_box(child)]:
            _name(box, parent)


def is_box(node: Node) -> bool:
    return node.tag == "input" and node.attributes.get("class") == CHECKBOX


def _name(box: Node, parent: Node) -> None:
    """Put a box and the words after it within a label, if that can hold them and they name it."""
    begin = next(number for number, child in enumerate(parent.children) if child is box)
    end = begin + 1
    while end < len(parent.children) and _may_follow(parent.children[end]):
        end += 1
    words = parent.children[begin + 1 : end]
    cut = end < len(parent.children) and _is_split(parent.children[end])
    if not cut and _has_words(words):
        rest = _strip_end(words)
        parent.children[begin:end] = [Node("label", None, [box, *words]), *rest]
        return
    if cut:
        words = parent.children[begin + 1 : end + 1]
    name = text_of(Node("", None, words)) or ("[x]" if "checked" in box.attributes else "[ ]")
    box.attributes["aria-label"] = name
    if isinstance(box, Html):
        box.opening = f'<input aria-label="{escape(name)}"{box.opening[6:]}'


def _may_follow(child: Child) -> bool:
    """Whether something can be in a label as a whole."""
    waiting = [child]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, Node):
            if not _is_plain(each):
                return False
        elif each.tag != "math":
            if each.tag and not _is_word(each):
                return False
            waiting += each.children
    return True


def _is_plain(child: Verbatim | str) -> bool:
    if isinstance(child, str | Formula):
        return True
    return child.is_text or child.html.startswith("<!--")


def _is_word(node: Node) -> bool:
    bare = isinstance(node, Html) and node.is_bare and node.tag not in _EMPTY
    return node.tag in _WORDS and not bare


def _is_split(child: Child) -> bool:
    """Whether something begins as words, and goes on as what no label can hold."""
    return isinstance(child, Node) and child.tag in _WORDS


def _has_words(words: Iterable[Child]) -> bool:
    """Whether there are words for everybody, which a formula alone is not."""
    return any(
        (isinstance(each, Node) and each.tag == "img" and bool(each.attributes.get("alt")))
        or (not isinstance(each, Node | Formula) and bool(plain(each).strip()))
        for each in walk(Node("", None, words))
    )


def _strip_end(words: list[Child]) -> list[Child]:
    """Take the white space off the end of words, and return it."""
    last = words[-1]
    text = last if isinstance(last, str) else last.html if isinstance(last, Verbatim) else ""
    kept = text.rstrip()
    if kept == text:
        return []
    rest: Child = text[len(kept) :]
    if isinstance(last, Verbatim):
        words[-1:] = [Verbatim(kept, last.at, is_text=True)] if kept else []
        return [Verbatim(str(rest), is_text=True)]
    words[-1:] = [kept] if kept else []
    return [rest]
