"""The Python-Markdown extension `escriba`: blocks and inline values in any host.

A block is taken out of the text before anything else reads it, and its HTML is put in after
everything else has run, so that neither can be mistaken for Markdown. Between, it is one word
that no document can contain: it has the document's own digest in it.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import STX, AtomicString, code_escape

from escriba.article.blocks.panels import Panels
from escriba.article.context import Context, furnish, open_context
from escriba.article.document import EMPTY, Document, show
from escriba.article.source.fences import prose
from escriba.article.source.hidden import blank_hidden
from escriba.article.values.inline import SPAN, show_value
from escriba.ground import project
from escriba.ground.ahead import find_code
from escriba.ground.digest import text_digest
from escriba.ground.errors import Place
from escriba.ground.mistakes import Mistakes

__all__ = ["Context", "EscribaExtension", "makeExtension"]

# After snippets (32) has put files in; before whitespace (30) is normalised, which expands tabs.
BEFORE_ALL = 31
BEFORE_CODE = 195  # backtick: 190
AFTER_ALL = -1000


class EscribaExtension(Extension):
    """Renders `escriba` fences and inline values.

    With a `Context` every error goes to its `mistakes` and the page is rendered to its end, with
    a placeholder for what is wrong. Without one the project is found from the working directory,
    or from the option `root`, and all errors of a document are raised together at its end.
    A `document` that was asked before is shown; else the blocks are asked as they are found.
    """

    def __init__(
        self, settings: Context | None = None, document: Document | None = None, **options: Any
    ):
        self.config = {
            "root": ["", "Folder of escriba.yml (default: the working directory or above)."],
            "lang": ["", "Language of the page (default: the one of escriba.yml)."],
            "frozen": [False, "Sample nothing: a sample that is not frozen is an error."],
            "path": ["<markdown>", "The document as errors name it."],
            "line": [1, "Its line at which the text begins."],
            "style": [False, "Put the blocks' CSS at the end of each document that has some."],
            "assets": ["", "Folder for the files of playgrounds; without it they are samples."],
            "address": ["", "Of that folder in pages, with its slash."],
        }
        super().__init__(**options)
        self.settings = settings
        self.document = document

    def extendMarkdown(self, md: Markdown) -> None:
        page = Page(self)
        md.preprocessors.register(_TakeOut(page), "escriba", BEFORE_ALL)
        md.inlinePatterns.register(_Inline(page), "escriba", BEFORE_CODE)
        md.treeprocessors.register(_Finish(page), "escriba", AFTER_ALL)
        md.postprocessors.register(_PutIn(page), "escriba", AFTER_ALL)

    def context(self) -> Context:
        """The context of the settings, or the one that the options and `escriba.yml` give."""
        if self.settings is not None:
            return self.settings
        root = self.getConfig("root")
        site = project.load(Path(root).resolve()) if root else project.find(Path.cwd())
        return open_context(
            site,
            frozen=bool(self.getConfig("frozen")),
            lang=self.getConfig("lang"),
            path=Path(self.getConfig("path")),
            panels=Panels(self.getConfig("address")) if self.getConfig("assets") else None,
        )

    def furnish(self, html: str, context: Context) -> str:
        """A document with what its blocks need, as far as the options ask for it."""
        if self.settings is not None:  # whoever made them furnishes the page
            return html
        html = furnish(html, context, style=bool(self.getConfig("style")))
        if context.panels is not None:
            context.panels.write(Path(self.getConfig("assets")))
        return html


def makeExtension(**options: Any) -> EscribaExtension:
    """The extension, as `markdown.markdown(text, extensions=["escriba"])` asks for it."""
    return EscribaExtension(**options)


class Page:
    """What one Markdown instance knows about the document that it is converting."""

    def __init__(self, extension: EscribaExtension):
        self._extension = extension
        self._alone = extension.settings is None
        settings = extension.settings
        path = settings.path if settings else Path(extension.getConfig("path"))
        first = settings.first_line if settings else int(extension.getConfig("line"))
        self._start = Place(path, first)
        self._begin("")

    def _begin(self, text: str) -> None:
        self._token = f"escriba{text_digest(text)[:16]}"
        self._context = self._extension.settings
        self._blocks: list[str] = []
        self._spans: dict[str, deque[Place]] = defaultdict(deque)
        self._mistakes = self._context.mistakes if self._context else Mistakes()

    @property
    def context(self) -> Context:
        """Found when a document first needs it: text without blocks needs no project."""
        if self._context is None:
            self._context = replace(self._extension.context(), mistakes=self._mistakes)
        return self._context

    def take_out(self, lines: list[str]) -> list[str]:
        """The document's lines with a word in the place of each escriba fence."""
        text = "\n".join(lines).replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        self._begin(text)
        with self._mistakes.collect(Place(self._start.path)):
            return self._take_out(list(lines))
        return lines

    def _take_out(self, lines: list[str]) -> list[str]:
        kept = list(lines)
        document = self._extension.document or Document(lines, self._start)
        for fence in document.fences:
            kept[fence.first : fence.end] = [""] * (fence.end - fence.first)
        self._blocks = [EMPTY for _ in document.own]
        if self._blocks:
            with self._mistakes.collect(Place(self._start.path)):  # there may be no project
                self._blocks = self._show(document)
        seen = blank_hidden(kept)
        for number in prose(kept):
            for match in re.finditer(SPAN, seen[number]):
                self._spans[match["value"]].append(self._start.moved(number, match.start() + 1))
        return document.replace(lines, lambda number: f"{self._token}x{number}x")

    def value(self, span: str) -> Element | None:
        """The element of an inline value; the code span stays as it is if it is wrong."""
        places = self._spans[span] or deque([Place(self._start.path)])
        # Equal spans are rendered in the order of the text, so each takes the next place.
        place = places.popleft() if len(places) > 1 else places[0]
        with self._mistakes.collect(place):
            shown = show_value(span, self.context.library, self.context.lang, place)
            element = Element("data", {"class": "escriba-value", "value": shown.machine})
            element.text = AtomicString(code_escape(shown.text))
            return element
        return None

    def finish(self) -> None:
        """Raise what went wrong, if nobody else will."""
        if self._alone:
            self._mistakes.check()

    def put_in(self, html: str) -> str:
        """The document's HTML with the blocks in their places."""
        if not self._blocks:
            return html
        pattern = rf"<p>\s*{self._token}x(\d+)x\s*</p>|{self._token}x(\d+)x"
        with self._mistakes.collect(Place(self._start.path)):
            html = re.sub(pattern, lambda match: self._blocks[int(match[1] or match[2])], html)
            html = self._extension.furnish(html, self.context)
        self.finish()
        return html

    def _show(self, document: Document) -> list[str]:
        """The HTML of the blocks. What is asked here and now is answered together."""
        if self._extension.document is None:
            document.ask(self.context)
            self.context.answers.gather(document.uses, self._mistakes)
        return [show(block, self.context).strip() for block in document.blocks]


