"""The blocks of kramdown's grammar, and where each one begins and ends."""

from __future__ import annotations

import re

from escriba.ground.ahead import find_code
from escriba.ground.mapped import MappedText
from escriba.markup.html.tree import Node
from escriba.markup.kramdown.blocks import definition, html, lists, references, table
from escriba.markup.kramdown.grammar import (  # fmt: skip
    BLANK,
    BOUNDARY,
    CODE,
    EOB,
    HEADER,
    INDENT,
    LAZY_END,
    OPT,
    PARAGRAPH_END,
    QUOTE,
    RULE,
    STASHED_LINE,
)
from escriba.markup.kramdown.parser import KramdownParser, Parse
from escriba.markup.kramdown.source import Frame, Source
from escriba.markup.math.html import read_formula

_BLANK = re.compile(f"{BLANK}+")
_EOB = re.compile(EOB)
_INDENTED = re.compile(rf"(?={INDENT}[ \t]*\S){CODE}")
_FENCED = re.compile(rf"{OPT}(?P<marks>([`~])\2{{2,}}+)[^\S\n]*+(?P<lang>[^\s`?]++)?[^\n`]*+\n")
_UNCLOSED = re.compile(rf"{OPT}(`{{3,}}[^`\n]*|~{{3,}}.*)\n")
_SHOWN = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*\w", re.M)  # a fence begins, within code
_QUOTE = re.compile(QUOTE)
_QUOTE_MARK = re.compile(f"^{QUOTE}", re.M)
_HEADER = re.compile(HEADER)
_SETEXT = re.compile(rf"{OPT}([^ \t\n].*)\n([-=])[-=]*[ \t\r\f\v]*\n")
_HEADER_ID = re.compile(r"[\t ]\{#([A-Za-z_:][\w.:-]*)\}\Z")
_RULE = re.compile(RULE)
_MATH = re.compile(rf"{OPT}(\\)?\$\$(.*?)\$\$([^\S\n]*\n)?", re.S)
_OPENING = re.compile(rf"{OPT}(?=\\)")
_REST = re.compile(r"[^\S\n]*(?:\n|\Z)")
_STASHED = re.compile(rf"(?:{STASHED_LINE})")


