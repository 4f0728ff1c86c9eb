"""A post's text to a tree: Liquid, then Markdown as kramdown reads it, formulas as MathML."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.ground.mapped import MappedText
from escriba.ground.mistakes import Mistakes
from escriba.markup import liquid as liquids
from escriba.markup.html import highlight
from escriba.markup.html.summary import cut_excerpt
from escriba.markup.html.tree import Node, parse
from escriba.markup.html.write import write
from escriba.markup.kramdown.document.read import read
from escriba.markup.kramdown.parser import Hooks
from escriba.markup.liquid.context import Evaluated, LiquidContext
from escriba.markup.liquid.marks import keep_known
from escriba.markup.liquid.trace import line_ends
from escriba.markup.math.formulas import Mathematics, translate
from escriba.markup.math.html import blank_literals, find_formulas
from escriba.markup.math.unread import find_unclosed, find_unread


@dataclass(frozen=True)
class Heading:
    """A heading of a post: its level (1 to 6), its id, and its text without markup."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """A post as a tree; `text` is what it was made of."""

    root: Node
    headings: tuple[Heading, ...]
    text: Text = field(compare=False)

    @property
    def html(self) -> str:
        """The tree as HTML."""
        return write(self.root).html

    @property
    def excerpt(self) -> str:
        """The HTML of its beginning, as Jekyll cuts it, without `id`s, so that it can stand on a
        page with others."""
        return cut_excerpt(self.root)


@dataclass(frozen=True)
class Embedded:
    """What stands in a text besides Markdown: the lines of it with marks in the place of blocks,
    the HTML that these stand for, and the HTML of inline values, of which a code span may be one.
    """

    lines: Sequence[str]
    marks: Mapping[str, str]
    value: Callable[[str, Place], Node | None]


@dataclass(frozen=True)
class Text:
    """The body of a post after Liquid; `start` is where its first line is. It is not `whole` if
    Liquid failed, and left all that is Liquid in it."""

    evaluated: Evaluated
    start: Place
    whole: bool = True

    @cached_property
    def lines(self) -> list[str]:
        return self.evaluated.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def place(self, at: int) -> Place:
        """The place of a position of the text, as if it stood in the post."""
        line = bisect_right(self._ends, at)
        return self.start.moved(line, at - (self._ends[line - 1] if line else 0) + 1)

    @cached_property
    def _ends(self) -> list[int]:
        return line_ends("\n".join(self.lines))

    @cached_property
    def origin(self) -> Callable[[Place], Place]:
        """A function from the place of something in the text to that in the file that it comes
        from, which may be an include's."""
        return self.evaluated.locator(self.start.line)

    @cached_property
    def locate(self) -> Callable[[Place], Place]:
        """The same with the place in the post."""
        return self.evaluated.locator(self.start.line, outer=True)

    @contextmanager
    def placing(self, mistakes: Mistakes) -> Iterator[None]:
        """Give what is found in the text inside the places that it has in the files."""
        errors, warnings = len(mistakes.errors), len(mistakes.warnings)

        def moved(problem: Problem) -> Problem:
            place = problem.place
            if place is None or place.path != self.start.path:
                return problem
            return replace(problem, place=self.origin(place))

        yield
        mistakes.errors[errors:] = [
            type(error)(map(moved, error.problems)) for error in mistakes.errors[errors:]
        ]
        mistakes.warnings[warnings:] = map(moved, mistakes.warnings[warnings:])


def evaluate(body: str, liquid: LiquidContext | None, start: Place, mistakes: Mistakes) -> Text:
    """The text that Liquid leaves of a body, which begins at `start`; where it fails, the body.

    Without `liquid`, `{{` and `{%` are text. What is wrong goes to `mistakes`.
    """
    if liquid is not None:
        with mistakes.collect():
            evaluated = liquids.evaluate(body, replace(liquid, markdownify=_markdownify), start)
            for problem in evaluated.warnings:
                mistakes.warn(problem)
            return Text(evaluated, start)
    return Text(Evaluated(body), start, liquid is None)


def _markdownify(text: str) -> str:
    return render(text, path=Path("markdownify")).html


