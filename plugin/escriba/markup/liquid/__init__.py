"""Liquid, the template language of Jekyll's posts.

Most posts need only `highlight`, `raw` and `comment`; these are read here, and python-liquid,
whose import takes longer than all the rest of a build, only where something else is asked for
(`page`; `tags` and `filters` have what Jekyll adds to it). Blocks of escriba and formulas that hold
`{{` are not Liquid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from escriba.article.source.fences import NAME, find
from escriba.ground.errors import Place
from escriba.markup.liquid.context import Evaluated, LiquidContext, located
from escriba.markup.liquid.marks import Marks, clean
from escriba.markup.liquid.pieces import Flaw, Piece, cut, merge
from escriba.markup.liquid.trace import Origin, Paper, Source, line_ends
from escriba.markup.math.delimiters import Delimiters, Finder

_DELIMITER = re.compile(r"\{\{|\{%")
_RAW = re.compile(r"\{%-?\s*(?:end)?raw\b")
_SIMPLE = {("tag", "highlight"), ("tag", "endhighlight")}  # what is done without python-liquid
_FORMULA = re.compile(r"(?<!\\)\$\$")
_FORMULA_END = re.compile(r"\$\$|\n[ \t]*\n")


def render(text: str, context: LiquidContext, start: Place) -> tuple[str, Mapping[str, str]]:
    """The text that Liquid makes, and the HTML for each mark that it leaves for Markdown.

    `start` is the place of the text's first line. Raises LiquidSourceError.
    """
    evaluated = evaluate(text, context, start)
    return evaluated.text, evaluated.code


def evaluate(text: str, context: LiquidContext, start: Place) -> Evaluated:
    """What `render` gives, with the origins of the text. Raises LiquidSourceError with every
    mistake."""
    if not _DELIMITER.search(text):
        return Evaluated(text)
    text = clean(text)
    source = Source(text, start)
    pieces, flaws = cut(text, merge([*_fences(text, start), *_formulas(text, context.delimiters)]))
    if flaws:
        raise located(flaws, source)
    if all(p.kind == "text" or (p.kind, p.value) in _SIMPLE for p in pieces):
        return _write(pieces, source)
    from escriba.markup.liquid.engine import evaluate_pieces

    return evaluate_pieces(pieces, source, context)


def _fences(text: str, start: Place) -> Iterator[tuple[int, int]]:
    """The stretches of the blocks of escriba."""
    if NAME not in text:
        return
    lines = text.split("\n")
    starts = [0, *line_ends(text), len(text)]
    for fence in find(lines, start):
        yield starts[fence.first], starts[fence.end]


def _formulas(text: str, delimiters: Delimiters) -> Iterator[tuple[int, int]]:
    """The stretches of the formulas that hold what would be Liquid, unless it is a `raw`."""
    for found in Finder(text, delimiters).all() if delimiters else ():
        formula = text[found.start : found.end]
        if _DELIMITER.search(formula) and not _RAW.search(formula):
            yield found.start, found.end
    at = 0
    while opening := _FORMULA.search(text, at):
        at = opening.end()
        closing = _FORMULA_END.search(text, at)
        if closing is None:
            return
        if closing[0] != "$$":
            continue
        formula = text[at : closing.start()]
        if _DELIMITER.search(formula) and not _RAW.search(formula):
            yield opening.start(), closing.end()
        at = closing.end()


def _write(pieces: Sequence[Piece], source: Source) -> Evaluated:
    """A text in which nothing is left to do but to highlight code."""
    paper, marks, flaws = Paper(Origin(source, 0, False)), Marks(), []
    opening: Piece | None = None
    code = ""
    for piece in pieces:
        if opening is None and piece.kind == "tag":
            opening, code = piece, ""
        elif opening is None:
            paper.origin = Origin(source, piece.opening, True)
            paper.write(piece.value)
        elif piece.kind == "text":
            code += piece.value
        else:
            paper.origin = Origin(source, opening.opening, False)
            try:
                paper.write(
                    marks.highlight(
                        code, opening.expression, source, opening.opening, piece.opening
                    )
                )
            except ValueError as error:
                flaws.append(Flaw(str(error), opening.opening))
            opening = None
    if flaws:
        raise located(flaws, source)
    return Evaluated(paper.getvalue(), marks.code, paper.trace)