class _TakeOut(Preprocessor):
    def __init__(self, page: Page):
        super().__init__()
        self.page = page

    def run(self, lines: list[str]) -> list[str]:
        return self.page.take_out(lines)


class _Inline(InlineProcessor):
    def __init__(self, page: Page):
        super().__init__(SPAN)
        self.page = page
        self._text = ""
        self._code: frozenset[tuple[int, int]] = frozenset()  # measured from the end of the text
        self._last = (0, 0)  # the last value that was found in it

    def _is_code(self, text: str, start: int, end: int) -> bool:
        """Whether all of a code span stands there."""
        whole = len(text)
        if text is not self._text:
            if not self._goes_on(text):
                self._code = frozenset((whole - a, whole - b) for a, b in find_code(text))
            self._text = text
        self._last = start, end
        return (whole - start, whole - end) in self._code

    def _goes_on(self, text: str) -> bool:
        """Whether a text is the last one with something in the place of its last value: so Markdown
        asks for what is left, which is not searched again."""
        start, end = self._last
        left = len(self._text) - end
        return (
            text.startswith(self._text[:start] + STX)
            and len(text) > start + left
            and text[len(text) - left :] == self._text[end:]
        )

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int] | tuple[None, None, None]:
        if not self._is_code(data, *m.span()):  # it is shown, within a longer one
            return None, None, None
        element = self.page.value(m["value"])
        if element is None:
            element = Element("code")
            element.text = AtomicString(code_escape(m.group().strip("`")))
        return element, m.start(), m.end()


class _Finish(Treeprocessor):
    def __init__(self, page: Page):
        super().__init__()
        self.page = page

    def run(self, root: Element) -> None:
        self.page.finish()


class _PutIn(Postprocessor):
    def __init__(self, page: Page):
        super().__init__()
        self.page = page

    def run(self, text: str) -> str:
        return self.page.put_in(text)
