"""The blocks of a text: found and asked at once, and shown when their answers are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from escriba.article.blocks import KINDS
from escriba.article.blocks.block import Page
from escriba.article.context import Context
from escriba.article.source.body import Body
from escriba.article.source.fences import NAME, Fence, refuse_many, scan
from escriba.evidence.question import Use
from escriba.ground.errors import EscribaError, Place, SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.reads import Read

EMPTY = '<div class="escriba-error"></div>'  # in the place of a block that has a mistake
STRINGS = "blocks/strings.yml"


@dataclass(frozen=True)
class PlacedBlock:
    """A block of a text; `asked` is None if it has a mistake. `reads` is what it was made of."""

    fence: Fence
    asked: Any
    uses: tuple[Use, ...]
    reads: tuple[Read, ...]

    def is_known(self, context: Context) -> bool:
        """Whether it has no mistake, and all that it asks is answered."""
        known = all(use.question in context.answers for use in self.uses)
        return self.asked is not None and known


class Document:
    """The fences of a text, of all languages, and its blocks, once they are asked.

    `start` is the place of the first line. Raises SourceError for more blocks than a page may have.
    """

    def __init__(self, lines: Sequence[str], start: Place):
        self.fences = list(scan(lines, start))
        refuse_many(self.fences)
        self.blocks: list[PlacedBlock] = []

    @property
    def own(self) -> Iterator[Fence]:
        """The fences that are blocks."""
        return (fence for fence in self.fences if fence.language == NAME)

    def replace(self, lines: Sequence[str], mark: Callable[[int], str]) -> list[str]:
        """The lines of the text with a paragraph of one word in the place of each block."""
        replaced = list(lines)
        for number, fence in enumerate(self.own):
            replaced[fence.first : fence.end] = fence.replacement(mark(number))
        return replaced

    @property
    def uses(self) -> list[Use]:
        """All that its blocks ask."""
        return [use for block in self.blocks for use in block.uses]

    def ask(self, context: Context) -> None:
        """Read the options of all blocks. Mistakes in them go to those of the context."""
        for fence in self.own:
            asked: Any = None
            uses: tuple[Use, ...] = ()
            with context.reads.recording() as reads, context.mistakes.collect(fence.place):
                asked, uses = ask(fence, context)
            self.blocks.append(PlacedBlock(fence, asked, uses, tuple(reads)))

    def is_known(self, context: Context) -> bool:
        """Whether none of its blocks has a mistake, and all that they ask is answered."""
        return all(block.is_known(context) for block in self.blocks)


def ask(fence: Fence, context: Context) -> tuple[Any, tuple[Use, ...]]:
    """What a block asks, as its kind keeps it, and its questions with their places in the page.
    Raises EscribaError with all of its mistakes, placed in the page."""
    if not fence.closed:
        raise SourceError(
            tr("the block is never closed: no line '{marks}' ends it", marks=fence.marks),
            fence.place,
        )
    if not fence.kind:
        kinds = ", ".join(sorted(KINDS))
        raise SourceError(
            tr("a block needs its kind after 'escriba': {kinds}", kinds=kinds), fence.kind_place
        )
    if fence.kind not in KINDS:
        hint = suggest(fence.kind, KINDS)
        raise SourceError(
            tr("unknown block 'escriba {kind}'{hint}", kind=shorten(fence.kind), hint=hint),
            fence.kind_place,
        )
    try:
        asked = KINDS[fence.kind].ask(Body(fence), context.library)
    except EscribaError as error:
        raise fence.relocate(error) from None
    uses = tuple(Use(use.question, fence.place, fence.shift(use.words)) for use in asked.uses)
    return asked, uses


def show(block: PlacedBlock, context: Context) -> str:
    """The HTML of a block whose questions are answered. One with mistakes, which go to those of the
    context, is empty."""
    if block.is_known(context):
        with context.mistakes.collect(block.fence.place):
            return _render(block, context)
    return EMPTY


def _render(block: PlacedBlock, context: Context) -> str:
    words = context.templates.strings(STRINGS, context.lang)
    page = Page(context.answers, words, context.lang, context.panels)
    try:
        return "".join(
            context.templates.render(
                f"blocks/{view.template}.html", lang=context.lang, t=words, **view.values
            )
            for view in KINDS[block.fence.kind].show(block.asked, page)
        )
    except EscribaError as error:
        raise block.fence.relocate(error) from None


def write(fence: Fence, context: Context) -> str:
    """The HTML of a block that stands alone. Raises EscribaError with all of its mistakes."""
    asked, uses = ask(fence, context)
    context.answers.gather(uses, context.mistakes)
    return show(PlacedBlock(fence, asked, uses, ()), context)
