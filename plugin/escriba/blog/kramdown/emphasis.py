"""`*em*`, `**strong**` and the same with `_`, as kramdown pairs them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from markdown.inlinepatterns import InlineProcessor

_MARK = re.compile(r"\*\*?|__?")
_WORD_BEFORE = re.compile(r"[^\W\d_]-?[^\W\d_]*\Z")


# Where a text began, its mark, its tag and the tags around it: what did not close once never will.
_Try = tuple[int, str, str, tuple[str, ...]]


@dataclass
class _Span:
    """An element being read: where it begins in the text and the elements it is within."""

    element: Element
    within: tuple[str, ...] = ()
    filled: bool = field(default=False)

    def add_text(self, text: str) -> None:
        if not text:
            return
        self.filled = True
        children = list(self.element)
        if children:
            children[-1].tail = (children[-1].tail or "") + text
        else:
            self.element.text = (self.element.text or "") + text

    def add(self, child: Element) -> None:
        self.filled = True
        self.element.append(child)


class Emphasis(InlineProcessor):
    """Emphasis at a run of `*` or `_`; code, links and escapes are put aside before it."""

    def __init__(self) -> None:
        super().__init__(_MARK.pattern)
        self.data = ""
        self.failed: set[_Try] = set()

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element | None, int, int]:
        if data != self.data:
            self.data, self.failed = data, set()
        outer = _Span(Element("span"))
        end = _read(data, m.start(), outer, self.failed)
        element = outer.element[0] if len(outer.element) else None
        return element, m.start(), end


def _read(data: str, at: int, outer: _Span, failed: set[_Try]) -> int:
    """Read what a mark begins into `outer`: an element, or the mark as text. Returns its end."""
    mark = _MARK.match(data, at)
    assert mark is not None
    text = mark[0]
    tag = "strong" if len(text) == 2 else "em"
    inside_word = text[0] == "_" and _WORD_BEFORE.search(data, max(0, at - 80), at)
    if inside_word or data[mark.end() : mark.end() + 1].isspace() or tag in outer.within:
        outer.add_text(text)
        return mark.end()
    found = _pair(data, mark.end(), text, tag, outer.within, failed)
    if found is None and tag == "strong" and outer.within[-1:] != ("em",):
        found = _pair(data, at + 1, text[0], "em", outer.within, failed)
    if found is None:
        outer.add_text(text)
        return mark.end()
    outer.add(found[0])
    return found[1]


def _pair(
    data: str, start: int, mark: str, tag: str, within: tuple[str, ...], failed: set[_Try]
) -> tuple[Element, int] | None:
    """The element whose text begins at `start`, and the end of its closing mark, if it has one."""
    attempt = (start, mark, tag, within)
    if attempt in failed:
        return None
    span = _Span(Element(tag), (*within, tag))
    at = start
    while match := _MARK.search(data, at):
        span.add_text(data[at : match.start()])
        at = match.start()
        if data.startswith(mark, at) and _closes(data, at, mark, tag) and span.filled:
            return span.element, at + len(mark)
        at = _read(data, at, span, failed)
    failed.add(attempt)
    return None


def _closes(data: str, at: int, mark: str, tag: str) -> bool:
    after = data[at + len(mark) : at + len(mark) + 1]
    if data[at - 1 : at].isspace():
        return False
    if tag == "em" and data.startswith(mark * 2, at) and not data.startswith(mark * 3, at):
        return False
    return not (mark[0] == "_" and after.isalnum())
