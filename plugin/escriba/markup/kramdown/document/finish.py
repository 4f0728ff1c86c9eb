"""What can be made only when the whole document is read: ids, attributes, highlighted code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape

from escriba.markup.html.grammar import HEADINGS, MARK, names
from escriba.markup.html.text import plain, walk
from escriba.markup.html.tree import Child, Formula, Html, InlineHtml, Node, Verbatim
from escriba.markup.kramdown.blocks.html import read_attributes
from escriba.markup.kramdown.document.contents import find_headings
from escriba.markup.kramdown.grammar import TAG
from escriba.markup.kramdown.parser import KramdownParser

_CONTAINERS = names("ul ol li dl dd blockquote table thead tbody tfoot tr div section article")
_BLOCKS = _CONTAINERS | frozenset(("p", "pre", "hr", "dt", "td", "th", *HEADINGS))
_FIRST_TAG = re.compile(TAG, re.S)


def finish(parser: KramdownParser, root: Node) -> None:
    """Finish all that is in a tree but its headings, notes and contents."""
    for holder, checked in parser.boxes:
        box = Node("input", {"type": "checkbox", "class": "task-list-item-checkbox"})
        box.attributes["disabled"] = "disabled"
        if checked:
            box.attributes["checked"] = "checked"
        holder.children.insert(0, box)
    for node in root.nodes():
        if node.tag == "code" and not isinstance(node, Html):
            _choose_language(node)
        elif node.attributes and not node.tag:
            _hand_down(node)
        if not isinstance(node, Html):
            for key, value in node.attributes.items():
                if MARK in value:
                    node.attributes[key] = parser.show_marks(value)
    for element, code, language in parser.codes:
        _write_code(parser, element, parser.show_marks(code), language)


def _hand_down(group: Node) -> None:
    """Give attributes of HTML that stands as it is to its first element."""
    first = group.children[0] if group.children else None
    if isinstance(first, Formula):
        first.attributes |= group.attributes
    elif isinstance(first, Html) and (tag := _FIRST_TAG.match(first.opening)):
        attributes = read_attributes(tag[2])
        if "class" in attributes and "class" in group.attributes:
            group.attributes["class"] = f"{attributes['class']} {group.attributes['class']}"
        attributes |= group.attributes
        written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
        first.opening = f"<{tag[1]}{written}{first.opening[tag.end(2) :]}"
        first.attributes = attributes
    group.attributes = {}


def _write_code(parser: KramdownParser, element: Node, code: str, language: str) -> None:
    classes = element.attributes.get("class", "").split()
    named = next((c for c in classes if c.startswith("language-")), "")
    language = language.partition("?")[0] or named.removeprefix("language-") or "plaintext"
    html = parser.hooks.highlight(code, language)
    others = [c for c in classes if c != named]
    if html is None:
        element.tag = "pre"
        element.attributes.pop("class", None)
        if others:
            element.attributes["class"] = " ".join(others)
        text = escape(code, quote=False)
        element.children = [Node("code", {"class": f"language-{language}"}, [text])]
        return
    element.attributes["class"] = " ".join([f"language-{language}", *others, "highlighter-rouge"])
    inner = Node("code", None, [Verbatim(html)])
    pre = Node("pre", {"class": "highlight"}, [inner])
    element.children = [Node("div", {"class": "highlight"}, [pre])]


def name_headings(root: Node) -> Iterator[tuple[int, str, str]]:
    """Give headings their ids, as GitHub makes them: words in lower case, joined with hyphens,
    numbered. Gives level, id and plain text of each."""
    counts: dict[str, int] = {}
    for heading in find_headings(root):
        plain_text = "".join(map(_say, walk(heading)))
        if "id" not in heading.attributes:
            name = slug(plain_text)
            counts[name] = counts.get(name, -1) + 1
            name += f"-{counts[name]}" if counts[name] else ""
            if name:
                heading.attributes["id"] = name
        yield int(heading.tag[1]), heading.attributes.get("id", ""), " ".join(plain_text.split())


def _say(child: Child) -> str:
    """The text of something in a heading; of a formula its TeX."""
    return child.tex.strip() if isinstance(child, Formula) else plain(child)


def set_lines(root: Node) -> None:
    """Put each block on a line of its own, for those who read the page's source; HTML that is all
    of a paragraph, and may not stand in one, comes out of it."""
    for parent in [root, *root.nodes()]:
        breaks = not isinstance(parent, Html) and (parent is root or parent.tag in _CONTAINERS)
        lines: list[Child] = []
        for number, child in enumerate(parent.children):
            lines.append(_unwrap(child))
            after = parent.children[number + 1 : number + 2]
            if breaks and _is_block(child) and not (after and isinstance(after[0], str)):
                lines.append("\n")
        parent.children = lines


def _is_block(child: Child) -> bool:
    block = isinstance(child, Node) and (child.tag in _BLOCKS or not child.tag)
    return block and not isinstance(child, (Html, InlineHtml))


def _unwrap(child: Child) -> Child:
    if isinstance(child, Node) and child.tag == "p" and len(child.children) == 1:
        only = child.children[0]
        wrapped = not child.attributes and not isinstance(child, Html)
        return only if wrapped and isinstance(only, InlineHtml) and only.stands_alone else child
    return child


def trim(root: Node) -> None:
    """Take white space, and what is empty, off both ends of a tree."""
    while root.children and _is_blank(root.children[0]):
        root.children.pop(0)
    while root.children and _is_blank(root.children[-1]):
        root.children.pop()
    last = root.children[-1] if root.children else None
    if isinstance(last, Node) and not last.tag:
        trim(last)
    elif isinstance(last, Verbatim) and last.is_text:
        root.children[-1] = Verbatim(last.html.rstrip(), last.at, is_text=True)


def _is_blank(child: Child) -> bool:
    if isinstance(child, Node):
        return not child.tag and all(map(_is_blank, child.children))
    if isinstance(child, Verbatim):
        return child.is_text and not child.html.strip()
    return not child.strip()


def _choose_language(span: Node) -> None:
    """Let an attribute list's language take the place of the one that every code span has."""
    classes = span.attributes.get("class", "").split()
    named = [c for c in classes if c.startswith("language-")]
    if "highlighter-rouge" in classes and len(named) > 1:
        others = [c for c in classes if c not in (*named, "highlighter-rouge")]
        span.attributes["class"] = " ".join([named[-1], *others, "highlighter-rouge"])


def slug(text: str) -> str:
    """A heading's text as its id; letters keep their accents."""
    kept = (
        c for c in text.lower()
        if c in "- \t" or c.isalnum() or unicodedata.category(c) in ("Mn", "Mc", "Me", "Pc")
    )  # fmt: skip
    return re.sub(r"[ \t]", "-", "".join(kept))
