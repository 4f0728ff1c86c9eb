"""Lines that are not shown where they stand: definitions, attribute lists, extensions."""

from __future__ import annotations

import re

from escriba.ground.mapped import MappedText
from escriba.markup.html.tree import Node, Verbatim
from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.blocks.html import open_html
from escriba.markup.kramdown.grammar import CODE, IAL_LINE, INDENT, LIST, OPT, WORD
from escriba.markup.kramdown.parser import Definition, KramdownParser
from escriba.markup.kramdown.source import Frame, Source

_FOOTNOTE = re.compile(rf"{OPT}\[\^({WORD})\]:[^\S\n]*(.*\n{CODE})")
_INDENTATION = re.compile(rf"^{INDENT}", re.M)
_LINK = re.compile(rf"{OPT}\[([^\n\]]+)\]:[ \t]*+(.*\S.*)\n")
_TITLE = re.compile(r"""[ \t]*(?:"(.+)"|'(.+)')[ \t]*\n""")  # on a line of its own
_QUOTED = re.compile(r"""(?<![ \t])[ \t]++(["'])""")
_ANGLED = {quote: re.compile(rf"<(.*?)>[ \t]++{quote}") for quote in "\"'"}
_ABBREVIATION = re.compile(rf"{OPT}\*\[(.{{1,100}}?)\]:(.*)\n")
_ALD = re.compile(rf"{OPT}\{{:({WORD}):({LIST})\}}[^\S\n]*\n")
_EXTENSION = re.compile(rf"{OPT}\{{::(\w+)(?:\s(?:{LIST})?)?/?\}}[^\S\n]*\n")
_IAL = re.compile(IAL_LINE)


def parse_footnote(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.scan(_FOOTNOTE)
    if not match:
        return False
    note = Node("li", at=source.mapped.locate(match.start()))
    parser.fill(note, source.cut(*match.span(2)).without(_INDENTATION))
    parser.footnotes[match[1]] = note
    frame.note("definition")
    return True


def parse_link(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.check(_LINK)
    found = _read_target(match[2].rstrip(" \t")) if match else None
    if match is None or found is None:
        return False
    url, title = found
    at = source.mapped.locate(match.start(2) + match[2].find(url))
    source.at = match.end()
    if title is None and (line := source.scan(_TITLE)):
        title = line[1] or line[2]
    name = re.sub(r"\s+", " ", match[1]).lower()
    parser.references[name] = Definition(url, title, at)
    frame.note("definition")
    return True


def _read_target(text: str) -> tuple[str, str | None] | None:
    """The address that a definition gives, and its title if it has one, out of its line."""
    if text.startswith("<"):
        if text.endswith(">"):
            return text[1:-1], None
        opening = _ANGLED[text[-1]].match(text) if text[-1] in _ANGLED else None
        if opening and opening.end() < len(text) - 1:
            return opening[1], text[opening.end() : -1]
    first = re.search(r"\S", text)
    opening = _QUOTED.search(text, first.end()) if first else None
    url, title = text, None
    if opening and text.endswith(opening[1]) and opening.end() < len(text) - 1:
        url, title = text[: opening.start()], text[opening.end() : -1]
    return None if _QUOTED.search(url) else (url, title)


def parse_abbreviation(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.scan(_ABBREVIATION)
    if match:
        parser.abbreviations[match[1]] = match[2].strip()
        frame.note("definition")
    return bool(match)


def parse_attribute_list(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    if match := source.scan(_ALD):
        parser.definitions.setdefault(match[1], Attributes()).read(match[2])
        frame.note("attributes")
    elif extension := _scan_extension(source):
        name, body = extension
        if name == "comment" and body.text:
            comment = parser.show_marks(body.text.removesuffix("\n"))
            frame.add(Node("", None, [Verbatim(f"<!-- {comment} -->")], body.locate(0)), "html")
        elif name == "nomarkdown" and body.text:
            frame.add(Node("", None, open_html(parser, [body]), body.locate(0)), "html")
        else:
            frame.note("eob")
    elif match := source.scan(_IAL):
        if frame.kinds and frame.kinds[-1][1] is not None:
            frame.attributes.of(frame.kinds[-1][1]).read(match[1])
            if not source.check(_IAL):
                frame.note("attributes")
        elif frame.last != "definition":
            frame.ial = (frame.ial or Attributes()).read(match[1])
    else:
        return False
    return True


def _scan_extension(source: Source) -> tuple[str, MappedText] | None:
    """The name and the body of the extension at the position, which moves behind it."""
    match = source.check(_EXTENSION)
    if not match:
        return None
    if match[0].rstrip().endswith("/}"):
        source.at = match.end()
        return match[1], MappedText("")
    closing = source.find_extension(match.end(), match[1])
    if closing is None:
        return None
    source.at = closing[1]
    return match[1], source.cut(match.end(), closing[0])
