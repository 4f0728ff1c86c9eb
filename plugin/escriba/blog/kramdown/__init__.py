"""Markdown as kramdown and GitHub read it, for Python-Markdown.

Jekyll's default is kramdown with its GFM parser; the structure of what comes out here is that of
kramdown 2.4 (`docs/kramdown.md` lists the differences). Blocks have a grammar of their own
(`block`); what stands within a line is read by Python-Markdown's inline patterns, some of them
replaced (`span`, `emphasis`, `typography`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import ETX, STX, AtomicString

from escriba.blog.kramdown.block import KramdownParser
from escriba.blog.kramdown.document import Finish
from escriba.blog.kramdown.emphasis import Emphasis
from escriba.blog.kramdown.notes import Notes
from escriba.blog.kramdown.span import FootnoteMark, Html, SpanAttributes, Verbatim
from escriba.blog.kramdown.typography import Quotes, Symbols

ESCAPED = "\\.*_+`<>()[]{}#!:|\"'$=-~"


class KramdownExtension(Extension):
    """Reads one document after another; not for two threads at once, like `Markdown` itself.

    `formula(tex, display)` and `highlight(code, language)` give HTML (None: an unknown
    language); `raw_html(html)` may change the HTML that stands between paragraphs.
    """

    def __init__(
        self,
        formula: Callable[[str, bool], str],
        highlight: Callable[[str, str], str | None],
        raw_html: Callable[[str], str],
    ):
        super().__init__()
        self.formula = formula
        self.highlight = highlight
        self.raw_html = raw_html

    def extendMarkdown(self, md: Markdown) -> None:
        """Take the place of Python-Markdown's blocks and of half its inline patterns."""
        parser = KramdownParser(md, self.formula, self.raw_html)
        md.parser = parser
        md.ESCAPED_CHARS = list(ESCAPED)
        md.block_level_elements.remove("math")  # so that a formula alone in a paragraph stays in it
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(Lines(md), "normalize_whitespace", 30)
        md.treeprocessors.register(Notes(md, parser), "kramdown_notes", 25)
        self.finish = Finish(md, parser, self.highlight)
        md.treeprocessors.register(self.finish, "kramdown_finish", 15)
        md.treeprocessors.deregister("prettify")
        patterns = md.inlinePatterns
        for name in ("escape", "em_strong", "automail", "linebreak"):
            patterns.deregister(name)
        patterns.register(Verbatim(md, self.formula, ESCAPED), "backtick", 190)
        patterns.register(FootnoteMark(md, parser), "footnote", 175)
        patterns.register(Autolink(), "autolink", 120)
        patterns.register(Html(md), "html", 90)
        patterns.register(Quotes(), "kramdown_quotes", 70)
        patterns.register(Symbols(), "kramdown_symbols", 72)
        patterns.register(Emphasis(), "em_strong", 60)
        patterns.register(
            SimpleTagInlineProcessor(r"()~~(?!\s|~)(.*?[^\s~])~~", "del"), "strikethrough", 50
        )
        patterns.register(SpanAttributes(md, parser), "kramdown_attributes", 10)
        md.registerExtension(self)
        self.parser = parser

    @property
    def headings(self) -> list[tuple[int, str, str]]:
        """Level, id and plain text of each heading of the document read last."""
        return self.finish.headings

    @property
    def unclosed(self) -> list[str]:
        """The first lines of fences that never end, as they stand in their containers."""
        return self.parser.unclosed

    def reset(self) -> None:
        self.parser.reset()
        self.finish.headings = []


class Lines(Preprocessor):
    """Line ends, and no characters that Python-Markdown's own marks are made of."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines).replace(STX, "").replace(ETX, "")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class Autolink(InlineProcessor):
    """`<https://…>` and `<name@example.org>`."""

    def __init__(self) -> None:
        super().__init__(r"<(?:((?:mailto|https?|ftps?):[^<>]+?)|([\w.-]+@[\w.-]+))>")

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        link = Element("a", {"href": m[1] or f"mailto:{m[2]}"})
        link.text = AtomicString((m[1] or m[2]).removeprefix("mailto:"))
        return link, m.start(), m.end()


__all__ = ["KramdownExtension"]
