"""Parts of a line that have no parts, and are the same wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.entities import html5

from escriba.markup.html.grammar import MARK, MARKED
from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.grammar import WORD
from escriba.markup.kramdown.spans.nodes import (
    Autolink,
    Break,
    Code,
    Comment,
    Formula,
    Mark,
    Marked,
    Node,
    Note,
    Raw,
    Shown,
    Struck,
)
from escriba.markup.kramdown.spans.text import Text, first, first_span
from escriba.markup.kramdown.spans.typography import read_quote, read_symbol
from escriba.markup.kramdown.tags import BEGINS

Found = tuple[Node | None, int]  # a part, or None for text as it stands, and where it ends

ESCAPED = frozenset("\\.*_+`<>()[]{}#!:|\"'$=-~")
SPACE = frozenset(" \t\r\n\f\v")

_TICKS = re.compile("`++")
_SCHEME = re.compile(r"<(?:mailto|https?|ftps?):.")
_MAIL = re.compile(r"<([\w.-]++@[\w.-]++)>")
_NOTE = re.compile(rf"\[\^({WORD})\]")
_ENTITY = re.compile(r"&(?:([\w:][\w.:-]*+;)|#(?:\d++|[xX][0-9a-fA-F]++);)", re.A)
_MARKED = re.compile(MARKED)
_EXTENSION = re.compile(r"\{::(\w++)(?:(?=/?\})|\s)", re.A)


def read(text: Text, at: int) -> Found | None:
    """What begins at a place, whatever is around it; None if that depends on it."""
    return _READERS.get(text.source[at], read_other)(text, at)


def read_raw(text: Text, at: int) -> Found | None:
    """The same within an element that holds HTML."""
    source = text.source
    if source[at] == MARK:
        return read_marked(text, at)
    if source[at] != "<":
        return None, at + 1
    return read_comment(text, at) or (None if text.tags.at(at) else (None, at + 1))


def read_emphasis(text: Text, at: int) -> Found | None:
    """A mark of emphasis that cannot begin any, as text."""
    source = text.source
    end = at + 1 + source.startswith(source[at], at + 1)
    before = source[at - 2 : at] if at > 1 else source[:at]
    in_word = before[-1:].isalpha() or (before[-1:] == "-" and before[0].isalpha())
    if source[end : end + 1] in SPACE or (source[at] == "_" and in_word):
        return None, end
    return None


def read_code(text: Text, at: int) -> Found:
    """Code between backticks, as many at its end as at its beginning; or the backticks."""
    source = text.source
    ticks = _TICKS.match(source, at)
    assert ticks is not None
    start = ticks.end()
    single = start == at + 1
    alone = source[start : start + 1] in SPACE and (not at or source[at - 1] in SPACE)
    if single and alone:
        return None, start
    end = source.find(ticks[0], start)
    if end < 0:
        return None, start
    code = source[start:end]
    if not single:
        code = code.removeprefix(" ").removesuffix(" ")
    return Code(code), end + len(ticks[0])


def read_autolink(text: Text, at: int) -> Found | None:
    """`<https://…>` and `<name@example.org>`."""
    source = text.source
    if match := _SCHEME.match(source, at):
        end = text.after(">", match.end())
        if end >= 0 and text.after("\n", at) not in range(at, end):
            address = source[at + 1 : end]
            return Autolink(address, address.removeprefix("mailto:")), end + 1
    if match := _MAIL.match(source, at):
        return Autolink(f"mailto:{match[1]}", match[1]), match.end()
    return None


def read_comment(text: Text, at: int) -> Found | None:
    """A comment of HTML, or an end tag of nothing, which is text."""
    if text.source.startswith("<!--", at):
        end = text.after("-->", at + 4)
        return (Raw(at, end + 3), end + 3) if end >= 0 else None
    return (None, text.closings[at][1]) if at in text.closings else None


def read_angle(text: Text, at: int) -> Found | None:
    if found := read_autolink(text, at) or read_comment(text, at):
        return found
    if text.tags.at(at):
        return None
    return (None, at + 1) if BEGINS.match(text.source, at) else read_other(text, at)


def read_bracket(text: Text, at: int) -> Found | None:
    """The mark of a footnote, or the bracket that begins no link."""
    if match := _NOTE.match(text.source, at):
        return (Note(match[1]) if match[1] in text.notes else None), match.end()
    return read_other(text, at) if text.source[at + 1 : at + 2] in ("", "^") else None


def read_bang(text: Text, at: int) -> Found | None:
    image = text.source.startswith("[", at + 1) and text.source[at + 2 : at + 3] not in ("", "^")
    return None if image else read_other(text, at)


def read_formula(text: Text, at: int) -> Found:
    end = text.after("$$", at + 2) if text.source.startswith("$$", at) else -1
    if end >= 0:
        return Formula(text.source[at + 2 : end], at + 2, end), end + 2
    return read_delimited(text, at) or read_other(text, at)


def read_delimited(text: Text, at: int) -> Found | None:
    """A formula between other marks than kramdown's."""
    found = text.finder.read(at) if text.finder else None
    if not found:
        return None
    return Formula(found.tex, found.inside, found.end, found.display), found.end


