"""Ordered and unordered lists: items, what belongs to them, and whether they are tight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache

from escriba.ground.mapped import MappedText, join
from escriba.markup.html.tree import Node
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
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.source import Frame, Source

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
    have the lines of its parts; a paragraph does not go on from one to the next. It begins `at`
    this place of the document.
    """

    width: int
    pieces: list[list[MappedText]]
    at: int
    attributes: Attributes = field(default_factory=Attributes)

    @property
    def belongs(self) -> re.Pattern[str]:
        return _belongs(self.width)

    @property
    def lazy(self) -> re.Pattern[str]:
        return _lazy(min(self.width, 3))

    def add(self, text: MappedText) -> None:
        self.pieces[-1].append(text)

    @property
    def texts(self) -> list[MappedText]:
        return [join(piece) for piece in self.pieces]


def read_first_line(marker: MappedText, text: MappedText) -> Item:
    """The item that a marker and the rest of its line begin."""
    bare = text.text.lstrip("\t ")
    white = len((marker.text + text.text[: len(text) - len(bare)]).expandtabs(4))
    width = 4 if _EMPTY.match(text.text) else white
    attributes = Attributes()
    text = text.cut(len(text) - len(text.text.lstrip()))
    if match := _ITEM_IAL.match(text.text):
        attributes.read(match[1])
        text = text.cut(match.end())
    return Item(width, [[text]], marker.locate(0), attributes)


def dedent(line: MappedText, width: int) -> tuple[MappedText, bool]:
    """A line without the indentation of its item, and whether it had it."""
    if tabs := len(line) - len(line.text.lstrip("\t")):
        line = line.put(tabs, " " * 4 * tabs)
    indented = len(line) >= width and not line.text[:width].strip(" ")
    return (line.cut(width) if indented else line), indented


def parse(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The list at the position, if there is one."""
    if not source.check(_START):
        return False
    kind = "ul" if source.check(_UL) else "ol"
    items, ended = _gather(source, kind)
    element = frame.add(Node(kind, at=items[0].at))
    frames = []
    for item in items:
        li = element.append(Node("li", at=item.at))
        inner = Frame(li, parser.attributes)
        for text in item.texts:
            parser.fill_frame(inner, text)
        parser.attributes.add(li, item.attributes)
        frames.append(inner)
    blank = _tighten(frames, ended)
    _mark_tasks(parser, element)
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
            marker, rest = source.cut(*match.span(1)), source.cut(*match.span(2))
            items.append(read_first_line(marker, rest))
            start = _item_start(kind, min(items[-1].width, 4))
            nested, blank = bool(_START.match(items[-1].pieces[0][0].text)), False
            continue
        item = items[-1]
        match = source.scan(item.belongs) or (None if blank else source.scan(item.lazy))
        if match:
            text, indented = dedent(source.cut(*match.span()), item.width)
            begins = bool(_START.match(text.text))
            if not nested and indented and begins:
                item.pieces.append([])  # a nested list ends the paragraph before it
                nested = True
            elif nested and not indented and begins:
                text = text.put(0, " " * min(item.width + 4, _DEEPEST))
            item.add(text)
            blank = False
        elif match := source.scan(_BLANK):
            nested = blank = True
            item.add(source.cut(*match.span()))
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


def unwrap(item: Node, *, newline: bool) -> None:
    """Put the text of an item's first paragraph directly into the item."""
    paragraph = item.children.pop(0)
    assert isinstance(paragraph, Node)
    item.source = paragraph.source
    if newline and item.source is not None:
        item.source = join([item.source, MappedText("\n", None, [item.at])])


def _mark_tasks(parser: KramdownParser, element: Node) -> None:
    """Find the `[ ]` and `[x]` at the beginning of items, which become check boxes."""
    found = False
    for li in element:
        first = next(iter(li), None)
        holder = first if li.source is None and first is not None and first.tag == "p" else li
        match = _TASK.match(holder.source.text) if holder.source else None
        if match and holder.source:
            found = True
            parser.boxes.append((holder, match[1] != " "))
            holder.source = holder.source.cut(match.end())
        if found:
            li.attributes["class"] = "task-list-item"
    if found:
        element.attributes["class"] = "task-list"


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
