"""Markdown as kramdown and GitHub read it.

Jekyll's default is kramdown with its GFM parser; the structure of what comes out here is that of
kramdown 2.4 (`docs/markdown.md` lists the differences). Blocks have a grammar of their own
(`blocks`), and so has what stands within a line (`spans`).
"""

from __future__ import annotations

from dataclasses import dataclass

from escriba.ground.mapped import MappedText
from escriba.markup.html.tree import Node
from escriba.markup.kramdown.blocks.block import OF_LETTERS, PARSERS
from escriba.markup.kramdown.document import contents
from escriba.markup.kramdown.document.finish import (
    finish,
    name_headings,
    set_lines,
    trim,
)
from escriba.markup.kramdown.notes import Notes
from escriba.markup.kramdown.parser import Hooks, KramdownParser
from escriba.markup.kramdown.spans.stage import Spans


@dataclass(frozen=True)
class Parsed:
    """A document as a tree. `headings` are level, id and plain text of each; `prose` is all text
    that is neither code nor a formula nor HTML; `unclosed` are the fences that never end and
    `strays` the lines that end no code, each with its place."""

    root: Node
    headings: tuple[tuple[int, str, str], ...]
    prose: tuple[MappedText, ...]
    unclosed: tuple[tuple[str, int], ...]
    strays: tuple[tuple[str, int], ...]


def read(text: MappedText, hooks: Hooks) -> Parsed:
    """The tree of a text in Markdown."""
    parser = KramdownParser(hooks, PARSERS, OF_LETTERS)
    root = parser.read(text)
    notes = Notes(parser)
    notes.join(root)
    Spans(parser, notes).run(root)
    finish(parser, root)
    headings = tuple(name_headings(root))
    notes.place(root)
    contents.write(parser, root)
    set_lines(root)
    trim(root)
    return Parsed(root, headings, tuple(parser.prose), tuple(parser.unclosed), tuple(parser.strays))
