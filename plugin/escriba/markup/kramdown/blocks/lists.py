"""Ordered and unordered lists: items, what belongs to them, and whether they are tight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.grammar import (  # fmt: skip
    BLANK,
    EOB,
    HTML_START,
    HTML_STOP,
    IAL,
    LIST,
    LIST_OL,
    LIST_UL,
    RULE,
    TAIL,
    WORD,
    line,
)
from escriba.markup.kramdown.source import Frame, Source

if TYPE_CHECKING:
    from escriba.markup.kramdown.parser import KramdownParser

_UL = re.compile(LIST_UL)
_START = line(LIST_UL, LIST_OL)
_BLANK = re.compile(f"{BLANK}+")
_EOB = re.compile(EOB)
_RULE = re.compile(RULE)
_ITEM_IAL = re.compile(rf"\s*+\{{:(?!(?:{WORD})?:|/)({LIST})\}}\s*+")
_EMPTY = re.compile(rf"(?:{_ITEM_IAL.pattern})?\s*+\Z")
_TASK = re.compile(r"\A\s*\[([ xX])\]\s+")
_DEEPEST = 100  # columns that a line is set apart by, at most


@dataclass
class Item:
    """The text of one list item, or one definition, being gathered.

    `width` is the column at which its text begins: lines indented as far belong to it. `pieces`
    have the lines of its parts; a paragraph does not go on from one to the next.
    """

    width: int
    pieces: list[list[str]]
    attributes: Attributes = field(default_factory=Attributes)

    @property
    def belongs(self) -> re.Pattern[str]:
        return _belongs(self.width)

    @property
    def lazy(self) -> re.Pattern[str]:
        return _lazy(min(self.width, 3))

    def add(self, text: str) -> None:
        self.pieces[-1].append(text)

    @property
    def texts(self) -> list[str]:
        return ["".join(piece) for piece in self.pieces]


def read_first_line(marker: str, text: str) -> Item:
    """The item that a marker and the rest of its line begin."""
    bare = text.lstrip("\t ")
    white = len((marker + text[: len(text) - len(bare)]).expandtabs(4))
    width = 4 if _EMPTY.match(text) else white
    attributes = Attributes()
    text = text.lstrip()
    if match := _ITEM_IAL.match(text):
        attributes.read(match[1])
        text = text[match.end() :]
    return Item(width, [[text]], attributes)


def dedent(text: str, width: int) -> tuple[str, bool]:
    """A line without the indentation of its item, and whether it had it."""
    text = re.sub(r"\A\t+", lambda tabs: " " * 4 * len(tabs[0]), text)
    indented = len(text) >= width and not text[:width].strip(" ")
    return (text[width:] if indented else text), indented


def parse(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The list at the position, if there is one."""
    if not source.check(_START):
        return False
    kind = "ul" if source.check(_UL) else "ol"
    items, ended = _gather(source, kind)
    element = frame.add(Element(kind))
    frames = []
    for item in items:
        li = SubElement(element, "li")
        inner = Frame(li, parser.attributes)
        for text in item.texts:
            parser.fill_frame(inner, text)
        parser.attributes.add(li, item.attributes)
        frames.append(inner)
    blank = _tighten(frames, ended)
    _mark_tasks(element)
    if blank and not ended:
        frame.note("blank")
    return True


def _gather(source: Source, kind: str) -> tuple[list[Item], bool]:
    """The items of a list, and whether a line with `^` ended it."""
    items: list[Item] = []
    start = _item_start(kind, 4)
    nested = blank = False
    while not source.done:
        if blank and source.check(_RULE):
            break
        if source.scan(_EOB):
            return items, True
        if match := source.scan(start):
            items.append(read_first_line(match[1], match[2]))
            start = _item_start(kind, min(items[-1].width, 4))
            nested, blank = bool(_START.match(items[-1].pieces[0][0])), False
            continue
        item = items[-1]
        match = source.scan(item.belongs) or (None if blank else source.scan(item.lazy))
        if match:
            text, indented = dedent(match[0], item.width)
            begins = bool(_START.match(text))
            if not nested and indented and begins:
                item.pieces.append([])  # a nested list ends the paragraph before it
                nested = True
            elif nested and not indented and begins:
                text = " " * min(item.width + 4, _DEEPEST) + text
            item.add(text)
            blank = False
        elif match := source.scan(_BLANK):
            nested = blank = True
            item.add(match[0])
        else:
            break
    return items, False


def _tighten(frames: list[Frame], ended: bool) -> bool:
    """Unwrap the first paragraphs of tight items; whether blank lines ended the last item."""
    blank = False
    unwrapped: list[bool] = []
    for number, frame in enumerate(frames):
        kinds = [kind for kind, _ in frame.kinds]
        if kinds[:2] == ["p", "attributes"]:
            del kinds[1]
        last = number == len(frames) - 1
        alone = len(kinds) < 2 or kinds[1] != "blank" or (last and len(kinds) == 2 and not ended)
        tight = kinds[:1] == ["p"] and alone and (not last or len(frames) == 1 or any(unwrapped))
        unwrapped.append(tight or kinds[:1] != ["p"])
        if not kinds:
            unwrapped[-1] = True
            continue
        if tight:
            unwrap(frame.element, newline=len(kinds) > 1 and kinds[1] != "blank")
        blank = kinds[-1] == "blank"
    return blank


def unwrap(item: Element, *, newline: bool) -> None:
    """Put the text of an item's first paragraph directly into the item."""
    paragraph = item[0]
    item.text = f"{paragraph.text}\n" if newline else paragraph.text
    item.remove(paragraph)


def _mark_tasks(element: Element) -> None:
    """`[ ]` and `[x]` at the beginning of items as check boxes."""
    found = False
    for li in element:
        holder = li[0] if not li.text and len(li) and li[0].tag == "p" else li
        match = _TASK.match(holder.text or "")
        if match:
            found = True
            box = Element("input", {"type": "checkbox", "class": "task-list-item-checkbox"})
            box.set("disabled", "disabled")
            if match[1] != " ":
                box.set("checked", "checked")
            box.tail = (holder.text or "")[match.end() :]
            holder.text = None
            holder.insert(0, box)
        if found:
            li.set("class", "task-list-item")
    if found:
        element.set("class", "task-list")


@cache
def _item_start(kind: str, width: int) -> re.Pattern[str]:
    marker = r"[+*-]" if kind == "ul" else r"\d+\."
    return re.compile(rf"([ ]{{0,{width - 1 if width < 4 else 3}}}{marker})({TAIL})")


@lru_cache(256)
def _belongs(width: int) -> re.Pattern[str]:
    tabs, spaces = divmod(width, 4)
    return re.compile(
        rf"(?:(?:\t|[ ]{{4}}){{{tabs}}}[ ]{{{spaces}}}|(?:\t|[ ]{{4}}){{{tabs + 1}}}).*\S.*\n"
    )


@cache
def _lazy(width: int) -> re.Pattern[str]:
    return re.compile(rf"(?![ ]{{0,{width}}}(?:{IAL}|{HTML_STOP}|{HTML_START})).*\S.*\n")