def read_braces(text: Text, at: int) -> Found | None:
    """An extension, or the brace that begins no list of attributes."""
    source = text.source
    if not source.startswith("{:", at):
        return read_other(text, at)
    empty = source.startswith("}", at + 2) or read_brace(text, at + 2) < 0
    return read_extension(text, at) or ((None, at + 1) if empty else None)


def read_extension(text: Text, at: int) -> Found | None:
    """`{::comment}`, `{::nomarkdown}` and `{::options}`; None for what is none of them."""
    source = text.source
    match = _EXTENSION.match(source, at)
    end = read_brace(text, match.end() if match else at)
    if not match or end < 0:
        return (None, at + 1) if at in text.extension_stops else None
    name = match[1]
    whole = source[end - 1] == "/"
    spans = [] if whole else [text.extension_ends.get(key, []) for key in ("", name)]
    closings = [span for span in (first_span(s, end + 1) for s in spans) if span]
    if name not in ("comment", "nomarkdown", "options") or not (whole or closings):
        return None, at + 1
    if whole:
        return Shown(""), end + 1
    stop, after = min(closings)
    body = source[end + 1 : stop]
    if name == "comment":
        return Comment(body), after
    kinds = Attributes().read(source[match.end() : end]).values.get("type", "html").split()
    if name == "options":
        return Shown(""), after
    return (Raw(end + 1, stop) if "html" in kinds else Raw(stop, stop)), after


def read_brace(text: Text, at: int) -> int:
    """The `}` that ends a list which holds something from `at` on; -1 if there is none."""
    end = first(text.braces, at)
    return end if end >= 0 or text.last_brace < at else text.last_brace


def read_entity(text: Text, at: int) -> Found:
    """An entity, which stays as it is written; of a name that means nothing, the characters."""
    match = _ENTITY.match(text.source, at)
    if not match:
        return read_other(text, at)
    if match[1] and match[1] not in html5:
        return Shown(f"&amp;{match[1]}"), match.end()
    return Mark(at, match[0]), match.end()


def read_backslash(text: Text, at: int) -> Found:
    """An escaped guillemet or other character, or the end of a line."""
    source = text.source
    if formula := read_delimited(text, at):
        return formula
    if symbol := read_symbol(source, at):
        return Mark(at, symbol[0]), symbol[1]
    after = source[at + 1 : at + 2]
    if source.startswith("\\\\\n", at):
        return Break(), at + 2
    return (Shown(after), at + 2) if after and after in ESCAPED else (None, at + 1)


def read_space(text: Text, at: int) -> Found:
    return (Break(), at + 2) if text.source.startswith("  \n", at) else read_other(text, at)


def read_struck(text: Text, at: int) -> Found:
    after = text.source[at + 2 : at + 3]
    begins = text.source.startswith("~~", at) and after != "~" and after not in SPACE
    end = first(text.struck_ends, at + 3) if begins else -1
    return (Struck(at + 2, end), end + 2) if end >= 0 else read_other(text, at)


def read_marked(text: Text, at: int) -> Found:
    match = _MARKED.match(text.source, at)
    return (Marked(match[0]), match.end()) if match else read_other(text, at)


def read_other(text: Text, at: int) -> Found:
    """A quote, be it the next character, or a symbol; else the character."""
    source = text.source
    if source[at] in "\"'" or source[at + 1 : at + 2] in ('"', "'"):
        begin, quote, end = read_quote(source, at)
        return Mark(begin, quote), end
    found = read_symbol(source, at)
    return (Mark(at, found[0]), found[1]) if found else (None, at + 1)


_READERS: Mapping[str, Callable[[Text, int], Found | None]] = {
    "*": read_emphasis, "_": read_emphasis, "<": read_angle, "[": read_bracket, "!": read_bang,
    "{": read_braces, "`": read_code, "$": read_formula, "&": read_entity, "\\": read_backslash,
    " ": read_space, "~": read_struck, MARK: read_marked,
}  # fmt: skip
