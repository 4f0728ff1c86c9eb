"""HTML between paragraphs: it stays as it is, but for what says `markdown="1"`, wherever in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from escriba.ground.mapped import MappedText, join
from escriba.markup.html.entities import unescape
from escriba.markup.html.grammar import SPAN_ELEMENTS, VOID_ELEMENTS
from escriba.markup.html.tree import Child, Node, Part, parse
from escriba.markup.kramdown.enclosed import Nested, hide, holds
from escriba.markup.kramdown.grammar import ATTRIBUTE, OPT, TAG
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.source import Frame, Source
from escriba.markup.math.html import blank_literals, find_formulas

_START = re.compile(rf"{OPT}{TAG}", re.S)
_COMMENT, _COMMENT_END = re.compile(rf"{OPT}<!--"), re.compile(r"-->[ \t]*\n?")
_INSTRUCTION, _INSTRUCTION_END = re.compile(r"<\?"), re.compile(r"\?>[ \t]*\n?")
_REST = re.compile(r"[ \t]*\n")


def parse_html(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The element or comment at the position, if it is one that stands between paragraphs."""
    at = source.place
    note = _scan_note(source)
    if note.text:
        waiting, frame.ial = frame.ial, None  # attributes are for the next block that can have any
        frame.add(Node("", None, open_html(parser, [note.strip()]), at), "html")
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
    whole = bool(match[3]) or name in VOID_ELEMENTS
    if held and not whole:
        end, source.at = source.enclosures.find_end(source.at, name, held)
        source.scan(_REST)
        nested = Nested(name, attributes, source.cut(match.end(), end), held)
        frame.add(_hold(parser, nested, at), "html")
        return True
    opening = source.cut(*match.span()).strip()
    parts: list[MappedText | Nested] = [hide(opening) if asked is not None else opening]
    if not whole:
        inside = source.enclosures.read(source.at, name)
        end_tag = source.cut(inside.end, inside.after)
        parts += [*inside.parts, end_tag if end_tag.text else MappedText(f"</{name}>")]
        source.at = inside.after
    source.scan(_REST)
    frame.add(Node("", None, _mix(parser, parts), at), "html")
    return True


def _mix(parser: KramdownParser, parts: Iterable[MappedText | Nested]) -> list[Child]:
    """HTML that is left alone, with the elements within it that hold Markdown."""
    mixed: list[Part] = []
    html: list[MappedText] = []

    def close() -> None:
        whole = join(html)
        mixed.extend(find_formulas(whole, parser.delimiters))
        if "$" in whole.text or "\\" in whole.text:
            parser.prose.append(blank_literals(whole))
        html.clear()

    for part in parts:
        if isinstance(part, MappedText):
            html.append(part)
        else:
            close()
            mixed.append(_hold(parser, part, part.text.locate(0)))
    close()
    return open_html(parser, mixed)


def open_html(parser: KramdownParser, parts: Iterable[Part]) -> list[Child]:
    """The tree of some HTML, with other HTML in the place of the marks in it."""
    return parse(parts, parser.hooks.marks)


def open_mark(parser: KramdownParser, mark: str, at: int) -> Node:
    """The HTML that a mark stands for."""
    return Node("", None, parse([parser.hooks.marks[mark]]), at)


def _hold(parser: KramdownParser, nested: Nested, at: int) -> Node:
    """An element whose text is Markdown."""
    element = Node(nested.name, nested.attributes, at=at)
    text = nested.text
    if nested.holds == "block":
        parser.fill(element, text.cut(len(text) - len(text.text.lstrip("\n"))))
    else:
        element.source = text
    return element


def _scan_note(source: Source) -> MappedText:
    """The comment or the processing instruction at the position, which moves behind it."""
    before = source.at
    for opening, closing in ((_COMMENT, _COMMENT_END), (_INSTRUCTION, _INSTRUCTION_END)):
        match = source.check(opening)
        end = source.ahead.search(closing, match.end()) if match else None
        if end:
            source.at = end.end()
            break
    return source.cut(before, source.at)


def read_attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, their names in lower case and their entities resolved."""
    return {
        name.lower(): unescape(word or quoted) for name, word, _, quoted in ATTRIBUTE.findall(text)
    }
