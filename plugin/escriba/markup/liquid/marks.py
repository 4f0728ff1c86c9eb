"""Highlighted code on its way past Markdown: a mark stands for it in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from escriba.ground.language import tr
from escriba.markup.html import highlight
from escriba.markup.liquid.trace import Source

# Characters that no text may hold (Unicode keeps them for uses such as this one).
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
# Those that Python-Markdown marks stashed HTML with, for which it looks in what is stashed too.
_STASHED = str.maketrans("", "", "\x02\x03")
_MARK = re.compile(f"{_OPEN}[0-9]+{_CLOSE}|[{_OPEN}{_CLOSE}]")
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
        return put_in(text, self.code, str)

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
        mark = f"{_OPEN}{len(self.code)}{_CLOSE}"
        self.code[mark] = highlight.figure(
            code.translate(_STASHED), given["language"], numbered="linenos" in given["others"]
        )
        # As many lines as before, which part it from what follows; within a list item or a line
        # they would end it.
        alone = start == 0 or source.text[start - 1] == "\n"
        return mark + "\n" * (source.text.count("\n", start, end) if alone else 0)


def clean(text: str) -> str:
    """A text without what would be taken for a mark."""
    return text.replace(_OPEN, "").replace(_CLOSE, "")


def put_in(text: str, code: Mapping[str, str], store: Callable[[str], str]) -> str:
    """A text with each mark replaced by what `store` gives for the HTML that it stands for."""
    return _MARK.sub(lambda mark: store(code[mark[0]]) if mark[0] in code else "", text)
