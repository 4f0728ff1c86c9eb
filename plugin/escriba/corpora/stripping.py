"""What a page of HTML, or a text in Markdown, says: its words without the tags.

Elements that part a page begin a paragraph, and white space is as a browser shows it. The parser
is the standard library's, given all at once and never told that this is all: what is not closed at
a text's end is left out, as HTML says, and no text takes longer than to read it once.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_APART = frozenset((
    "address", "article", "aside", "blockquote", "body", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "html", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "ul",
))  # fmt: skip
_LINES = frozenset(("br", "li", "tr", "caption", "option"))
_CELLS = frozenset(("td", "th"))
# What no one reads as text; the title stands in the page once more, as a heading.
_UNREAD = frozenset((
    "script", "style", "template", "title", "noscript", "textarea", "svg", "math", "object",
    "iframe",
))  # fmt: skip
_SPACE = re.compile(r"[ \t\n\f\r]+")


def strip_front_matter(text: str) -> str:
    """A text without the lines between `---` and `---` (or `+++` and `+++`) that it begins with."""
    first, found, rest = text.partition("\n")
    fence = first.rstrip()
    if fence not in ("---", "+++") or not found:
        return text
    ends = ("---", "...") if fence == "---" else ("+++",)
    lines = rest.split("\n")
    for number, line in enumerate(lines):
        if line.rstrip() in ends:
            return "\n".join(lines[number + 1 :]).lstrip("\n")
    return text


def strip_html(text: str) -> str:
    """The text of a page, its paragraphs parted by blank lines."""
    page = _Page()
    page.feed(text + "<br>")  # after which no reference is left open
    return page.read()


def strip_markdown(text: str) -> str:
    """The text of what Markdown (CommonMark, with tables) makes of a text."""
    from markdown_it import MarkdownIt

    marks = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return strip_html(marks.render(text))


class _Page(HTMLParser):
    """Collects the text; `_gap` is how many line ends stand before what comes next."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._gap = 0
        self._space = False
        self._unread = ""  # the element that is passed over
        self._depth = 0  # of it, in itself
        self._pre = 0

    def read(self) -> str:
        text = "".join(self._pieces)
        return f"{text}\n" if text else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unread:
            self._depth += tag == self._unread
        elif tag in _UNREAD:
            self._unread, self._depth = tag, 1
        else:
            self._part(tag)
            self._pre += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._unread:  # `<svg/>` is empty
            self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unread:
            self._depth -= tag == self._unread
            self._unread = self._unread if self._depth else ""
        else:
            if tag != "br":
                self._part(tag)
            self._pre -= tag == "pre" and self._pre > 0

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        if self._pre:
            self._write(data.strip("\n") if not self._pieces or self._gap else data)
            return
        words = _SPACE.sub(" ", data)
        self._space |= words.startswith(" ")
        if words.strip(" "):
            self._write((" " if self._space and not self._gap else "") + words.strip(" "))
            self._space = words.endswith(" ")

    def _part(self, tag: str) -> None:
        if tag in _APART:
            self._gap = 2
        elif tag in _LINES:
            self._gap = max(1, self._gap)
        elif tag in _CELLS:
            self._space = True
        if self._gap:
            self._space = False

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._pieces:
            self._pieces.append("\n" * self._gap)
        else:
            text = text.lstrip(" \n")
        self._pieces.append(text)
        self._gap = 0
