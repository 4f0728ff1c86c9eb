"""What stands within a line: a grammar of our own, in the place of Python-Markdown's patterns.

    text → reader.Reader → nodes → stage.Region → elements

`reader` finds the parts, with `leaves`, `links` and `tags`, which know what each looks like, and
`text`, which finds everything once. This makes elements of the parts that stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString, code_escape

from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.notes import Notes
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.source import raw
from escriba.markup.kramdown.spans.abbreviations import Abbreviations
from escriba.markup.kramdown.spans.links import unescape
from escriba.markup.kramdown.spans.nodes import (
    AttributeList,
    Autolink,
    Break,
    Code,
    Foreign,
    Formula,
    Image,
    Link,
    Mark,
    Node,
    Note,
    Raw,
    Shown,
    Span,
    Struck,
    Target,
)
from escriba.markup.kramdown.spans.reader import RAW, Reader

Piece = Element | str
DEEPEST = 60  # elements of any kind within each other; what is deeper is text


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


class Region:
    """A stretch of a text that one element holds. `breaks`: a backslash may end its lines."""

    def __init__(self, spans: Spans, reader: Reader, *, breaks: bool = True, depth: int = 0):
        self.spans = spans
        self.reader = reader
        self.source = reader.source
        self.breaks = breaks
        self.depth = depth
        self.pieces: list[Piece] = []
        self._raw = False
        self._text: list[str] = []
        self._last: Element | None = None  # what an attribute list that follows belongs to
        self._attributes = Attributes()

    def read(self, start: int, end: int, context: int = 0) -> list[Piece]:
        """The text and the elements between two places."""
        self._raw = bool(context & RAW)
        at = start
        for node, begin, after in self.reader.parts(start, end, context):
            self._text.append(self.source[at:begin])
            self._add(node, begin, after)
            at = after
        self._text.append(self.source[at:end])
        self._flush()
        return self.pieces

    def _add(self, node: Node, begin: int, after: int) -> None:
        if isinstance(node, Shown):
            self._text.append(node.text)
        elif isinstance(node, AttributeList):
            self._list(node.text)
        elif isinstance(node, Mark):
            self._text.append(self.source[begin : node.at])
            self._flush()
            self.pieces.append(node.text)
        elif (piece := self._make(node)) is not None:
            self._flush()
            self.pieces.append(piece)
            if isinstance(piece, Element) and not isinstance(node, Break | Note):
                self._last = piece
        else:
            self._text.append(self.source[begin:after])

    def _list(self, text: str) -> None:
        """Add a list of attributes to those of the part before it."""
        if re.search(r"\A\w|\s\w", text):  # a name may bring what replaces those before it
            self._apply()
        self._attributes.read(text)

    def _apply(self) -> None:
        if self._last is not None:
            self._attributes.apply(self._last, self.spans.parser.definitions)
        self._attributes = Attributes()

    def _flush(self) -> None:
        """Write the text before a part, and the attributes of the part before that."""
        self._apply()
        self._last = None
        text = "".join(self._text)
        self._text.clear()
        for number, line in enumerate(text.split("\\\n") if self.breaks else [text]):
            if number:
                self.pieces += [Element("br"), "\n"]
            self._shorten(line)

    def _shorten(self, text: str) -> None:
        """Write text with its abbreviations."""
        at = 0
        abbreviations = self.spans.abbreviations
        for start, end in () if self._raw else abbreviations.find(text):
            word = text[start:end]
            meaning = abbreviations.meanings[word]
            if self.spans.spend(len(meaning)):
                element = Element("abbr", {"title": meaning} if meaning else {})
                element.text = AtomicString(word)
                self.pieces += [text[at:start], element]
                at = end
        self.pieces.append(text[at:])

    def _make(self, node: Node) -> Piece | None:
        """What a part becomes; None if it stays text."""
        match node:
            case Break():
                return Element("br")
            case Code(text):
                code = Element("code", {"class": "language-plaintext highlighter-rouge"})
                code.text = AtomicString(code_escape(text))
                return code
            case Formula(tex, display):
                return raw(self.spans.store(self.spans.formula(tex, display)))
            case Raw(html):
                return self.spans.store(html) if html else ""
            case Note(name):
                return self.spans.notes.mark(name)
            case Foreign(made):
                for element in list(made.iter()) if isinstance(made, Element) else ():
                    self.spans.fill(element)
                return made
            case Image(start, end, target):
                alt = unescape(self.source[start:end])
                return self._lead(Element("img", {"alt": alt}), "src", target)
        return self._make_holder(node) if self.depth < DEEPEST else None

    def _make_holder(self, node: Node) -> Element | None:
        """The element that a part becomes which has parts itself."""
        match node:
            case Autolink(address, text):
                inside = Region(self.spans, self.reader)
                inside._shorten(text)
                return hold(Element("a", {"href": address}), inside.pieces)
            case Link(start, end, context, target):
                link = self._lead(Element("a"), "href", target)
                return link if link is None else self._fill(link, start, end, context)
            case Span(tag, start, end, context, attributes):
                element = Element(tag, dict(attributes or {}))
                return self._fill(element, start, end, context, breaks=attributes is None)
            case Struck(start, end):
                reader = self.spans.reader(self.source[start:end])
                inside = Region(self.spans, reader, breaks=False, depth=self.depth + 1)
                return hold(Element("del"), inside.read(0, end - start))
        return None

    def _fill(
        self, element: Element, start: int, end: int, context: int, *, breaks: bool = True
    ) -> Element:
        breaks = breaks and self.breaks
        inside = Region(self.spans, self.reader, breaks=breaks, depth=self.depth + 1)
        return hold(element, inside.read(start, end, context))

    def _lead(self, element: Element, attribute: str, target: Target) -> Element | None:
        """The element with its address; None if its definition may not be used again."""
        title: str | None
        if target.name is not None:
            url, title = self.spans.markdown.references[target.name]
            if not self.spans.spend(len(url) + len(title or "")):
                return None
        else:
            url = self.source[slice(*target.url)]
            title = None if target.title is None else self.source[slice(*target.title)]
        element.set(attribute, url)
        if title is not None:
            element.set("title", title)
        return element


def hold(element: Element, pieces: Iterable[Piece]) -> Element:
    """Put text and elements into an element that is empty."""
    element.text, element[:] = join(pieces)
    return element


def join(pieces: Iterable[Piece]) -> tuple[str, list[Element]]:
    """The text before the first element, and the elements, each with the text after it."""
    texts: list[list[str]] = [[]]
    elements = []
    for piece in pieces:
        if isinstance(piece, str):
            texts[-1].append(piece)
        elif piece.tag is None and not piece.attrib:  # HTML put aside is text, if it can be
            texts[-1].append(piece.text or "")
        else:
            elements.append(piece)
            texts.append([piece.tail or ""])
    for element, tail in zip(elements, texts[1:], strict=True):
        element.tail = "".join(tail)
    return "".join(texts[0]), elements
