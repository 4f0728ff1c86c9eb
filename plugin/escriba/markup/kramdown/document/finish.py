"""What can be made only when the whole document is read: ids, attributes, highlighted code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString, code_escape

from escriba.markup.html.grammar import HEADINGS, STASHED, names
from escriba.markup.html.text import strip_tags, unescape
from escriba.markup.kramdown import notes
from escriba.markup.kramdown.blocks.html import read_attributes
from escriba.markup.kramdown.document import contents
from escriba.markup.kramdown.grammar import TAG
from escriba.markup.kramdown.source import raw

if TYPE_CHECKING:
    from escriba.markup.kramdown.parser import KramdownParser

_CONTAINERS = names("ul ol li dl dd blockquote table thead tbody tfoot tr div section article")
_BLOCKS = _CONTAINERS | frozenset(("p", "pre", "hr", "dt", "td", "th", *HEADINGS))
_HTML = re.compile(STASHED)
_STASHED = re.compile(r"\x02(?:wzxhzdk:(?P<html>\d+)|(?P<char>\d+)|(?P<amp>amp))\x03")
_FIRST_TAG = re.compile(TAG, re.S)
_TEX = re.compile(r'<annotation encoding="application/x-tex">([^<]*)</annotation>')


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
                element.text = AtomicString(_HTML.sub(self._escape, element.text or ""))
            elif element.attrib and not isinstance(element.tag, str):
                self._write_attributes(element)
            for key, value in element.items():
                if "\x02" in value:
                    element.set(key, _HTML.sub(self._show, value))
        for element, code, language in self.parser.codes:
            self._write_code(element, _HTML.sub(self._show, code), language)
        self._name_headings(root)
        notes.place(self.parser, root)
        contents.write(self.parser, root)
        _break_lines(root)

    def _show(self, mark: re.Match[str]) -> str:
        """HTML that was put aside, for where HTML is text, as Jekyll shows it: Liquid highlights
        code within code too."""
        return str(self.md.htmlStash.rawHtmlBlocks[int(mark[0][9:-1])])

    def _escape(self, mark: re.Match[str]) -> str:
        return code_escape(self._show(mark))

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
        for heading in contents.outside_notes(root):
            if heading.tag not in HEADINGS:
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
            return tex[1] if tex else strip_tags(html)

        return unescape(_STASHED.sub(restore, text))


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
