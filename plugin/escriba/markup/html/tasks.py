"""Lists of tasks: each box gets the words after it as its name.

kramdown puts `<input type="checkbox" … disabled="disabled" />` before the text of an item, and
nothing says what the box is of: a screen reader reads "check box, checked".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from escriba.markup.html.tags import TAG
from escriba.markup.html.text import text_of

_CLASS = "task-list-item-checkbox"
_BOX = re.compile(rf'<input\b[^>]*\bclass="{_CLASS}"')
# What a label may hold: text and its markup, and nothing that has a use or a label of its own.
_WORDS = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data", "del", "dfn", "em", "i", "img",
    "ins", "kbd", "mark", "math", "q", "s", "samp", "small", "span", "strong", "sub", "sup",
    "time", "u", "var", "wbr",
})  # fmt: skip
_EMPTY = frozenset({"br", "img", "wbr"})
_TOLD = re.compile(r"""<img\b[^>]*\balt=(?:"[^"]|'[^'])""")  # an image that has words


@dataclass
class _Item:
    """A box, and what is known of the words after it, up to the tag that is looked at."""

    box: re.Match[str]
    end: int  # of the last tag
    open: list[str] = field(default_factory=list)  # elements
    worded: bool = False  # there are words for everybody, which a formula alone is not


def label(html: str) -> str:
    """HTML whose boxes of tasks have labels. Takes time in proportion to its size."""
    if _CLASS not in html:
        return html
    parts: list[str] = []
    at = 0
    item: _Item | None = None
    for tag in TAG.finditer(html):
        if item is not None and not _goes_on(item, html, tag):
            parts += [html[at : item.box.start()], _name(item, html, tag.start())]
            at, item = tag.start(), None
        if item is None and _BOX.match(tag[0]):
            item = _Item(tag, tag.end())
    return "".join([*parts, html[at:]])


def _goes_on(item: _Item, html: str, tag: re.Match[str]) -> bool:
    """Whether the words after a box go on behind a tag, which is noted."""
    name = (tag[3] or "").lower()
    if "math" not in item.open and html[item.end : tag.start()].strip():
        item.worded = True
    item.end = tag.end()
    if not name:
        return tag[0].startswith("<!--")
    if name not in _WORDS and "math" not in item.open:
        return False
    if tag[2]:
        return bool(item.open) and item.open.pop() == name
    item.worded = item.worded or _TOLD.match(tag[0]) is not None
    if name not in _EMPTY:
        item.open.append(name)
    return True


def _name(item: _Item, html: str, end: int) -> str:
    """A box and its words, up to `end`: within a label, if that can hold them and they name it."""
    box, words = item.box[0], html[item.box.end() : end]
    if item.worded and not item.open:
        kept = words.rstrip()
        return f"<label>{box}{kept}</label>{words[len(kept) :]}"
    name = escape(text_of(words) or ("[x]" if "checked=" in box else "[ ]"))
    return f'<input aria-label="{name}"{box.removeprefix("<input")}{words}'
