"""HTML between paragraphs: it stays as it is, but for what says `markdown="1"`, wherever in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from escriba.markup.html.grammar import SPAN_ELEMENTS, VOID_ELEMENTS
from escriba.markup.html.text import unescape
from escriba.markup.kramdown.enclosed import Nested, hide, holds
from escriba.markup.kramdown.grammar import ATTRIBUTE, OPT, TAG
from escriba.markup.kramdown.source import Frame, Source, raw

if TYPE_CHECKING:
    from escriba.markup.kramdown.parser import KramdownParser

_START = re.compile(rf"{OPT}{TAG}", re.S)
_COMMENT, _COMMENT_END = re.compile(rf"{OPT}<!--"), re.compile(r"-->[ \t]*\n?")
_INSTRUCTION, _INSTRUCTION_END = re.compile(r"<\?"), re.compile(r"\?>[ \t]*\n?")
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
    asked = attributes.pop("markdown", None)
    held = holds(name, asked)
    source.at = match.end()
    parts: list[str | Nested] = []
    whole = bool(match[3]) or name in VOID_ELEMENTS
    if held and not whole:
        end, source.at = source.enclosures.find_end(source.at, name, held)
        source.scan(_REST)
        frame.add(
            _hold(parser, Nested(name, attributes, source.text[match.end() : end], held)), "html"
        )
        return True
    if not whole:
        inside = source.enclosures.read(source.at, name)
        parts = [*inside.parts, source.text[inside.end : inside.after] or f"</{name}>"]
        source.at = inside.after
    source.scan(_REST)
    opening = match[0].strip()
    opening = hide(opening) if asked is not None else opening
    frame.add(_mix(parser, [opening, *parts]), "html")
    return True


def _mix(parser: KramdownParser, parts: list[str | Nested]) -> Element:
    """HTML that is left alone, with the elements within it that hold Markdown."""
    mixed = raw("")
    html: list[str] = []
    for part in (*parts, None):
        if isinstance(part, str):
            html.append(part)
            continue
        text = parser.raw_html("".join(html))
        mark = AtomicString(parser.md.htmlStash.store(text) if text else "")
        if len(mixed):
            mixed[-1].tail = mark
        else:
            mixed.text = mark
        html.clear()
        if part is not None:
            mixed.append(_hold(parser, part))
    return mixed


def _hold(parser: KramdownParser, nested: Nested) -> Element:
    """An element whose text is Markdown."""
    element = Element(nested.name, nested.attributes)
    if nested.holds == "block":
        parser.fill(element, nested.text.lstrip("\n"))
    else:
        element.text = nested.text
    return element


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
