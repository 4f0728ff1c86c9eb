"""A post's HTML, made ready to stand in a page.

What kramdown makes of a post knows nothing of the page around it. Here its headings come to stand
under the page's title, which is the one `h1`, boxes that scroll can be reached with the keys (WCAG
2.2, 2.1.1), and those of tasks have labels (1.3.1). The text itself is never touched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from escriba.markup.html.tags import TAG
from escriba.markup.html.tasks import label

_DISPLAY = re.compile(r"""\sdisplay\s*=\s*["']?block""", re.IGNORECASE)
_TABINDEX = re.compile(r"\stabindex\s*=", re.IGNORECASE)
# kramdown gives these to elements that may not have them (ARIA in HTML), or no longer should.
_MISPLACED = re.compile(r'\srole="doc-(?:noteref|endnote)"')
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NESTS = frozenset({"pre", "table", "math"})


def furnish(html: str, tags: Sequence[re.Match[str]] | None = None) -> str:
    """The HTML of a post for its page; `tags` are those of TAG in it, if they are known.

    The topmost level of its headings becomes `h2`. Display formulas and tables get a box that
    scrolls by keyboard, and code becomes one; HTML of the author's own in which these are not
    closed is left without. Boxes of tasks get labels.
    """
    tags = list(TAG.finditer(html)) if tags is None else tags
    found = Counter(m[2] + m[3].lower() for m in tags if m[3])
    shift = 2 - min((int(name[1]) for name in found if name in _HEADINGS), default=2)
    whole = all(found[name] == found["/" + name] for name in _NESTS)
    inside: list[str] = []  # what encloses: the closing tag of its box

    def tag(match: re.Match[str]) -> str:
        text, slash, name = match[0], match[2], (match[3] or "").lower()
        if name in _HEADINGS:
            return re.sub("[1-6]", str(min(6, int(name[1]) + shift)), text, count=1)
        if name in ("sup", "li"):
            return _MISPLACED.sub("", text)
        if name not in _NESTS or not whole:
            return text
        if slash:
            return text + (inside.pop() if inside else "")
        box, end = ("", "") if inside else _box(name, text)
        inside.append(end)
        if name == "pre" and not inside[1:] and not _TABINDEX.search(text):
            return text[:-1] + ' tabindex="0">'
        return box + text

    kept: list[str] = []
    at = 0
    for match in tags:
        new = tag(match)
        if new != match[0]:
            kept += (html[at : match.start()], new)
            at = match.end()
    return label("".join([*kept, html[at:]]))


def _box(name: str, tag: str) -> tuple[str, str]:
    # A formula may stand in a paragraph, where a div may not.
    if name == "table":
        return '<div class="scroll" tabindex="0">', "</div>"
    if name == "math" and _DISPLAY.search(tag):
        return '<span class="scroll" tabindex="0">', "</span>"
    return "", ""
