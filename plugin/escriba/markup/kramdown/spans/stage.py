"""What stands within a line.

    text → reader.Reader → nodes → stage.Region → the tree

`reader` finds the parts, with `leaves`, `links` and `tags`, which know what each looks like, and
`text`, which finds everything once. This makes elements of the parts that stay.
"""

from __future__ import annotations

import re
from html import escape

from escriba.article.source.hidden import blank
from escriba.ground.mapped import MappedText
from escriba.markup.html.grammar import names
from escriba.markup.html.tree import Child, Formula, InlineHtml, Node, Verbatim
from escriba.markup.kramdown.attributes import Attributes
from escriba.markup.kramdown.blocks.html import open_html, open_mark
from escriba.markup.kramdown.notes import Notes
from escriba.markup.kramdown.parser import KramdownParser
from escriba.markup.kramdown.spans import nodes
from escriba.markup.kramdown.spans.abbreviations import Abbreviations
from escriba.markup.kramdown.spans.links import unescape
from escriba.markup.kramdown.spans.reader import RAW, Reader
from escriba.markup.math.html import read_formula

# In these nobody looks for a formula that is not read.
_COVERS = (nodes.Code, nodes.Formula, nodes.Raw, nodes.Comment, nodes.Marked)
# A list of attributes that follows one of these is for nothing.
_PLAIN = (nodes.Break, nodes.Note, nodes.Raw, nodes.Comment, nodes.Marked)
_LITERAL = frozenset({"script", "style", "pre", "code", "textarea", "math"})
_STANDS_ALONE = names(
    "address article aside blockquote body canvas center colgroup dd details div dl dt fieldset "
    "figcaption figure footer form group h1 h2 h3 h4 h5 h6 header hgroup hr html iframe legend li "
    "main map menu nav noscript object ol option output p pre progress script section style "
    "summary table tbody td textarea tfoot th thead tr ul video"
)
DEEPEST = 60  # elements of any kind within each other; what is deeper is text


class Spans:
    """Reads the texts of a document, block by block.

    What definitions add to the text is bounded: an address of the length of a text, named as
    often, would give a page of its square.
    """

    def __init__(self, parser: KramdownParser, notes: Notes):
        self.parser = parser
        self.notes = notes
        self.abbreviations = Abbreviations(parser.abbreviations)
        self.allowance = 0

    def run(self, root: Node) -> None:
        found = [node for node in root.nodes() if node.source is not None]
        self.allowance = 100_000 + 10 * sum(len(node.source or "") for node in found)
        for node in found:
            if node.source is not None:
                node.children[:0] = self._read(node.source)
                node.source = None

    def _read(self, text: MappedText) -> list[Child]:
        body = text.text.rstrip("\n")  # what ends its last line is no part of it
        reader = self.reader(body)
        pieces = join([*Region(self, reader, text).read(0, len(body)), text.text[len(body) :]])
        if "$" in body or "\\" in body:
            prose = blank(body, sorted(reader.covered))
            self.parser.prose.append(MappedText(prose, text.starts, text.sources))
        return pieces

    def reader(self, source: str) -> Reader:
        """The reader of a text of this document."""
        parser = self.parser
        return Reader(source, parser.footnotes, parser.references, parser.delimiters)

    def spend(self, size: int) -> bool:
        """Whether a definition may add so many characters here."""
        self.allowance -= size
        return self.allowance >= 0


