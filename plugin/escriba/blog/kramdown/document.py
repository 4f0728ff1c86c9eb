"""What can be made only when the whole document is read: ids, contents, notes, code."""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions.abbr import AbbrTreeprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString, code_escape

from escriba.blog.kramdown.grammar import TAG, names
from escriba.blog.kramdown.html import read_attributes
from escriba.blog.kramdown.source import raw

if TYPE_CHECKING:
    from escriba.blog.kramdown.block import KramdownParser

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CONTAINERS = names("ul ol li dl dd blockquote table thead tbody tfoot tr div section article")
_BLOCKS = _CONTAINERS | frozenset(("p", "pre", "hr", "dt", "td", "th", *_HEADINGS))
_STASHED = re.compile(r"\x02(?:wzxhzdk:(?P<html>\d+)|(?P<char>\d+)|(?P<amp>amp))\x03")
_FIRST_TAG = re.compile(TAG, re.S)
_TEX = re.compile(r'<annotation encoding="application/x-tex">(.*?)</annotation>', re.S)


class Notes(Treeprocessor):
    """Before the lines are read: the footnotes join the tree, so that theirs are read too."""

    def __init__(self, md: Markdown, parser: KramdownParser):
        super().__init__(md)
        self.parser = parser

    def run(self, root: Element) -> None:
        if self.parser.footnotes:
            holder = SubElement(root, "div", {"class": "footnotes", "role": "doc-endnotes"})
            notes = SubElement(holder, "ol")
            for name, note in self.parser.footnotes.items():
                note.set("id", f"fn:{name}")
                note.set("role", "doc-endnote")
                notes.append(note)


class Finish(Treeprocessor):
    """After the lines are read."""

    def __init__(
        self, md: Markdown, parser: KramdownParser, highlight: Callable[[str, str], str | None]
    ):
        super().__init__(md)
        self.parser = parser
        self.highlight = highlight
        self.headings: list[tuple[int, str, str]] = []

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.tag == "code":
                _choose_language(element)
            elif element.attrib and not isinstance(element.tag, str):
                self._write_attributes(element)
        for element, code, language in self.parser.codes:
            self._write_code(element, code, language)
        self._name_headings(root)
        self._place_notes(root)
        self._write_contents(root)
        _break_lines(root)
        if self.parser.abbreviations:
            _mark_abbreviations(self.md, root, self.parser.abbreviations)

    def _write_attributes(self, element: Element) -> None:
        """Attributes of HTML that stands as it is go into its first tag."""
        mark = _STASHED.fullmatch(element.text or "")
        assert mark is not None
        stash = self.md.htmlStash.rawHtmlBlocks
        html = str(stash[int(mark["html"])])
        if tag := _FIRST_TAG.match(html):
            attributes = read_attributes(tag[2])
            if "class" in attributes and "class" in element.attrib:
                element.attrib["class"] = f"{attributes['class']} {element.attrib['class']}"
            attributes |= element.attrib
            written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
            stash[int(mark["html"])] = f"<{tag[1]}{written}{html[tag.end(2) :]}"

    def _write_code(self, element: Element, code: str, language: str) -> None:
        classes = element.get("class", "").split()
        named = next((c for c in classes if c.startswith("language-")), "")
        language = language.partition("?")[0] or named.removeprefix("language-") or "plaintext"
        html = self.highlight(code, language)
        if html is None:
            element.tag = "pre"
            element.attrib.pop("class", None)
            others = [c for c in classes if c != named]
            if others:
                element.set("class", " ".join(others))
            inner = SubElement(element, "code", {"class": f"language-{language}"})
            inner.text = AtomicString(code_escape(code))
            return
        others = [c for c in classes if c != named]
        element.set("class", " ".join([f"language-{language}", *others, "highlighter-rouge"]))
        holder = SubElement(element, "div", {"class": "highlight"})
        pre = SubElement(holder, "pre", {"class": "highlight"})
        SubElement(pre, "code").append(raw(self.md.htmlStash.store(html)))

    def _name_headings(self, root: Element) -> None:
        """Ids as GitHub makes them: words in lower case, joined with hyphens, numbered."""
        counts: dict[str, int] = {}
        for heading in _outside_notes(root):
            if heading.tag not in _HEADINGS:
                continue
            if "id" not in heading.attrib:
                name = slug("".join(self._texts(heading)))
                counts[name] = counts.get(name, -1) + 1
                name += f"-{counts[name]}" if counts[name] else ""
                if name:
                    heading.set("id", name)
            text = " ".join("".join(self._texts(heading)).split())
            self.headings.append((int(heading.tag[1]), heading.get("id", ""), text))

    def _texts(self, element: Element) -> Iterator[str]:
        if element.tag == "sup" and element.get("role") == "doc-noteref":
            return
        yield self._plain(element.text or "")
        for child in element:
            yield from self._texts(child)
            yield self._plain(child.tail or "")

    def _plain(self, text: str) -> str:
        """Text without Python-Markdown's marks; of a formula its TeX, of other HTML its text."""

        def restore(m: re.Match[str]) -> str:
            if m["char"]:
                return chr(int(m["char"]))
            if m["amp"]:
                return "&"
            html = str(self.md.htmlStash.rawHtmlBlocks[int(m["html"])])
            tex = _TEX.search(html)
            return tex[1] if tex else re.sub(r"<[^>]*>", "", html)

        return unescape(_STASHED.sub(restore, text))

    def _place_notes(self, root: Element) -> None:
        """Number the notes in the order of their first marks; drop those without a mark."""
        if not self.parser.footnotes:
            return
        holder = root.find("div[@class='footnotes']")
        assert holder is not None
        root.remove(holder)
        notes = {note.get("id", "")[3:]: note for note in holder[0]}
        holder[0][:] = []
        marks: dict[str, list[Element]] = {}
        queue = [root]
        while queue:
            for mark in queue.pop(0).iter("sup"):
                if mark.get("role") != "doc-noteref":
                    continue
                name = mark.get("id", "")[6:]
                if name not in marks:
                    holder[0].append(notes[name])
                    queue.append(notes[name])
                known = marks.setdefault(name, [])
                if known:
                    mark.set("id", f"fnref:{name}:{len(known)}")
                known.append(mark)
                mark[0].text = AtomicString(str(list(marks).index(name) + 1))
        for name, found in marks.items():
            _link_back(notes[name], name, len(found))
        if marks:
            self._append_notes(root, holder)

    def _append_notes(self, root: Element, holder: Element) -> None:
        for place, attributes in self.parser.attributes:
            if "footnotes" in attributes.references and place.tag in ("ul", "ol"):
                _replace(root, place, holder)
                return
        root.append(holder)

    def _write_contents(self, root: Element) -> None:
        """Put a list of the headings in the place of the list marked `{:toc}`."""
        place = next(
            (
                e
                for e, a in self.parser.attributes
                if "toc" in a.references and e.tag in ("ul", "ol")
            ),
            None,
        )
        if place is None:
            return
        contents = Element(place.tag, place.attrib)
        contents.attrib.setdefault("id", "markdown-toc")
        stack: list[tuple[int, Element]] = [(0, contents)]
        for heading in _outside_notes(root):
            shown = heading.tag in _HEADINGS and "no_toc" not in heading.get("class", "").split()
            if not shown or not heading.get("id"):
                continue
            level = int(heading.tag[1])
            while stack[-1][0] >= level:
                stack.pop()
            above = stack[-1][1]
            if above.tag == "li":
                if above[-1].tag != place.tag:
                    SubElement(above, place.tag)
                above = above[-1]
            item = SubElement(above, "li")
            item.append(_entry(heading, contents.get("id", "")))
            stack.append((level, item))
        if len(contents):
            _replace(root, place, contents)
        else:
            _replace(root, place, raw(""))


