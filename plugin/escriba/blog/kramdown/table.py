"""Tables: rows of cells between `|`, lines of `-` and `=` between their parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from escriba.blog.kramdown.grammar import BOUNDARY, OPT
from escriba.blog.kramdown.source import Frame, Source

if TYPE_CHECKING:
    from escriba.blog.kramdown.block import KramdownParser

_LINE = re.compile(r"(?:\||.*?[^\\\n]\|).*\n")
_START = re.compile(rf"{OPT}(?=\S){_LINE.pattern}")
_RULE = re.compile(r"([+|: \t-]*?-[+|: \t-]*?)[ \t]*\n")
_FOOT = re.compile(r"[+|: \t=]*?=[+|: \t=]*?[ \t]*\n")
_ALIGN = re.compile(r"[ \t]?(:?)-+(:?)[ \t]?")
_CODE = re.compile(r"(<code.*?>.*?</code>|(?<!`)(`+)(?!`).*?(?<!`)\2(?!`))")
_PIPE = re.compile(r"(?<!\\)\|")
_ALIGNED = {("", ""): "", (":", ""): "left", ("", ":"): "right", (":", ":"): "center"}


def parse(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """The table at the position, if there is one; it must end where a block may end."""
    if not frame.after_boundary or not source.check(_START):
        return False
    before = source.at
    table = Element("table")
    alignment = _read_rows(source, table)
    if not source.check(BOUNDARY) or table.find("tbody") is None or not _has_cells(source, before):
        source.at = before
        return False
    _complete(table, alignment)
    frame.add(table)
    return True


def _read_rows(source: Source, table: Element) -> list[str]:
    alignment: list[str] = []
    rows: list[Element] = []
    footed = False

    def part(name: str, *, force: bool = False) -> None:
        if not footed or name != "tbody" or force:
            SubElement(table, name).extend(rows)
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
            rows.append(_read_row(source.line(), leading))
    if rows:
        part("tfoot" if footed else "tbody")
    return alignment


def _read_row(text: str, leading: bool) -> Element:
    cells = _split(text.rstrip())
    if leading and not cells[0].strip():
        cells.pop(0)
    if cells and not cells[-1].strip():
        cells.pop()
    row = Element("tr")
    for cell in cells:
        SubElement(row, "td").text = cell.strip()
    return row


def _split(text: str) -> list[str]:
    """Cut at each `|` that is neither escaped nor within code."""
    cells = [""]
    at = 0
    for code in (*_CODE.finditer(text), None):
        first, *others = _PIPE.split(text[at : code.start() if code else len(text)])
        cells[-1] += first.replace(r"\|", "|")
        cells += [other.replace(r"\|", "|") for other in others]
        if code:
            cells[-1] += code[0]
            at = code.end()
    return cells


def _has_cells(source: Source, start: int) -> bool:
    """Whether each line has a `|` outside code."""
    text = _CODE.sub("", source.text[start : source.at])
    return all(_LINE.match(f"{line}\n") for line in text.splitlines())


def _complete(table: Element, alignment: list[str]) -> None:
    """Rows of equal length, with the alignment of their columns; cells of the head are `th`."""
    width = max(len(row) for row in table.iter("tr"))
    for part in table:
        for row in part:
            for _ in range(width - len(row)):
                SubElement(row, "td")
            for number, cell in enumerate(row):
                if part.tag == "thead":
                    cell.tag = "th"
                if not cell.text:
                    cell.text = "\xa0"
                if number < len(alignment) and alignment[number]:
                    cell.set("style", f"text-align: {alignment[number]}")
