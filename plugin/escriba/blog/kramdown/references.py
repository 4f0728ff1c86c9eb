"""Lines that are not shown where they stand: definitions, attribute lists, extensions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from escriba.blog.kramdown.attributes import Attributes
from escriba.blog.kramdown.grammar import ANY, CODE, IAL_LINE, INDENT, OPT, WORD
from escriba.blog.kramdown.source import Frame, Source, raw

if TYPE_CHECKING:
    from escriba.blog.kramdown.block import KramdownParser

_FOOTNOTE = re.compile(rf"{OPT}\[\^({WORD})\]:[^\S\n]*(.*\n{CODE})")
_LINK = re.compile(
    rf"{OPT}\[([^\n\]]+)\]:[ \t]*(?:<(.*?)>|([^\n]*?\S[^\n]*?))"
    r"""(?:(?:[ \t]*\n|[ \t]+)[ \t]*(["'])(.+?)\4)?[ \t]*\n"""
)
_ABBREVIATION = re.compile(rf"{OPT}\*\[(.+?)\]:(.*)\n")
_ALD = re.compile(rf"{OPT}\{{:({WORD}):({ANY}+)\}}[^\S\n]*\n")
_EXTENSION = re.compile(
    rf"{OPT}\{{::(\w+)(?:\s({ANY}*?))?(/)?\}}[^\S\n]*\n"
    rf"(?(3)|(?P<body>(?:.*\n)*?){OPT}\{{:/(?:\1)?\}}[^\S\n]*\n)"
)
_IAL = re.compile(IAL_LINE)


def parse_footnote(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.scan(_FOOTNOTE)
    if not match:
        return False
    note = Element("li")
    parser.fill(note, re.sub(rf"^{INDENT}", "", match[2], flags=re.M))
    parser.footnotes[match[1]] = note
    frame.note("definition")
    return True


def parse_link(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.check(_LINK)
    if not match or re.search(r"""[ \t]+["']""", match[3] or ""):
        return False
    source.at = match.end()
    name = re.sub(r"\s+", " ", match[1]).lower()
    url = match[3] if match[2] is None else match[2]
    parser.md.references[name] = (url, match[5])
    frame.note("definition")
    return True


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
    elif match := source.scan(_EXTENSION):
        if match[1] == "comment" and match["body"]:
            comment = match["body"].removesuffix("\n")
            frame.add(raw(parser.md.htmlStash.store(f"<!-- {comment} -->")), "html")
        elif match[1] == "nomarkdown" and match["body"]:
            frame.add(raw(parser.md.htmlStash.store(match["body"])), "html")
        else:
            frame.note("eob")
    elif match := source.scan(_IAL):
        if frame.kinds and frame.kinds[-1][1] is not None:
            frame.attributes_of(frame.kinds[-1][1]).read(match[1])
            if not source.check(_IAL):
                frame.note("attributes")
        elif frame.last != "definition":
            frame.ial = (frame.ial or Attributes()).read(match[1])
    return bool(match)
