"""Markdown's blocks as kramdown reads them, line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from escriba.ground.mapped import MappedText
from escriba.markup.html.grammar import MARK, MARKED
from escriba.markup.html.tree import Node
from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.source import AttributeLists, Frame, Source
from escriba.markup.math.delimiters import NONE, Delimiters

_MARKED = re.compile(MARKED)
DEEPEST = 40  # blocks within blocks; what is deeper is text


@dataclass(frozen=True)
class Hooks:
    """What a document has besides Markdown.

    `highlight(code, language)` gives HTML (None: an unknown language). `marks` is the HTML that
    stands where the text has a mark. `value(code, at)` may give an element for a code span.
    `delimiters` are those of formulas that are read besides kramdown's own.
    """

    highlight: Callable[[str, str], str | None] = lambda code, language: None
    marks: Mapping[str, str] = field(default_factory=dict)
    value: Callable[[str, int], Node | None] = lambda code, at: None
    delimiters: Delimiters = NONE


@dataclass(frozen=True)
class Definition:
    """An address that has a name; it is written `at` this place."""

    url: str
    title: str | None
    at: int


class KramdownParser:
    """The blocks of one document, and what is defined anywhere in it for use everywhere.

    `parsers` are asked in their order; the first takes blank lines and the last whatever comes, so
    that these two alone read what is too deep. `of_letters` are those for lines that begin with a
    letter, as most do. `unclosed` are the fences that never end, and
    `strays` the lines that were to end code which had ended before, with a fence that it showed:
    what they are made of, and where.
    """

    def __init__(self, hooks: Hooks, parsers: Sequence[Parse], of_letters: Sequence[Parse]):
        self.hooks = hooks
        self.delimiters = hooks.delimiters
        self.parsers = parsers
        self.of_letters = of_letters
        self.definitions: dict[str, Attributes] = {}
        self.references: dict[str, Definition] = {}
        self.attributes = AttributeLists()
        self.codes: list[tuple[Node, str, str]] = []
        self.boxes: list[tuple[Node, bool]] = []  # of tasks: the element that begins with one
        self.footnotes: dict[str, Node] = {}
        self.abbreviations: dict[str, str] = {}
        self.prose: list[MappedText] = []  # all text, without code, formulas and HTML
        self.unclosed: list[tuple[str, int]] = []
        self.strays: list[tuple[str, int]] = []
        self.shown = 0
        self.depth = 0

    def read(self, text: MappedText) -> Node:
        """The tree of a document, in whose lines nothing is read yet."""
        root = Node("")
        self.fill(root, text)
        for node, attributes in self.attributes:
            attributes.apply(node.attributes, self.definitions)
        return root

    def fill(self, node: Node, text: MappedText) -> Frame:
        """Parse a text into blocks of an element."""
        frame = Frame(node, self.attributes)
        self.fill_frame(frame, text)
        return frame

    def fill_frame(self, frame: Frame, text: MappedText) -> None:
        """Parse a further text into a frame."""
        source = Source(text)
        self.depth += 1
        parsers, of_letters = self.parsers, self.of_letters
        if self.depth >= DEEPEST:
            parsers = of_letters = (self.parsers[0], self.parsers[-1])
        while not source.done:
            for parse in of_letters if source.text[source.at].isalpha() else parsers:
                if parse(self, source, frame):
                    break
        frame.close()
        self.depth -= 1

    def show_marks(self, text: str) -> str:
        """A text with the HTML that its marks stand for in their place, as text: Liquid highlights
        code within code too, and Jekyll shows it so."""
        return _MARKED.sub(lambda mark: self.hooks.marks[mark[0]], text) if MARK in text else text


# Reads a block from a source into a frame, if one of its kind begins there.
Parse = Callable[[KramdownParser, Source, Frame], bool]
