"""Blocks as kramdown reads them, line by line.

Python-Markdown cuts a text at its blank lines and lets each processor look at the pieces;
kramdown goes line by line, so that a list may follow a line of text directly. This parser takes
the place of Python-Markdown's; block processors that other extensions register see each
paragraph before it becomes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ElementTree

from markdown import Markdown
from markdown.blockparser import BlockParser

from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.source import AttributeLists, Frame, Source
from escriba.markup.math.delimiters import NONE, Delimiters

DEEPEST = 40  # blocks within blocks; what is deeper is text


class KramdownParser(BlockParser):
    """The blocks of one document, and what is defined anywhere in it for use everywhere.

    `parsers` are asked in their order; the first takes blank lines and the last whatever comes, so
    that these two alone read what is too deep.
    """

    def __init__(
        self,
        md: Markdown,
        formula: Callable[[str, bool], str],
        raw_html: Callable[[str], str],
        delimiters: Delimiters = NONE,
        parsers: Sequence[Parse] = (),
    ):
        super().__init__(md)
        self.parsers = parsers
        self.formula = formula
        self.raw_html = raw_html
        self.delimiters = delimiters
        self.reset()

    def reset(self) -> None:
        self.definitions: dict[str, Attributes] = {}
        self.attributes = AttributeLists()
        self.codes: list[tuple[Element, str, str]] = []
        self.footnotes: dict[str, Element] = {}
        self.abbreviations: dict[str, str] = {}
        self.unclosed: list[str] = []
        self.strays: list[str] = []
        self.shown = 0
        self.depth = 0

    def parseDocument(self, lines: Iterable[str]) -> ElementTree[Any]:
        """The tree of a document; attributes that come last are applied last."""
        self.root = Element(self.md.doc_tag)
        self.fill(self.root, "\n".join(lines))
        for element, attributes in self.attributes:
            attributes.apply(element, self.definitions)
        return ElementTree(self.root)

    def parseChunk(self, parent: Element, text: str) -> None:
        """Blocks into an element, for the extensions of others."""
        self.fill(parent, text)

    def fill(self, element: Element, text: str) -> Frame:
        """Parse a text into blocks of an element."""
        frame = Frame(element, self.attributes)
        self.fill_frame(frame, text)
        return frame

    def fill_frame(self, frame: Frame, text: str) -> None:
        """Parse a further text into a frame."""
        source = Source(text)
        self.depth += 1
        parsers = self.parsers if self.depth < DEEPEST else (self.parsers[0], self.parsers[-1])
        while not source.done:
            any(parse(self, source, frame) for parse in parsers)
        frame.close()
        self.depth -= 1


# Reads a block from a source into a frame, if one of its kind begins there.
Parse = Callable[[KramdownParser, Source, Frame], bool]