def _blank(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    if not source.scan(_BLANK):
        return False
    if frame.last != "blank":
        frame.note("blank")
    return True


def _stashed(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    at = source.place
    match = source.scan(_STASHED)
    if match:
        frame.add(html.open_mark(parser, match[0].strip(), at), "html")
    return bool(match)


def _indented(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    at = source.place
    match = source.scan(_INDENTED)
    if not match:
        return False
    code = re.sub(r"\n([ ]{0,3}\S)", r" \1", match[0])
    _add_code(parser, frame, re.sub(rf"^{INDENT}", "", code, flags=re.M), "", at)
    return True


def _fenced(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.check(_FENCED)
    closing = source.find_fence(match.end(), match["marks"]) if match else None
    if match is None or closing is None:
        return False
    code = source.text[match.end() : closing]
    parser.shown += len(_SHOWN.findall(code))
    _add_code(parser, frame, code, match["lang"] or "", source.place)
    source.at = closing
    source.skip_line()
    return True


def _add_code(parser: KramdownParser, frame: Frame, code: str, language: str, at: int) -> None:
    block = frame.add(Node("div", at=at), "code")
    if language:
        block.attributes["class"] = f"language-{language}"
    parser.codes.append((block, code, language))


def _quote(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    if not source.check(_QUOTE):
        return False
    quote = frame.add(Node("blockquote", at=source.place))
    parser.fill(quote, source.lines_to(LAZY_END).without(_QUOTE_MARK))
    return True


def _header(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.check(_HEADER)
    if not match:
        return False
    text, name = _header_contents(match[2])
    text = re.sub(r"[\t ]#+\Z", "", text).rstrip()
    if not text:
        return False
    _add_header(source, frame, len(match[1]), text, match.start(2), name)
    source.at = match.end()
    return True


def _setext(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.check(_SETEXT) if frame.after_boundary else None
    if not match:
        return False
    text, name = _header_contents(match[1])
    _add_header(source, frame, 1 if match[2] == "=" else 2, text, match.start(1), name)
    source.at = match.end()
    return True


def _header_contents(text: str) -> tuple[str, str]:
    text = text.rstrip()
    match = _HEADER_ID.search(text)
    return (text[: match.start()].rstrip(), match[1]) if match else (text, "")


def _add_header(source: Source, frame: Frame, level: int, text: str, start: int, name: str) -> None:
    header = Node(f"h{level}", at=source.place, source=source.cut(start, start + len(text)))
    frame.add(header)
    if name:
        header.attributes["id"] = name


def _rule(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    at = source.place
    if not source.scan(_RULE):
        return False
    frame.add(Node("hr", at=at))
    return True


def _math(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    match = source.check(_MATH) if frame.after_boundary else None
    if not match:
        return False
    if match[1]:  # escaped and alone: a formula within a paragraph
        if match[3] is not None:
            source.at = match.end(1)
            return _paragraph(parser, source, frame)
        return False
    before = source.at
    source.at = match.end()
    if not source.check(BOUNDARY):
        source.at = before
        return False
    formula = read_formula(match[2], True, source.cut(*match.span(2)))
    frame.add(Node("", children=[formula], at=formula.at), "html")
    return True


def _display(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    """`\\[…\\]` or an environment that is all of a paragraph."""
    match = source.check(_OPENING) if parser.delimiters and frame.after_boundary else None
    found = source.finder(parser.delimiters).read(match.end()) if match else None
    if found is None or not found.display:
        return False
    end = _REST.match(source.text, found.end)
    if not end or not BOUNDARY.match(source.text, end.end()):
        return False
    source.at = end.end()
    formula = read_formula(found.tex, True, source.cut(found.inside, found.end))
    frame.add(Node("", children=[formula], at=formula.at), "html")
    return True


def _boundary(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    if not source.scan(_EOB):
        return False
    frame.note("eob")
    return True


def _paragraph(parser: KramdownParser, source: Source, frame: Frame) -> bool:
    joiner = "  \n" if source.text.endswith("  \n", 0, source.at) else "\n"
    if match := source.check(_UNCLOSED):
        opening = match[1].rstrip()
        if not parser.shown or opening.strip("`~"):  # all that follows is meant to be code
            parser.unclosed.append((opening, source.mapped.locate(match.start(1))))
            source.at = len(source.text)
            return True
        parser.shown -= 1  # what was to end code in which a fence is shown, whose end ended it
        parser.strays.append((opening, source.mapped.locate(match.start(1))))
    frame.add_text(_read_lines(parser, source), joiner)
    return True


def _read_lines(parser: KramdownParser, source: Source) -> MappedText:
    """The lines of a paragraph; one that is within a formula ends none."""
    before = source.at
    source.lines_to(PARAGRAPH_END)
    if parser.delimiters:
        finder = source.finder(parser.delimiters)
        at = before
        codes = list(find_code(source.text[before : source.at]))
        while (found := next(finder.all(at, source.at), None)) is not None:
            at = found.end
            if found.end > source.at and not any(s < found.start - before < e for s, e in codes):
                source.at = found.end
                source.skip_line()
                if not source.done and not source.check(PARAGRAPH_END):
                    source.lines_to(PARAGRAPH_END)
    return source.cut(before, source.at)


OF_LETTERS: tuple[Parse, ...] = (_setext, table.parse, _paragraph)
PARSERS: tuple[Parse, ...] = (
    _blank, _stashed, _indented, _fenced, _quote, _header, _rule, lists.parse, definition.parse,
    html.parse_html, _setext, _math, _display, table.parse, references.parse_footnote,
    references.parse_link, references.parse_abbreviation, references.parse_attribute_list,
    _boundary, _paragraph,
)  # fmt: skip
