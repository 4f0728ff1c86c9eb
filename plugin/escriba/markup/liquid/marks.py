"""Highlighted code on its way past Markdown: a mark stands for it in the text."""

from __future__ import annotations

import re
from collections.abc import Container

from escriba.ground.language import tr
from escriba.markup.html import highlight
from escriba.markup.html.grammar import MARK, MARK_END, MARKED
from escriba.markup.liquid.trace import Source

_CONTROLS = str.maketrans("", "", "\x02\x03")
_MARK = re.compile(f"{MARKED}|[{MARK}{MARK_END}]")
_OPTIONS = re.compile(
    r"\s*(?P<language>[\w.+#-]+)(?P<others>(?:\s+\w+(?:=(?:\w+|\"[\d\s]*\"))?)*)\s*"
)


class Marks:
    """The highlighted code of one post: mark → HTML."""

    def __init__(self) -> None:
        self.code: dict[str, str] = {}
        self._shown: set[str] = set()

    def weigh(self, text: str) -> int:
        """The characters of HTML that the marks of a text stand for."""
        return sum(len(self.code.get(mark, "")) for mark in _MARK.findall(text))

    def weigh_copies(self, text: str) -> int:
        """The same for those that have been weighed here before."""
        weight = 0
        for mark in _MARK.findall(text):
            if mark in self._shown:
                weight += len(self.code.get(mark, ""))
            self._shown.add(mark)
        return weight

    def open(self, text: str) -> str:
        """A text with the HTML itself in place of its marks."""
        return _MARK.sub(lambda mark: self.code.get(mark[0], ""), text)

    def highlight(self, code: str, options: str, source: Source, start: int, end: int) -> str:
        """The text that stands for some code. The block is `source.text[start:end]`, and
        `options` what is written in its tag. Raises ValueError, with one sentence, for options
        that name no language."""
        given = _OPTIONS.fullmatch(options)
        if given is None:
            raise ValueError(
                tr(
                    "'highlight' needs a language and, at most, 'linenos', not '{given}'",
                    given=options,
                )
            )
        mark = f"{MARK}{len(self.code)}{MARK_END}"
        self.code[mark] = highlight.figure(
            code.translate(_CONTROLS), given["language"], numbered="linenos" in given["others"]
        )
        # As many lines as before, which part it from what follows; within a list item or a line
        # they would end it.
        alone = start == 0 or source.text[start - 1] == "\n"
        return mark + "\n" * (source.text.count("\n", start, end) if alone else 0)


def clean(text: str) -> str:
    """A text without what would be taken for a mark."""
    return text.replace(MARK, "").replace(MARK_END, "")


def keep_known(text: str, marks: Container[str]) -> str:
    """A text without marks that stand for nothing, and without the controls that were others' marks
    once."""
    if not any(each in text for each in (MARK, MARK_END, "\x02", "\x03")):
        return text
    text = text.replace("\x02", "").replace("\x03", "")
    return _MARK.sub(lambda mark: mark[0] if mark[0] in marks else "", text)
