"""Tables: rows of cells between `|`, lines of `-` and `=` between their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escriba.ground.ahead import Ahead, pair_ticks
from escriba.ground.mapped import MappedText, join
from escriba.markup.html.tree import Node
from escriba.markup.kramdown.grammar import BOUNDARY, OPT
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.source import Frame, Source
from escriba.markup.math.delimiters import NONE, Delimiters, Finder

_LINE = re.compile(r"(?:\||.*?[^\\\n]\|).*\n")
_START = re.compile(rf"{OPT}(?=\S){_LINE.pattern}")
_RULE = re.compile(r"(?=[+|: \t]*+-)([+|: \t-]*+)\n")
_FOOT = re.compile(r"[+|: \t]*+=[+|: \t=]*+\n")
_ALIGN = re.compile(r"[ \t]?(:?)-+(:?)[ \t]?")
_CODE, _TAG_END, _CODE_END = re.compile("<code|`+"), re.compile(">"), re.compile("</code>")
_PIPE = re.compile(r"\\?\|")
_FILLED = 20_000  # cells that a table gets beyond those that are written, at most
_ALIGNED = {("", ""): "", (":", ""): "left", ("", ":"): "right", (":", ":"): "center"}


def parse(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The table at the position, if there is one; it must end where a block may end."""
    if source.at < source.tables or not frame.after_boundary or not source.check(_START):
        return False
    delimiters = parser.delimiters
    before, fault = source.at, _find_fault(source, delimiters)
    table = Node("table", at=source.place)
    alignment = _read_rows(source, table, delimiters) if fault is None else []
    if not any(part.tag == "tbody" for part in table):
        source.tables = source.at if fault is None else fault
        source.at = before
        return False
    _complete(table, alignment)
    frame.add(table)
    return True


def _find_fault(source: Source, delimiters: Delimiters) -> int | None:
    """Up to where no table begins, because a line from here to there has no `|` outside code, or
    because what follows the rows is no boundary."""
    at = source.at
    while line := _LINE.match(source.text, at):
        at = line.end()
        if not all(
            _LINE.match(f"{part}\n") for part in _without_code(line[0], delimiters).splitlines()
        ):
            return at
    return None if BOUNDARY.match(source.text, at) else at


def _read_rows(source: Source, table: Node, delimiters: Delimiters) -> list[str]:
    alignment: list[str] = []
    rows: list[Node] = []
    footed = False

    def part(name: str, *, force: bool = False) -> None:
        if not footed or name != "tbody" or force:
            table.append(Node(name, None, rows))
            rows.clear()

    first = source.check(_LINE)
    leading = bool(first and first[0].lstrip().startswith("|"))
    source.scan(_RULE)
    while not source.done and source.check(_LINE):
        if match := source.scan(_RULE):
            if rows and not alignment and not footed:
                part("thead")
                alignment = [_ALIGNED[a] for a in _ALIGN.findall(match[1])]
            elif rows:
                part("tbody")
        elif source.scan(_FOOT):
            if rows:
                part("tbody", force=True)
            footed = True
        else:
            rows.append(_read_row(source.line(), delimiters, leading=leading))
    if rows:
        part("tfoot" if footed else "tbody")
    return alignment


def _read_row(text: MappedText, delimiters: Delimiters, *, leading: bool) -> Node:
    cells = [cell.strip() for cell in _split(text.rstrip(), delimiters)]
    if leading and not cells[0].text:
        cells.pop(0)
    if cells and not cells[-1].text:
        cells.pop()
    children = [Node("td", at=cell.locate(0), source=cell) for cell in cells]
    return Node("tr", None, children, at=text.locate(0))


def _split(text: MappedText, delimiters: Delimiters) -> list[MappedText]:
    """Cut at each `|` that is neither escaped nor within code or a formula."""
    cells: list[MappedText] = []
    pieces: list[MappedText] = []
    at = 0

    def keep(start: int, end: int) -> None:
        if start < end:
            pieces.append(text.cut(start, end))

    for start, end in (*_find_wholes(text.text, delimiters), (len(text), len(text))):
        for pipe in _PIPE.finditer(text.text, at, start):
            keep(at, pipe.start())
            at = pipe.end()
            if pipe[0] == "|":
                cells.append(join(pieces))
                pieces.clear()
            else:
                at -= 1  # an escaped one stays, without its backslash
                keep(at, at + 1)
                at += 1
        keep(at, end)
        at = end
    return [*cells, join(pieces)]


def _without_code(text: str, delimiters: Delimiters = NONE) -> str:
    pieces, at = [], 0
    for start, end in _find_wholes(text, delimiters):
        pieces.append(text[at:start])
        at = end
    return "".join([*pieces, text[at:]])


def _find_wholes(text: str, delimiters: Delimiters) -> Iterator[tuple[int, int]]:
    """Where code and formulas, in which no `|` counts, begin and end; not those between `$$`, which
    kramdown cuts too."""
    at = 0
    formulas = Finder(text, delimiters)
    for start, end in (*_find_codes(text), (len(text), len(text))):
        for found in formulas.all(at, start) if delimiters else ():
            if at <= found.start and found.end <= start:
                yield found.start, found.end
        if start < end:
            yield start, end
        at = end


def _find_codes(text: str) -> Iterator[tuple[int, int]]:
    """Where code begins and ends in a line, be it between backticks or tags."""
    ahead, ticks, at = Ahead(text), pair_ticks(text), 0
    while opening := _CODE.search(text, at):
        at = opening.end()
        end = ticks.get(opening.start())
        if opening[0] == "<code" and (tag := ahead.search(_TAG_END, at)):
            closing = ahead.search(_CODE_END, tag.end())
            end = closing.end() if closing else None
        if end:
            yield opening.start(), end
            at = end


def _complete(table: Node, alignment: list[str]) -> None:
    """Rows of equal length, with the alignment of their columns; cells of the head are `th`."""
    rows = [row for part in table for row in part]
    width = max(len(row.children) for row in rows)
    left = _FILLED
    for row in rows:
        missing = min(left, width - len(row.children))
        left -= missing
        row.children += [Node("td") for _ in range(missing)]
    for part in table:
        for row in part:
            for number, cell in enumerate(row):
                if part.tag == "thead":
                    cell.tag = "th"
                if cell.source is None or not cell.source.text:
                    cell.source = None
                    cell.children = ["\xa0"]
                if number < len(alignment) and alignment[number]:
                    cell.attributes["style"] = f"text-align: {alignment[number]}"
