"""Lists of tasks: each box gets the words after it as its name.

kramdown puts `<input type="checkbox" … disabled="disabled" />` before the text of an item, and
nothing says what the box is of: a screen reader reads "check box, checked".
"""

from __future__ import annotations

import re
from html import escape

from escriba.blog.links import TAG
from escriba.blog.text import text_of

_BOX = re.compile(r'<input\b[^>]*\bclass="task-list-item-checkbox"')
# What a label may hold: text and its markup, and nothing that has a use or a label of its own.
_WORDS = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data", "del", "dfn", "em", "i", "img",
    "ins", "kbd", "mark", "math", "q", "s", "samp", "small", "span", "strong", "sub", "sup",
    "time", "u", "var", "wbr",
})  # fmt: skip
_EMPTY = frozenset({"br", "img", "wbr"})
_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)  # is not text to all who look for names
_TOLD = re.compile(r"""<img\b[^>]*\balt=(?:"[^"]|'[^'])""")  # an image that has words


def label(html: str) -> str:
    """HTML whose boxes of tasks have labels. Takes time in proportion to its size."""
    if not _BOX.search(html):
        return html
    parts: list[str] = []
    at = 0
    box: re.Match[str] | None = None
    open_tags: list[str] = []
    for tag in TAG.finditer(html):
        if box is not None and not _goes_on(tag, open_tags):
            parts += [html[at : box.start()], _name(html, box, tag.start(), whole=not open_tags)]
            at, box = tag.start(), None
        if box is None and _BOX.match(tag[0]):
            box, open_tags = tag, []
    return "".join([*parts, html[at:]])


def _goes_on(tag: re.Match[str], open_tags: list[str]) -> bool:
    """Whether the words after a box go on behind a tag; `open_tags` are those open among them."""
    name = (tag[3] or "").lower()
    if not name:
        return tag[0].startswith("<!--")
    if name not in _WORDS and "math" not in open_tags:
        return False
    if tag[2]:
        return bool(open_tags) and open_tags.pop() == name
    if name not in _EMPTY:
        open_tags.append(name)
    return True


def _name(html: str, box: re.Match[str], end: int, *, whole: bool) -> str:
    """A box and its words, up to `end`: within a label, if they are `whole` and there are some."""
    words = html[box.end() : end]
    kept = words.rstrip()
    if whole and (text_of(_MATH.sub("", kept)) or _TOLD.search(kept)):
        return f"<label>{box[0]}{kept}</label>{words[len(kept) :]}"
    text = text_of(words) or ("[x]" if "checked=" in box[0] else "[ ]")
    return f'{box[0][: box[0].index("class=")]}aria-label="{escape(text)}" ' + (
        box[0][box[0].index("class=") :] + words
    )
