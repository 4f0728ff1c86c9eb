"""What stands within a line: a grammar of our own, in the place of Python-Markdown's patterns.

    text → reader.Reader → nodes → region.Region → elements

`reader` finds the parts, with `leaves`, `links` and `tags`, which know what each looks like, and
`text`, which finds everything once. `region` makes elements of the parts that stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from escriba.markup.kramdown.notes import Notes
from escriba.markup.kramdown.spans.abbreviations import Abbreviations
from escriba.markup.kramdown.spans.reader import Reader
from escriba.markup.kramdown.spans.region import Region, join

if TYPE_CHECKING:
    from escriba.markup.kramdown.blocks.block import KramdownParser


class Spans(Treeprocessor):
    """Reads the texts of a document, block by block.

    `formula(tex, display)` gives the HTML of a formula. What definitions add to the text is
    bounded: an address of the length of a text, named as often, would give a page of its square.
    """

    def __init__(
        self,
        md: Markdown,
        parser: KramdownParser,
        notes: Notes,
        formula: Callable[[str, bool], str],
    ):
        super().__init__(md)
        self.markdown = md
        self.parser = parser
        self.notes = notes
        self.formula = formula
        self.abbreviations = Abbreviations({})
        self.allowance = 0
        # Patterns of other extensions look here for what Python-Markdown's own stage puts aside.
        self.stashed_nodes: dict[str, Element | str] = {}

    def run(self, root: Element) -> None:
        elements = list(root.iter())
        size = sum(len(e.text or "") + len(e.tail or "") for e in elements)
        self.allowance = 100_000 + 10 * size
        self.abbreviations = Abbreviations(self.parser.abbreviations)
        for element in elements:
            self.fill(element)

    def fill(self, element: Element) -> None:
        """Read the text of an element and the texts after its children."""
        children: list[Element] = []
        if element.text and not isinstance(element.text, AtomicString):
            element.text, children = self._read(element.text)
        for child in list(element):
            children.append(child)
            if child.tail and not isinstance(child.tail, AtomicString):
                child.tail, more = self._read(child.tail)
                children += more
        element[:] = children

    def _read(self, text: str) -> tuple[str, list[Element]]:
        body = text.rstrip("\n")  # what ends its last line is no part of it
        reader = self.reader(body)
        return join([*Region(self, reader).read(0, len(body)), text[len(body) :]])

    def reader(self, source: str) -> Reader:
        """The reader of a text of this document."""
        patterns = [p for p in self.markdown.inlinePatterns if isinstance(p, InlineProcessor)]
        notes, links = self.parser.footnotes, self.markdown.references
        return Reader(source, notes, links, patterns, self.parser.delimiters)

    def store(self, html: str) -> str:
        """HTML put aside until all is written: the mark that stands for it."""
        return self.markdown.htmlStash.store(html)

    def spend(self, size: int) -> bool:
        """Whether a definition may add so many characters here."""
        self.allowance -= size
        return self.allowance >= 0


__all__ = ["Spans"]