class Region:
    """A stretch of a text that one element holds. `breaks`: a backslash may end its lines."""

    def __init__(
        self, spans: Spans, reader: Reader, mapped: MappedText, *, breaks: bool = True,
        depth: int = 0,
    ):  # fmt: skip
        self.spans = spans
        self.reader = reader
        self.source = reader.source
        self.mapped = mapped
        self.breaks = breaks
        self.depth = depth
        self.pieces: list[Child] = []
        self._raw = False
        self._text: list[str] = []
        self._last: dict[str, str] | None = None  # what an attribute list that follows adds to
        self._attributes = Attributes()

    def read(self, start: int, end: int, context: int = 0) -> list[Child]:
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

    def _add(self, node: nodes.Node, begin: int, after: int) -> None:
        if isinstance(node, nodes.Shown):
            self._text.append(node.text)
        elif isinstance(node, nodes.AttributeList):
            self._list(node.text)
        elif isinstance(node, nodes.Mark):
            self._text.append(self.source[begin : node.at])
            self._flush()
            self.pieces.append(node.text)
        elif (piece := self._make(node, begin, after)) is not None:
            if isinstance(node, _COVERS):
                self.reader.covered.append((begin, after))
            self._flush()
            self.pieces.append(piece)
            if isinstance(piece, (Node, Formula)) and not isinstance(node, _PLAIN):
                self._last = piece.attributes
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
                self.pieces += [Node("br"), "\n"]
            self._shorten(line)

    def _shorten(self, text: str) -> None:
        """Write text with its abbreviations."""
        at = 0
        abbreviations = self.spans.abbreviations
        for start, end in () if self._raw else abbreviations.find(text):
            word = text[start:end]
            meaning = abbreviations.meanings[word]
            if self.spans.spend(len(meaning)):
                title = {"title": meaning} if meaning else {}
                self.pieces += [text[at:start], Node("abbr", title, [word])]
                at = end
        self.pieces.append(text[at:])

    def _make(self, node: nodes.Node, begin: int, after: int) -> Child | None:
        """What a part becomes; None if it stays text."""
        parser, at = self.spans.parser, self.mapped.locate(begin)
        match node:
            case nodes.Break():
                return Node("br", at=at)
            case nodes.Code(text):
                return self._read_code(text, at, after - begin)
            case nodes.Formula(tex, start, end, display):
                return read_formula(tex, display, self.mapped.cut(start, end))
            case nodes.Raw(start, end):
                html = open_html(parser, [self.mapped.cut(start, end)])
                return InlineHtml(html, at, stands_alone=_stands_alone(self.source[start:end]))
            case nodes.Comment(text):
                comment = Verbatim(f"<!-- {parser.show_marks(text)} -->", at)
                return InlineHtml([comment], at, stands_alone=True)
            case nodes.Marked(mark):
                alone = mark[1].isalpha() or _stands_alone(parser.hooks.marks[mark])
                return InlineHtml(open_mark(parser, mark, at).children, at, stands_alone=alone)
            case nodes.Note(name):
                return self.spans.notes.mark(name)
            case nodes.Image(start, end, target):
                alt = unescape(self.source[start:end])
                return self._lead(Node("img", {"alt": alt}, at=at), "src", target)
        return self._make_holder(node, at) if self.depth < DEEPEST else None

    def _read_code(self, text: str, at: int, size: int) -> Node:
        if size == len(text) + 2 and (value := self.spans.parser.hooks.value(text, at)):
            return value
        classes = {"class": "language-plaintext highlighter-rouge"}
        return Node("code", classes, [escape(self.spans.parser.show_marks(text), quote=False)], at)

    def _make_holder(self, node: nodes.Node, at: int) -> Node | None:
        """The element that a part becomes which has parts itself."""
        match node:
            case nodes.Autolink(address, text):
                inside = Region(self.spans, self.reader, self.mapped)
                inside._shorten(text)
                link = Node("a", {"href": address}, join(inside.pieces), at)
                link.places["href"] = at + 1
                return link
            case nodes.Link(start, end, context, target):
                found = self._lead(Node("a", at=at), "href", target)
                return found if found is None else self._fill(found, start, end, context)
            case nodes.Span(tag, start, end, context, attributes, places):
                element = Node(tag, dict(attributes or {}), at=at)
                element.places = {name: self.mapped.locate(p) for name, p in places.items()}
                if tag in _LITERAL:
                    self.reader.covered.append((start, end))
                return self._fill(element, start, end, context, breaks=attributes is None)
            case nodes.Struck(start, end):
                reader = self.spans.reader(self.source[start:end])
                mapped = self.mapped.cut(start, end)
                inside = Region(self.spans, reader, mapped, breaks=False, depth=self.depth + 1)
                struck = Node("del", None, join(inside.read(0, end - start)), at)
                self.reader.covered += [(start + a, start + b) for a, b in reader.covered]
                return struck
        return None

    def _fill(
        self, element: Node, start: int, end: int, context: int, *, breaks: bool = True
    ) -> Node:
        breaks = breaks and self.breaks
        inside = Region(self.spans, self.reader, self.mapped, breaks=breaks, depth=self.depth + 1)
        element.children = join(inside.read(start, end, context))
        return element

    def _lead(self, element: Node, attribute: str, target: nodes.Target) -> Node | None:
        """The element with its address; None if its definition may not be used again."""
        title: str | None
        if target.name is not None:
            definition = self.spans.parser.references[target.name]
            url, title, at = definition.url, definition.title, definition.at
            if not self.spans.spend(len(url) + len(title or "")):
                return None
        else:
            url, at = self.source[slice(*target.url)], self.mapped.locate(target.url[0])
            title = None if target.title is None else self.source[slice(*target.title)]
        element.attributes[attribute] = url
        element.places[attribute] = at
        if title is not None:
            element.attributes["title"] = title
        return element


def _stands_alone(html: str) -> bool:
    """Whether HTML is no part of a paragraph, by how it begins."""
    begin = re.match("</?([^ >]+)", html)
    return begin is not None and (begin[1][0] in "!?@%" or begin[1].lower() in _STANDS_ALONE)


def join(pieces: list[Child]) -> list[Child]:
    """The same with each text in one piece."""
    joined: list[Child] = []
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        if text := "".join(texts):
            joined.append(text)
        texts.clear()
        joined.append(piece)
    if text := "".join(texts):
        joined.append(text)
    return joined
