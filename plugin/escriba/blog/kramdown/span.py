"""What stands within a line: code, formulas, HTML, footnote marks, attribute lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString, code_escape

from escriba.blog.kramdown.attributes import Attributes
from escriba.blog.kramdown.grammar import (
    ANY,
    BLOCK_ELEMENTS,
    CLOSE_TAG,
    COMMENT,
    HOLDS_RAW,
    TAG,
    VOID_ELEMENTS,
    WORD,
)  # fmt: skip
from escriba.blog.kramdown.html import read_attributes

if TYPE_CHECKING:
    from escriba.blog.kramdown.block import KramdownParser

Found = tuple[Any, int | None, int | None]

_TICKS = re.compile("`+")
_VERBATIM = (
    r"(?P<ticks>(?<!\\)`+)"
    r"|(?<!\\)\$\$(?P<tex>.*?)\$\$"
    r"|\{::(?P<name>comment|nomarkdown)(?:\s[^}]*)?\}(?P<body>.*?)\{:/(?:(?P=name))?\}"
    rf"|(?P<attributes>\{{:(?!:|/){ANY}+\}})"
    r"|(?P<br>(?:  |\\\\|\\)(?=\n))"
    r"|\\(?P<escaped>.)"
)


class Verbatim(InlineProcessor):
    """What hides everything within it, whichever begins first: code, a formula, raw text."""

    def __init__(self, md: Markdown, formula: Callable[[str, bool], str], escaped: str):
        super().__init__(_VERBATIM, md)
        self.formula = formula
        self.escaped = escaped

    def handleMatch(self, m: re.Match[str], data: str) -> Found:  # type: ignore[override]
        assert self.md is not None
        if m["ticks"]:
            return self._code(m, data)
        if m["escaped"]:
            if m["escaped"] in self.escaped:
                return f"\x02{ord(m['escaped'])}\x03", m.start(), m.end()
            return None, None, None
        if m["attributes"]:  # put aside for `SpanAttributes`, before its quotes become curly
            return m["attributes"], m.start(), m.end()
        if m["br"]:
            return Element("br"), m.start(), m.end()
        html = m["body"]
        if m["tex"] is not None:
            html = self.formula(m["tex"], False)
        elif m["name"] == "comment":
            html = f"<!-- {html} -->"
        return self.md.htmlStash.store(html), m.start(), m.end()

    def _code(self, m: re.Match[str], data: str) -> Found:
        ticks = m["ticks"]
        single = len(ticks) == 1
        before, after = data[m.start() - 1 : m.start()], data[m.end() : m.end() + 1]
        close = data.find(ticks, m.end())
        alone = single and after.isspace() and (not before or before.isspace())
        if close < 0 or alone:
            return ticks, m.start(), m.end()
        text = data[m.end() : close]
        if not single:
            text = text.removeprefix(" ").removesuffix(" ")
        code = Element("code", {"class": "language-plaintext highlighter-rouge"})
        code.text = AtomicString(code_escape(text))
        return code, m.start(), close + len(ticks)


class Html(InlineProcessor):
    """An element written as HTML within a line; what it holds is Markdown again."""

    def __init__(self, md: Markdown):
        super().__init__(rf"(?P<comment>{COMMENT})|(?<!<){TAG}", md)

    def handleMatch(self, m: re.Match[str], data: str) -> Found:  # type: ignore[override]
        assert self.md is not None
        if m["comment"]:
            return self.md.htmlStash.store(m[0]), m.start(), m.end()
        if m[2].lower() in BLOCK_ELEMENTS:
            return None, None, None
        element, end = _read_element(data, m)
        return element, m.start(), end


DEEPEST = 40  # elements within elements; what is deeper is text

_TAG = re.compile(TAG, re.S)
_TAGS = re.compile(rf"{TAG}|{CLOSE_TAG}", re.S)


def _read_element(data: str, m: re.Match[str], depth: int = 0) -> tuple[Element, int]:
    """The element that a start tag begins, with those within it, and where it ends.

    An element without an end tag goes on to the end of its text.
    """
    tag = _TAG.match(data, m.start())
    assert tag is not None
    element = Element(tag[1].lower(), read_attributes(tag[2]))
    element.attrib.pop("markdown", None)
    if tag[3] or element.tag in VOID_ELEMENTS:
        return element, tag.end()
    kind = AtomicString if element.tag in HOLDS_RAW or depth == DEEPEST else str
    at = tag.end()
    while match := _TAGS.search(data, at):
        opened, closed = match[1], match[4]
        if closed and closed.lower() == element.tag:
            _add_text(element, kind(data[at : match.start()]))
            return element, match.end()
        if opened and opened.lower() not in BLOCK_ELEMENTS and depth < DEEPEST:
            _add_text(element, kind(data[at : match.start()]))
            child, at = _read_element(data, match, depth + 1)
            element.append(child)
        else:
            _add_text(element, kind(data[at : match.end()]))
            at = match.end()
    _add_text(element, kind(data[at:]))
    return element, len(data)


def _add_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = type(text)((element[-1].tail or "") + text)
    else:
        element.text = type(text)((element.text or "") + text)


class FootnoteMark(InlineProcessor):
    """`[^name]` where a footnote of this name is defined; numbered when the document is done."""

    def __init__(self, md: Markdown, parser: KramdownParser):
        super().__init__(rf"\[\^({WORD})\]", md)
        self.parser = parser

    def handleMatch(self, m: re.Match[str], data: str) -> Found:  # type: ignore[override]
        if m[1] not in self.parser.footnotes:
            return f"[^{m[1]}]", m.start(), m.end()
        mark = Element("sup", {"id": f"fnref:{m[1]}", "role": "doc-noteref"})
        link = SubElement(mark, "a", {"href": f"#fn:{m[1]}", "class": "footnote"})
        link.set("rel", "footnote")
        link.text = AtomicString("0")
        return mark, m.start(), m.end()


class SpanAttributes(InlineProcessor):
    """An attribute list directly after an element of a line; elsewhere it is text."""

    def __init__(self, md: Markdown, parser: KramdownParser):
        super().__init__(r"\x02klzzwxh:(\d+)\x03(?=\x02klzzwxh:(\d+)\x03)", md)
        self.parser = parser

    def handleMatch(self, m: re.Match[str], data: str) -> Found:  # type: ignore[override]
        assert self.md is not None
        stash = self.md.treeprocessors["inline"].stashed_nodes  # type: ignore[attr-defined]
        element, attributes = stash.get(m[1]), stash.get(m[2])
        if not isinstance(element, Element) or not isinstance(attributes, str):
            return None, None, None
        if not attributes.startswith("{:"):
            return None, None, None
        Attributes().read(attributes[2:-1]).apply(element, self.parser.definitions)
        return "", m.end(), m.end(2) + 1