def _break_lines(root: Element) -> None:
    """Each block on a line of its own, for those who read the page's source."""
    for parent in [root, *root.iter()]:
        if parent is root or parent.tag in _CONTAINERS:
            for child in parent:
                if (child.tag in _BLOCKS or not isinstance(child.tag, str)) and not child.tail:
                    child.tail = "\n"


def _choose_language(span: Element) -> None:
    """Let an attribute list's language take the place of the one that every code span has."""
    classes = span.get("class", "").split()
    named = [c for c in classes if c.startswith("language-")]
    if "highlighter-rouge" in classes and len(named) > 1:
        others = [c for c in classes if c not in (*named, "highlighter-rouge")]
        span.set("class", " ".join([named[-1], *others, "highlighter-rouge"]))


def slug(text: str) -> str:
    """A heading's text as its id; letters keep their accents."""
    kept = (
        c for c in text.lower()
        if c in "- \t" or c.isalnum() or unicodedata.category(c) in ("Mn", "Mc", "Me", "Pc")
    )  # fmt: skip
    return re.sub(r"[ \t]", "-", "".join(kept))


def _outside_notes(element: Element) -> Iterator[Element]:
    for child in element:
        if child.get("class") != "footnotes":
            yield child
            yield from _outside_notes(child)


def _entry(heading: Element, prefix: str) -> Element:
    """A heading's text as a link to it: without notes, ids, and links of its own."""
    name = heading.get("id", "")
    link = Element("a", {"href": f"#{name}", "id": f"{prefix}-{name}"})
    link.text = heading.text
    link.extend(copy.deepcopy(child) for child in heading)
    for element in list(link.iter()):
        for child in list(element):
            if child.tag == "a" or child.get("role") == "doc-noteref":
                _dissolve(element, child, keep=child.tag == "a")
    return link


def _dissolve(parent: Element, child: Element, *, keep: bool) -> None:
    """Replace an element by its contents, or by nothing; its tail stays."""
    at = list(parent).index(child)
    inside = [child.text if keep else "", *(list(child) if keep else ())]
    parent.remove(child)
    text = inside[0] if isinstance(inside[0], str) else ""
    for number, element in enumerate(inside[1:]):
        assert isinstance(element, Element)
        parent.insert(at + number, element)
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    last = at + len(inside) - 2
    if last >= 0:
        parent[last].tail = (parent[last].tail or "") + (child.tail or "")
    else:
        parent.text = (parent.text or "") + (child.tail or "")


def _link_back(note: Element, name: str, count: int) -> None:
    last = note[-1] if len(note) else note
    while last.tag not in ("p", *_HEADINGS) and len(last) and isinstance(last[-1].tag, str):
        last = last[-1]
    spaced = len(note) > 0 and note[-1].tag == "p"
    place = note[-1] if spaced else SubElement(note, "p")
    for number in range(count):
        target = f"fnref:{name}" + (f":{number}" if number else "")
        link = Element("a", {"href": f"#{target}", "class": "reversefootnote"})
        link.set("role", "doc-backlink")
        link.text = AtomicString("↩")
        if number:
            SubElement(link, "sup").text = AtomicString(str(number + 1))
        if spaced or number:
            _append_text(place, "\xa0")
        place.append(link)


def _append_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _replace(root: Element, old: Element, new: Element) -> None:
    for parent in root.iter():
        for number, child in enumerate(parent):
            if child is old:
                new.tail = old.tail
                parent[number] = new
                return


def _mark_abbreviations(md: Markdown, root: Element, abbreviations: dict[str, str]) -> None:
    AbbrTreeprocessor(md, abbreviations).run(root)
