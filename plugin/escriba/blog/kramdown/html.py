"""HTML between paragraphs: it stays as it is, unless it says `markdown="1"`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from escriba.blog.kramdown.grammar import (
    ATTRIBUTE,
    CLOSE_TAG,
    HOLDS_BLOCKS,
    HOLDS_TEXT,
    OPT,
    SPAN_ELEMENTS,
    TAG,
    VOID_ELEMENTS,
)  # fmt: skip
from escriba.blog.kramdown.source import Frame, Source, raw
from escriba.blog.text import unescape

if TYPE_CHECKING:
    from escriba.blog.kramdown.block import KramdownParser

_START = re.compile(rf"{OPT}{TAG}", re.S)
_COMMENT, _COMMENT_END = re.compile(rf"{OPT}<!--"), re.compile(r"-->[ \t]*\n?")
_INSTRUCTION, _INSTRUCTION_END = re.compile(r"<\?"), re.compile(r"\?>[ \t]*\n?")
_TOKEN = re.compile(rf"<!--|{TAG}|{CLOSE_TAG}", re.S)
_REST = re.compile(r"[ \t]*\n")


def parse(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The element or comment at the position, if it is one that stands between paragraphs."""
    note = _scan_note(source)
    if note:
        waiting, frame.ial = frame.ial, None  # attributes are for the next block that can have any
        frame.add(raw(parser.md.htmlStash.store(note.strip())), "html")
        frame.ial = waiting
        return True
    match = source.check(_START)
    if not match or match[1].lower() in SPAN_ELEMENTS:
        return False
    name = match[1].lower()
    attributes = read_attributes(match[2])
    mode = attributes.pop("markdown", "0")
    source.at = match.end()
    if match[3] or name in VOID_ELEMENTS:
        inside, html = "", match[0].strip()
    else:
        end, after = _find_end(source, name)
        inside = source.text[source.at : end]
        closing = source.text[end:after] or f"</{name}>"
        html = match[0].strip() + inside + closing
        source.at = after
    source.scan(_REST)
    blocks = mode == "block" or (mode == "1" and name in HOLDS_BLOCKS)
    if blocks or mode == "span" or (mode == "1" and name in HOLDS_TEXT):
        element = frame.add(Element(name, attributes), "html")
        if blocks:
            parser.fill(element, inside.lstrip("\n"))
        else:
            element.text = inside
        return True
    frame.add(raw(parser.md.htmlStash.store(parser.raw_html(html))), "html")
    return True


def _scan_note(source: Source) -> str:
    """The comment or the processing instruction at the position, which moves behind it."""
    before = source.at
    for opening, closing in ((_COMMENT, _COMMENT_END), (_INSTRUCTION, _INSTRUCTION_END)):
        match = source.check(opening)
        end = source.ahead.search(closing, match.end()) if match else None
        if end:
            source.at = end.end()
            break
    return source.text[before : source.at]


def read_attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, their names in lower case and their entities resolved."""
    return {
        name.lower(): unescape(word or quoted) for name, word, _, quoted in ATTRIBUTE.findall(text)
    }


def _find_end(source: Source, name: str) -> tuple[int, int]:
    """Where the end tag of an element begins and ends; the end of the text if it has none."""
    text, at = source.text, source.at
    if name in ("script", "style"):
        close = re.compile(rf"</{name}\s*>", re.I).search(text, at)
        return close.span() if close else (len(text), len(text))
    depth = 1
    while match := _TOKEN.search(text, at):
        at = match.end()
        opened, closed = match[1], match[4]
        if opened and opened.lower() == name and not match[3]:
            depth += 1
        elif closed and closed.lower() == name:
            depth -= 1
            if not depth:
                return match.span()
        elif not opened and not closed and (end := source.ahead.search(_COMMENT_END, at)):
            at = end.start() + 3
    return len(text), len(text)