def convert(
    text: Text,
    *,
    embedded: Embedded | None = None,
    mathematics: Mathematics | None = None,
    mistakes: Mistakes,
) -> Rendered:
    """The tree of a text in Markdown; every mistake goes to `mistakes`.

    Without `mathematics`, formulas stand between `$$` alone.
    """
    mathematics = mathematics or Mathematics()
    embedded = embedded or Embedded(text.lines, {}, lambda code, place: None)
    marks = {**text.evaluated.code, **embedded.marks}
    hooks = Hooks(
        highlight.code, marks, lambda code, at: embedded.value(code, text.place(at)),
        mathematics.delimiters,
    )  # fmt: skip
    lines = [keep_known(line, marks) for line in embedded.lines]
    source = _map_lines(text.lines, lines)
    with text.placing(mistakes):
        document = read(source, hooks)
        _tell_formulas(document.root, document.prose, mathematics, text, mistakes)
        for _, at in document.strays:
            mistakes.warn(Problem(_stray(), text.place(at)))
        if unclosed := [_unclosed(opening, text.place(at)) for opening, at in document.unclosed]:
            mistakes.add(SourceError(unclosed))
    return Rendered(document.root, tuple(Heading(*each) for each in document.headings), text)


def convert_html(
    text: Text, *, mathematics: Mathematics | None = None, mistakes: Mistakes
) -> Rendered:
    """The same of a text that is HTML already: formulas between `$$` are converted."""
    mathematics = mathematics or Mathematics()
    source = MappedText("\n".join(text.lines))
    parts = find_formulas(source, mathematics.delimiters)
    root = Node("", None, parse(parts, text.evaluated.code))
    with text.placing(mistakes):
        _tell_formulas(root, [blank_literals(source)], mathematics, text, mistakes)
    return Rendered(root, (), text)


def _map_lines(lines: Sequence[str], changed: Sequence[str]) -> MappedText:
    """The text of some lines, each of which comes from one of others."""
    if lines == changed:
        return MappedText("\n".join(lines))
    starts, sources, at, source = [0], [0], 0, 0
    for old, new in zip(lines, changed, strict=True):
        at += len(new) + 1
        source += len(old) + 1
        if old != new:
            starts.append(at)
            sources.append(source)
    return MappedText("\n".join(changed), starts, sources)


def _tell_formulas(
    root: Node, prose: Sequence[MappedText], mathematics: Mathematics, text: Text,
    mistakes: Mistakes,
) -> None:  # fmt: skip
    """Translate the formulas of a tree, and say what may be one and is not read."""
    translate(root, mathematics, text.place, mistakes)
    delimiters = mathematics.delimiters
    for problem in find_unclosed(prose, delimiters, text.place) if delimiters else ():
        mistakes.warn(problem)
    if not delimiters and not delimiters.given:
        unread = find_unread(prose, text.place)
        if unread is not None:
            mistakes.warn(unread)


def render(
    body: str,
    *,
    path: Path,
    first_line: int = 1,
    embedded: Embedded | None = None,
    liquid: LiquidContext | None = None,
    mathematics: Mathematics | None = None,
    mistakes: Mistakes | None = None,
    html: bool = False,
) -> Rendered:
    """The HTML of a body, in Markdown or in `html`, in one step.

    `path` is the post as errors name it and `first_line` the line of the file at which `body`
    begins. Without `mistakes`, all of this body's are raised together as one SourceError.
    """
    collected = mistakes if mistakes is not None else Mistakes()
    text = evaluate(body, liquid, Place(path, first_line), collected)
    if html:
        rendered = convert_html(text, mathematics=mathematics, mistakes=collected)
    else:
        rendered = convert(text, embedded=embedded, mathematics=mathematics, mistakes=collected)
    if mistakes is None:
        collected.check()
    return rendered


def _unclosed(opening: str, place: Place) -> Problem:
    mark = re.match(r"`+|~+", opening)
    shown = shorten(mark[0] if mark else opening)
    return Problem(tr("the code is never closed: no line '{shown}'", shown=shown), place)


def _stray() -> str:
    return tr(
        "no code ends here: it ended above, with the fence that it shows; begin and end it with "
        "one mark more"
    )
