"""What a post says of itself in a list, in the feed and to a search engine, where its author wrote
no description: its first paragraph, or the text before `<!--more-->`; and its beginning as HTML.

Headings, captions, tables, code and figures are no part of a summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from escriba.markup.html.grammar import VOID_ELEMENTS, names
from escriba.markup.html.text import is_note, plain
from escriba.markup.html.tree import Child, Html, Node, Verbatim
from escriba.markup.html.write import write

LONGEST = 240  # characters of a first paragraph
LONGEST_CHOSEN = 1000  # of what the author has marked

MORE = re.compile(r"<!--\s*more\s*-->")
_APART = names(
    "aside audio button canvas caption figcaption figure footer form h1 h2 h3 h4 h5 h6 header "
    "iframe nav noscript object picture pre script select style svg table template textarea video"
)
_QUOTED = names("blockquote dd details dl li ol ul")
_BLOCKS = names("p li ul ol dl dt dd div blockquote section article details summary")
_NO_PROSE = re.compile("caption|escriba|footnotes|credit", re.I)
_STRESSED = frozenset({"em", "i", "small"})
_REFERENCE = re.compile(r'<mtext><a href="#[^"]*">([^<]*)</a></mtext>')
_ID = re.compile(r'(<[a-zA-Z][^<>]*?) id="[^"]*"')


def summarise(root: Node) -> str:
    """The text of a summary, in one line; empty for a post without a paragraph."""
    if (before := cut_before_more(root)) and (text := _say(before)):
        return _shorten(text, LONGEST_CHOSEN)
    quoted = ""
    for text, is_quoted in _find_paragraphs(root):
        if not is_quoted:
            return _shorten(text, LONGEST)
        quoted = quoted or text
    return _shorten(quoted, LONGEST)


def cut_excerpt(root: Node) -> str:
    """The HTML before `<!--more-->`, else of the first paragraph, without marks of footnotes and
    without `id`s, so that it can stand on a page with others."""
    cut = cut_before_more(root)
    if cut is None:
        found = (
            n for n in root.nodes() if n.tag == "p" and not (isinstance(n, Html) and n.is_bare)
        )
        first = next(found, None)
        cut = Node("", None, [first.copy()] if first else [])
    for node in [cut, *cut.nodes()]:
        node.children = [_anonymise(c) for c in node.children
                         if not (isinstance(c, Node) and is_note(c))]  # fmt: skip
    return write(cut).html.strip()


def _anonymise(child: Child) -> Child:
    """What can stand on a page with others: without ids, and references to what is elsewhere."""
    if isinstance(child, Node):
        child.attributes.pop("id", None)
        if isinstance(child, Html):
            child.opening = _ID.sub(r"\1", child.opening)
    elif isinstance(child, Verbatim) and not child.is_text:
        return Verbatim(_ID.sub(r"\1", _REFERENCE.sub(r"<mtext>\1</mtext>", child.html)))
    return child


def cut_before_more(root: Node) -> Node | None:
    """A copy of what stands before `<!--more-->`; None without that."""
    cut: Node | None = None
    for node, number in reversed(_find_more(root)):
        kept = node.children[:number] if cut is None else [*node.children[: number - 1], cut]
        cut = node.copy(kept)
    return cut


def _find_more(root: Node) -> list[tuple[Node, int]]:
    """The elements around `<!--more-->`, the outermost first, each with the number of its children
    up to it."""
    path = [(root, 0)]
    while path:
        node, number = path[-1]
        if number == len(node.children):
            path.pop()
            continue
        child = node.children[number]
        if isinstance(child, Verbatim) and MORE.match(child.html):
            return path
        path[-1] = node, number + 1
        if isinstance(child, Node):
            path.append((child, 0))
    return []


def _say(root: Node) -> str:
    """The text of prose in one line, its formulas as words."""
    pieces: list[str] = []
    waiting: list[Child] = root.children[::-1]
    while waiting:
        child = waiting.pop()
        if not isinstance(child, Node):
            pieces.append(plain(child))
        elif is_note(child):
            continue
        elif _is_apart(child) or child.tag == "br":
            pieces.append(" ")
        elif child.tag == "math":
            pieces.append(plain(child))
        else:
            space = [" "] if child.tag in _BLOCKS else []
            waiting += [*space, *child.children[::-1], *space]
    return " ".join("".join(pieces).split())


def _is_apart(node: Node) -> bool:
    return node.tag in _APART or (
        node.tag not in VOID_ELEMENTS
        and node.tag != "data"  # an inline value is prose
        and bool(_NO_PROSE.search(node.attributes.get("class", "")))
    )


def _find_paragraphs(root: Node) -> Iterator[tuple[str, bool]]:
    """The text of each paragraph that has some and is no caption, and whether it stands in a list
    or a quotation."""
    pictured = False  # whether the paragraph before is an image alone
    waiting = [(child, False) for child in root.children[::-1]]
    while waiting:
        child, quoted = waiting.pop()
        if not isinstance(child, Node) or _is_apart(child):
            continue
        if child.tag != "p":
            inside = quoted or child.tag in _QUOTED
            waiting += [(each, inside) for each in child.children[::-1]]
            continue
        text = _say(child)
        with_image = any(node.tag == "img" for node in child.nodes())
        if text and not ((with_image or pictured) and _is_caption(child)):
            yield text, quoted
        pictured = with_image and not text


def _is_caption(paragraph: Node) -> bool:
    """Whether a paragraph at an image has nothing but stressed text."""
    rest = [c for c in paragraph.children if not (isinstance(c, Node) and c.tag in _STRESSED)]
    return not _say(Node("", None, rest))


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:.—-") + "…"
