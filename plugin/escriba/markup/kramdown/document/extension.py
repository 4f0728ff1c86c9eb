"""Markdown as kramdown and GitHub read it, for Python-Markdown.

Jekyll's default is kramdown with its GFM parser; the structure of what comes out here is that of
kramdown 2.4 (`docs/markdown.md` lists the differences). Blocks have a grammar of their own
(`block`), and so has what stands within a line (`spans`).
"""

from __future__ import annotations

from collections.abc import Callable

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.util import ETX, STX, Registry

from escriba.markup.kramdown.blocks.block import PARSERS
from escriba.markup.kramdown.document.finish import Finish
from escriba.markup.kramdown.notes import Notes
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.spans.stage import Spans
from escriba.markup.math.delimiters import NONE, Delimiters


class KramdownExtension(Extension):
    """Reads one document after another; not for two threads at once, like `Markdown` itself.

    `formula(tex, display)` and `highlight(code, language)` give HTML (None: an unknown
    language); `raw_html(html)` may change the HTML that stands between paragraphs. `delimiters`
    are those of formulas that are read besides kramdown's own.
    """

    def __init__(
        self,
        formula: Callable[[str, bool], str],
        highlight: Callable[[str, str], str | None],
        raw_html: Callable[[str], str],
        delimiters: Delimiters = NONE,
    ):
        super().__init__()
        self.formula = formula
        self.highlight = highlight
        self.raw_html = raw_html
        self.delimiters = delimiters

    def extendMarkdown(self, md: Markdown) -> None:
        """Take the place of Python-Markdown's blocks and inline patterns."""
        parser = KramdownParser(md, self.formula, self.raw_html, self.delimiters, PARSERS)
        md.parser = parser
        md.block_level_elements.remove("math")  # so that a formula alone in a paragraph stays in it
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(Lines(md), "normalize_whitespace", 30)
        notes = Notes(md, parser)
        md.treeprocessors.register(notes, "kramdown_notes", 25)
        md.inlinePatterns = Registry()  # none but those that other extensions may add
        md.treeprocessors.register(Spans(md, parser, notes, self.formula), "inline", 20)
        self.finish = Finish(md, parser, self.highlight)
        md.treeprocessors.register(self.finish, "kramdown_finish", 15)
        md.treeprocessors.deregister("prettify")
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

    @property
    def strays(self) -> list[str]:
        """The lines that were to end code which had ended before, with a fence that it showed."""
        return self.parser.strays

    def reset(self) -> None:
        self.parser.reset()
        self.finish.headings = []


class Lines(Preprocessor):
    """Line ends, and no characters that Python-Markdown's own marks are made of."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines).replace(STX, "").replace(ETX, "")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
