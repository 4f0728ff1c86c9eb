"""Definition lists: terms, each on its own line, and definitions that begin with a colon."""

from __future__ import annotations

import re

from escriba.markup.html.tree import Node
from escriba.markup.kramdown.blocks.lists import Item, dedent, read_first_line, unwrap
from escriba.markup.kramdown.grammar import BLANK, DEFINITION, EOB, TAIL
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.source import Frame, Source

_START = re.compile(DEFINITION)
_BLANK = re.compile(f"{BLANK}+")
_EOB = re.compile(EOB)


def parse(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The definitions at the position, if a paragraph with their terms stands before them."""
    match = source.check(_START)
    kinds = [kind for kind, _ in frame.kinds[-2:]]
    if not match or not (kinds[-1:] == ["p"] or kinds == ["p", "blank"]):
        return False
    frame.close()
    spaced = kinds[-1] == "blank"
    if spaced:
        frame.kinds.pop()
    _, terms = frame.kinds.pop()
    assert terms is not None and terms.source and frame.element.children[-1] is terms
    del frame.element.children[-1]
    before = [entry for entry in frame.kinds[-2:] if entry[0] != "blank"]
    if before and before[-1][0] == "dl" and len(frame.kinds) and before[-1][1] is not None:
        element = before[-1][1]
        while frame.last == "blank":
            frame.kinds.pop()
    else:
        element = frame.add(Node("dl", at=terms.at))
        frame.attributes.hand_over(terms, element)
    at = 0
    for term in terms.source.text.split("\n"):
        written = terms.source.cut(at, at + len(term))
        element.append(Node("dt", at=written.locate(0), source=written))
        at += len(term) + 1
    blank = False
    for item, first_as_paragraph in _gather(source, spaced):
        dd = element.append(Node("dd", at=item.at))
        inner = Frame(dd, parser.attributes)
        parser.fill_frame(inner, item.texts[0])
        parser.attributes.add(dd, item.attributes)
        kinds = [kind for kind, _ in inner.kinds]
        blank = kinds[-1:] == ["blank"]
        if kinds[:1] == ["p"] and not first_as_paragraph:
            unwrap(dd, newline=len(kinds) - blank > 1)
    if blank:
        frame.note("blank")
    return True


def _gather(source: Source, spaced: bool) -> list[tuple[Item, bool]]:
    """The definitions, each with whether its first paragraph remains one."""
    found: list[tuple[Item, bool]] = []
    start = _START
    blank = False
    while not source.done:
        if match := source.scan(start):
            item = read_first_line(source.cut(*match.span(1)), source.cut(*match.span(2)))
            found.append((item, spaced))
            width = item.width - 1 if item.width < 4 else 3
            start = re.compile(rf"([ ]{{0,{width}}}:)({TAIL})")
            spaced = blank = False
            continue
        if source.check(_EOB):
            break
        item = found[-1][0]
        match = source.scan(item.belongs) or (None if blank else source.scan(item.lazy))
        if match:
            item.add(dedent(source.cut(*match.span()), item.width)[0])
            spaced = blank = False
        elif match := source.scan(_BLANK):
            item.add(source.cut(*match.span()))
            spaced = blank = True
        else:
            break
    return found
