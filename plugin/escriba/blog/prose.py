"""A post's HTML, made ready to stand in a page.

What kramdown makes of a post knows nothing of the page around it. Here its headings come to stand
under the page's title, which is the one `h1`, and boxes that scroll can be reached with the keys
(WCAG 2.2, 2.1.1). The text itself is never touched.
"""

from __future__ import annotations

import re

from escriba.blog.links import TAG

_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_DISPLAY = re.compile(r"""\sdisplay\s*=\s*["']?block""", re.IGNORECASE)
_TABINDEX = re.compile(r"\stabindex\s*=", re.IGNORECASE)
# kramdown gives these to elements that may not have them (ARIA in HTML), or no longer should.
_MISPLACED = re.compile(r'\srole="doc-(?:noteref|endnote)"')
_NESTS = frozenset({"pre", "table", "math"})


def furnish(html: str) -> str:
    """The HTML of a post for its page.

    The topmost level of its headings becomes `h2`. Display formulas and tables get a box that
    scrolls by keyboard, and code becomes one. HTML of the author's own in which these are not
    closed is left without.
    """
    names = [(slash, name.lower()) for slash, name in map(_read, TAG.finditer(html))]
    levels = [int(name[1]) for _, name in names if re.fullmatch("h[1-6]", name)]
    shift = 2 - min(levels, default=2)
    whole = all(names.count(("", name)) == names.count(("/", name)) for name in _NESTS)
    inside: list[str] = []  # what encloses: the closing tag of its box

    def tag(match: re.Match[str]) -> str:
        slash, name = _read(match)
        text = match[0]
        if re.fullmatch("h[1-6]", name):
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

    return TAG.sub(tag, html)


def _read(match: re.Match[str]) -> tuple[str, str]:
    """("/" or "", name) of a tag; two empty strings for what is none."""
    found = None if match[1] else _NAME.match(match[0])
    return (found[1], found[2].lower()) if found else ("", "")


def _box(name: str, tag: str) -> tuple[str, str]:
    # A formula may stand in a paragraph, where a div may not.
    if name == "table":
        return '<div class="scroll" tabindex="0">', "</div>"
    if name == "math" and _DISPLAY.search(tag):
        return '<span class="scroll" tabindex="0">', "</span>"
    return "", ""
