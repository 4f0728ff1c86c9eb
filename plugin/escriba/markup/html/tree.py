"""The tree of a document: elements, text, and HTML that stays as it is.

What Markdown makes and what an author writes in HTML are in one tree, so that each step on it is
for both. HTML that may be anybody's is cut into tags by a browser's rules and kept to the letter:
elements in it that are closed are elements of the tree, a tag without its other half is `bare`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

from escriba.ground.mapped import MappedText
from escriba.markup.html.grammar import MARK, MARKED, VOID_ELEMENTS
from escriba.markup.html.tags import CLOSING, OPENING, TAG, attributes

_MARKED = re.compile(MARKED)


class Node:
    """An element. Its name is empty if it has no tag and only holds others together.

    `at` is where it begins in the document, -1 if that is not known; `source` its text, as long as
    what stands in its lines has not been read. `places` says where the values of attributes are.
    """

    __slots__ = ("added", "at", "attributes", "children", "places", "source", "tag")

    def __init__(
        self, tag: str, attributes: dict[str, str] | None = None, children: Iterable[Child] = (),
        at: int = -1, source: MappedText | None = None,
    ):  # fmt: skip
        self.tag = tag
        self.attributes = {} if attributes is None else attributes
        self.children = list(children)
        self.at = at
        self.source = source
        self.places: dict[str, int] = {}
        self.added = ""  # attributes that the page needs, as they are written

    def __iter__(self) -> Iterator[Node]:
        """The elements directly within."""
        return (child for child in self.children if isinstance(child, Node))

    def all(self) -> Iterator[Child]:
        """All that is within, in order."""
        waiting = self.children[::-1]
        while waiting:
            child = waiting.pop()
            yield child
            if isinstance(child, Node):
                waiting += child.children[::-1]

    def nodes(self) -> Iterator[Node]:
        """All elements within, in order."""
        return (child for child in self.all() if isinstance(child, Node))

    def append(self, child: Node) -> Node:
        self.children.append(child)
        return child

    def replace(self, old: Child, new: Iterable[Child]) -> None:
        """Put others in the place of a child."""
        number = next(n for n, child in enumerate(self.children) if child is old)
        self.children[number : number + 1] = new

    def copy(self, children: Iterable[Child] | None = None) -> Node:
        """A copy of an element and all that it holds, or of others in the place of that."""
        made = self._copy_tag()
        made.children = list(self.children if children is None else children)
        waiting = [made]
        while waiting:
            node = waiting.pop()
            for number, child in enumerate(node.children):
                if isinstance(child, Node):
                    new = child._copy_tag()
                    new.children = list(child.children)
                    node.children[number] = new
                    waiting.append(new)
                elif isinstance(child, Verbatim):
                    node.children[number] = child.copy()
        return made

    def _copy_tag(self) -> Node:
        return Node(self.tag, dict(self.attributes))


class InlineHtml(Node):
    """What one stretch of HTML within a line has made. It is no element; if it `stands_alone`, no
    paragraph is around it that has nothing else."""

    __slots__ = ("stands_alone",)

    def __init__(self, children: Iterable[Child], at: int, *, stands_alone: bool):
        super().__init__("", None, children, at)
        self.stands_alone = stands_alone

    def _copy_tag(self) -> InlineHtml:
        return InlineHtml((), self.at, stands_alone=self.stands_alone)


class Html(Node):
    """An element that its author wrote in HTML: `opening` and `closing` are its tags."""

    __slots__ = ("closing", "is_bare", "opening")

    def __init__(self, tag: str, opening: str, at: int = -1):
        super().__init__(tag, at=at)
        self.opening = opening
        self.closing = ""
        self.is_bare = True

    def read(self, mapped: MappedText | None, start: int) -> None:
        """Read the attributes of the tag, which begins at a position of a text."""
        for each in attributes(self.opening, len(self.tag) + 1):
            if each.name not in self.attributes:
                self.attributes[each.name] = each.value
                if mapped is not None:
                    self.places[each.name] = mapped.locate(start + each.inside)

    def _copy_tag(self) -> Html:
        made = Html(self.tag, self.opening)
        made.attributes = dict(self.attributes)
        made.closing, made.is_bare = self.closing, self.is_bare
        return made


class Verbatim:
    """HTML that stays as it is: a text between tags, a comment, half of an element, code that is
    highlighted."""

    __slots__ = ("at", "html", "is_text")

    def __init__(self, html: str, at: int = -1, *, is_text: bool = False):
        self.html = html
        self.at = at
        self.is_text = is_text

    def copy(self) -> Self:
        return self


class Formula(Verbatim):
    """A formula: its TeX as it was `written`, and as it is to be translated, which makes `html`.
    It is not `whole` if highlighted code stood in it; a copy is `of` another."""

    __slots__ = ("attributes", "display", "of", "tex", "whole", "written")

    def __init__(self, tex: str, display: bool, written: MappedText, *, whole: bool = True):
        super().__init__("", written.locate(0))
        self.tex = tex
        self.display = display
        self.written = written
        self.whole = whole
        self.attributes: dict[str, str] = {}  # that its author gives it
        self.of: Formula = self

    def copy(self) -> Self:
        made = type(self)(self.tex, self.display, self.written, whole=self.whole)
        made.of, made.attributes, made.html = self.of, dict(self.attributes), self.html
        return made


Child: TypeAlias = Node | Verbatim | str  # a `str` is text, in which only `&` may begin HTML
Part: TypeAlias = MappedText | str | Node | Verbatim


@dataclass
class _Token:
    """A tag of some HTML, or what stands between two; `paired`: its other half is there."""

    made: Child
    opens: str = ""
    closes: str = ""
    paired: bool = False


def parse(parts: Iterable[Part], marks: Mapping[str, str] | None = None) -> list[Child]:
    """The tree of some HTML, of which elements may stand ready among its parts; a mark in it stands
    for other HTML. Takes time in proportion to its size."""
    known = marks or {}
    tokens = [token for part in parts for each in _open_marks(part, known) for token in _cut(each)]
    _pair(tokens)
    top: list[Child] = []
    within = [top]
    opened: list[Html] = []
    for token in tokens:
        if token.closes and token.paired:
            assert isinstance(token.made, Verbatim)
            opened.pop().closing = token.made.html
            within.pop()
            continue
        within[-1].append(token.made)
        if token.opens and token.paired:
            assert isinstance(token.made, Html)
            token.made.is_bare = False
            opened.append(token.made)
            within.append(token.made.children)
    return top


def _pair(tokens: Iterable[_Token]) -> None:
    """Find the halves of elements: an end tag is that of the last of its name that is open, and
    what is open within that stays without."""
    waiting: list[_Token] = []
    counts: dict[str, int] = {}
    for token in tokens:
        if token.opens:
            waiting.append(token)
            counts[token.opens] = counts.get(token.opens, 0) + 1
        elif token.closes and counts.get(token.closes):
            while True:
                last = waiting.pop()
                counts[last.opens] -= 1
                if last.opens == token.closes:
                    break
            last.paired = token.paired = True


def _open_marks(part: Part, marks: Mapping[str, str]) -> Iterator[Part]:
    at = 0
    if isinstance(part, MappedText) and MARK in part.text:
        for mark in _MARKED.finditer(part.text):
            yield part.cut(at, mark.start())
            yield marks.get(mark[0], "")
            at = mark.end()
        part = part.cut(at)
    yield part


def _cut(part: Part) -> Iterator[_Token]:
    if isinstance(part, Node | Verbatim):
        yield _Token(part)
        return
    html, mapped = (part, None) if isinstance(part, str) else (part.text, part)

    def place(at: int) -> int:
        return -1 if mapped is None else mapped.locate(at)

    end = 0
    for match in TAG.finditer(html):
        if match.start() > end:
            yield _Token(Verbatim(html[end : match.start()], place(end), is_text=True))
        end = match.end()
        yield _read_tag(match, mapped)
    if end < len(html):
        yield _Token(Verbatim(html[end:], place(end), is_text=True))


def _read_tag(match: re.Match[str], mapped: MappedText | None) -> _Token:
    at = -1 if mapped is None else mapped.locate(match.start())
    if match[1] or not match[3]:  # a script, a comment, or what never ends
        return _Token(_read_literal(match, mapped) or Verbatim(match[0], at))
    name = match[3].lower()
    if match[2]:
        return _Token(Verbatim(match[0], at), closes=name)
    node = Html(name, match[0], at)
    if "=" in match[0]:
        node.read(mapped, match.start())
    return _Token(node, opens="" if name in VOID_ELEMENTS else name)


def _read_literal(match: re.Match[str], mapped: MappedText | None) -> Html | None:
    """A script or a style sheet with what it holds; None for one that is not to be understood."""
    opening = OPENING.match(match[0]) if match[1] else None
    if opening is None:
        return None
    node = Html(match[1].lower(), opening[0])
    node.read(mapped, match.start())
    rest = match[0][opening.end() :]
    closing = CLOSING.search(rest)
    at = -1 if mapped is None else mapped.locate(match.start() + opening.end())
    node.children = [Verbatim(rest[: closing.start()] if closing else rest, at)]
    node.closing = closing[0] if closing else ""
    node.is_bare = False
    return node
