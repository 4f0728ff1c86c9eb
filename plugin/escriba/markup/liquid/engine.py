"""The text that a post's pieces make, by python-liquid, which is imported here and above."""

from __future__ import annotations

from collections.abc import Sequence

from escriba.ground.mistakes import Mistakes
from escriba.markup.liquid.context import Evaluated, LiquidContext
from escriba.markup.liquid.jekyll import environment
from escriba.markup.liquid.page import Page
from escriba.markup.liquid.pieces import MOST, Piece
from escriba.markup.liquid.trace import Source


def evaluate_pieces(pieces: Sequence[Piece], source: Source, given: LiquidContext) -> Evaluated:
    """The text that a post's pieces make. Raises SourceError with every mistake."""
    page = Page(source, given, environment())
    mistakes = Mistakes()
    for node in page.parse(pieces, mistakes):
        with mistakes.collect(), page.failures(node.token):
            node.render(page, page.paper)
        if page.over or len(mistakes.errors) >= MOST:
            break
    mistakes.check()
    warnings = tuple(page.misses.found.values())
    return Evaluated(page.paper.getvalue(), page.marks.code, page.paper.trace, warnings)
