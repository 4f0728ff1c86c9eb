"""A Markdown text with its escriba blocks and inline values written out as HTML.

For programs that cannot run Python: Jekyll, Hugo, Quarto. Everything else in the text stays as it
is, byte for byte. What is put in has no blank line, which would end a block of HTML in CommonMark,
nothing that Liquid or Hugo would take for one of their tags, and no Markdown, which Pandoc reads in
HTML too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from escriba.article.context import Context
from escriba.article.document import Document, show
from escriba.article.source.fences import Fence, prose
from escriba.article.values.inline import SPAN, show_value
from escriba.ground.ahead import find_code
from escriba.ground.errors import Place
from escriba.ground.files import decode
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project
from escriba.ground.tree import list_files

SUFFIXES = {".md", ".markdown", ".qmd"}  # of documents
_FRONT = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n(?:.*?\n)?\1[ \t]*(?:\r?\n|\Z)", re.S)
_LANG = re.compile(r"^lang(?:uage)?[ \t]*[:=][ \t]*[\"']?(?P<lang>[\w-]+)", re.M)
_PRE = re.compile(r"<pre\b.*?</pre>", re.S)
_RAW = re.compile(r"(<(?P<raw>pre|style|script)\b.*?</(?P=raw)>|<[^>]*>)", re.S)
_MARKS = re.compile(r"[*_$`\\\[\]^~@\"'!|]|(?<!&)#|-(?=-)|\.(?=\.)")  # of Pandoc's Markdown
_TAG = re.compile(r"\{(?=[{%#<])")  # what begins a tag of Liquid, Jinja or Hugo


def find_documents(
    folder: Path, project: Project, mistakes: Mistakes, home: Path | None = None
) -> list[Path]:
    """The documents in a folder, and in those below it. What cannot be read is a mistake, and what
    a link leads to outside the project and of `home`."""

    def keep(name: str) -> bool:
        return Path(name).suffix in SUFFIXES

    return sorted(list_files(folder, project, mistakes, keep, follow=False, home=home))


def find_front_matter(text: str) -> str:
    """The front matter that a document begins with, in YAML or TOML, with its fences."""
    front = _FRONT.match(text)
    return front.group() if front else ""


def expand_documents(
    documents: Mapping[Path, bytes], context: Context, *, style: bool = True
) -> dict[Path, bytes]:
    """Documents, by the paths that messages name, with their blocks written out; one with a mistake
    is left out. All that they ask is answered together, once all of it is known."""
    sources: dict[Path, Source] = {}
    for path, data in documents.items():
        with context.mistakes.collect(Place(path)):
            sources[path] = read_source(decode(data, Place(path)), replace(context, path=path))
    uses = [use for source in sources.values() for use in source.document.uses]
    missing = context.answers.find(uses, context.mistakes)
    if missing and not context.mistakes.errors:
        with context.mistakes.collect():
            context.answers.make(missing)
    expanded: dict[Path, bytes] = {}
    for path, source in sources.items():
        before = len(context.mistakes.errors)
        with context.mistakes.collect(Place(path)):
            text = source.expand(style=style)
            if source.document.is_known(context) and len(context.mistakes.errors) == before:
                expanded[path] = text.encode()
    return expanded


def read_source(text: str, context: Context) -> Source:
    """A document whose blocks are asked. Its front matter stays as it is, and its `lang` is the
    page's."""
    head = find_front_matter(text)
    named = _LANG.search(head)
    own = replace(
        context,
        lang=named["lang"] if named else context.lang,
        first_line=1 + head.count("\n"),
    )
    return Source(text[len(head) :], own, head)


class Source:
    """A text, after its front matter, with the blocks that are to be written out.

    Mistakes go to `context.mistakes`; a block with one becomes an empty `div`. Raises SourceError
    for more blocks than a page may have.
    """

    def __init__(self, text: str, context: Context, head: str = ""):
        self._head, self._context = head, context
        parts = re.split("(\r\n|\r|\n)", text)
        self._lines, self._ends = parts[::2], [*parts[1::2], ""]
        self._start = Place(context.path, context.first_line)
        self.document = Document(self._lines, self._start)
        self.document.ask(context)

    def expand(self, *, style: bool = True) -> str:
        """The text with its blocks as HTML, their style before the first of them, and what
        playgrounds need after the last of those, if the context has panels."""
        lines, ends, context = self._lines, self._ends, self._context
        filled = fill_values(lines, context)
        written = [line + end for line, end in zip(filled, ends, strict=True)]
        blocks = self.document.blocks
        played = [block for block in blocks if block.fence.kind == "playground"]
        head = f"<style>\n{context.templates.style()}</style>\n" if style else ""
        for block in blocks:
            fence, html = block.fence, head + guard(show(block, context))
            head = ""
            if context.panels is not None and block in played[-1:]:
                html += "\n" + context.panels.script(context.templates)
            placed = (ends[fence.first] or "\n").join(_place(html, fence, lines))
            written[fence.first : fence.end] = [
                placed + ends[fence.end - 1], *[""] * (fence.end - fence.first - 1)
            ]  # fmt: skip
        return self._head + "".join(written)


def guard(html: str) -> str:
    """HTML that stays itself in any Markdown: no blank lines, no tags of templates, no marks."""
    html = _PRE.sub(lambda match: match.group().replace("\n", "&#10;"), html)
    parts = _RAW.split(html)
    parts[::3] = [_MARKS.sub(lambda mark: f"&#{ord(mark.group())};", text) for text in parts[::3]]
    html = "".join(part for at, part in enumerate(parts) if at % 3 < 2)
    lines = [line for line in html.strip().split("\n") if line.strip()]
    return _TAG.sub("&#123;", "\n".join(lines))


def _place(html: str, fence: Fence, lines: list[str]) -> list[str]:
    """The lines of a block, within the quote or the list item that holds it, with blank lines where
    it touches others."""
    quotes = fence.prefix[: fence.prefix.rfind(">") + 1]
    inside = quotes + " " * len(fence.prefix[len(quotes) :].expandtabs(4))
    first, *rest = html.split("\n")
    written = [fence.prefix + first, *(inside + line for line in rest)]
    item = fence.prefix[len(quotes) :].strip()
    before = lines[fence.first - 1] if fence.first else ""
    after = lines[fence.end] if fence.end < len(lines) else ""
    if not item and before.strip(" \t>"):
        written.insert(0, quotes)
    if after.strip(" \t>"):
        written.append(quotes)
    return written


def fill_values(lines: Sequence[str], context: Context) -> list[str]:
    """The lines of a text with their inline values; mistakes go to those of the context."""
    start = Place(context.path, context.first_line)
    filled = list(lines)
    for index in prose(lines):
        filled[index] = _fill(lines[index], index, start, context)
    return filled


def _fill(line: str, index: int, start: Place, context: Context) -> str:
    """A line of prose with its inline values."""

    written: list[str] = []
    at = 0
    for first, end in find_code(line):
        shown = line[first:end]
        if match := re.fullmatch(SPAN, shown):
            place = start.moved(index, first + 1)
            with context.mistakes.collect(place):
                shown = guard(show_value(match["value"], context.library, context.lang, place).html)
        written += (line[at:first], shown)
        at = end
    return "".join([*written, line[at:]])
