"""A post's text to HTML: Liquid, then Markdown as kramdown reads it, formulas as MathML."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from escriba.article.fences import scan
from escriba.ground.digest import text_digest
from escriba.ground.errors import Mistakes, Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.markup import liquid as liquids
from escriba.markup.html import highlight
from escriba.markup.html.summary import MORE
from escriba.markup.html.text import strip_notes
from escriba.markup.kramdown import KramdownExtension
from escriba.markup.liquid import Evaluated, LiquidContext
from escriba.markup.liquid.marks import put_in
from escriba.markup.math.formulas import Formulas, Mathematics

_PARAGRAPH = re.compile(r"<p[ >]")
_OPENING = re.compile(r"(?<!`)`{3,}+[^`]*\Z|(?<!~)~{3,}.*")
_REFERENCE = re.compile(r'<mtext><a href="#[^"]*">([^<]*)</a></mtext>')
_ID = re.compile(r'(<[a-zA-Z][^<>]*?) id="[^"]*"')


@dataclass(frozen=True)
class Heading:
    """A heading of a post: its level (1 to 6), its id, and its text without markup."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """A post as HTML; `excerpt` is the HTML of its beginning, as Jekyll cuts it.

    The excerpt has no `id`s, so that it can stand on a page with others. `locate` gives, for the
    place of something in the text that Liquid left, the place in the post that it comes from, and
    `origin` that in the file, which may be an include's. `text` is that text; it is not `whole` if
    Liquid failed, and left all that is Liquid in it.
    """

    html: str
    headings: tuple[Heading, ...]
    excerpt: str
    locate: Callable[[Place], Place] = field(default=lambda place: place, compare=False)
    origin: Callable[[Place], Place] = field(default=lambda place: place, compare=False)
    text: str = ""
    whole: bool = True


def render(
    body: str,
    *,
    path: Path,
    first_line: int = 1,
    extensions: Sequence[Extension] = (),
    liquid: LiquidContext | None = None,
    mathematics: Mathematics | None = None,
    mistakes: Mistakes | None = None,
) -> Rendered:
    """The HTML of a post's body.

    `path` is the post as errors name it and `first_line` the line of the file at which `body`
    begins. `extensions` are further Python-Markdown extensions, used as they are. Without
    `liquid`, `{{` and `{%` are text; without `mathematics`, formulas stand between `$$` alone.
    Every mistake goes to `mistakes`; without it, all of this body's are raised together as one
    SourceError.
    """
    start = Place(path, first_line)
    collected = mistakes if mistakes is not None else Mistakes()
    evaluated, whole = _evaluate(body, liquid, start, collected)
    text = evaluated.text
    before = len(collected.errors), len(collected.warnings)
    formulas = Formulas(mathematics, f"escriba{text_digest(text)[:16]}")
    kramdown = KramdownExtension(formulas.html, highlight.code, formulas.raw, formulas.delimiters)
    md = Markdown(extensions=[kramdown, _Stashed(evaluated.code), *extensions])
    html = formulas.finish(md.convert(text))
    formulas.report(text, start, collected)
    for place in _find_fences(kramdown.strays, text, start):
        collected.warn(Problem(_stray(), place))
    if problems := _find_unclosed(kramdown.unclosed, text, start):
        collected.add(SourceError(problems))
    origin = evaluated.locator(first_line)
    _relocate(collected, before, path, origin)
    if mistakes is None:
        collected.check()
    headings = tuple(Heading(*heading) for heading in kramdown.headings)
    locate = evaluated.locator(first_line, outer=True)
    return Rendered(html, headings, _cut_excerpt(html), locate, origin, text, whole)


def render_html(
    body: str,
    *,
    path: Path,
    first_line: int = 1,
    liquid: LiquidContext | None = None,
    mathematics: Mathematics | None = None,
    mistakes: Mistakes | None = None,
) -> Rendered:
    """What `render` gives, of a body that is HTML: Liquid in it is evaluated, and formulas between
    `$$` are."""
    start = Place(path, first_line)
    collected = mistakes if mistakes is not None else Mistakes()
    evaluated, whole = _evaluate(body, liquid, start, collected)
    before = len(collected.errors), len(collected.warnings)
    formulas = Formulas(mathematics, f"escriba{text_digest(evaluated.text)[:16]}")
    html = put_in(formulas.finish(formulas.raw(evaluated.text)), evaluated.code, str)
    formulas.report(evaluated.text, start, collected)
    origin, locate = evaluated.locator(first_line), evaluated.locator(first_line, outer=True)
    _relocate(collected, before, path, origin)
    if mistakes is None:
        collected.check()
    return Rendered(html, (), _cut_excerpt(html), locate, origin, evaluated.text, whole)


def _evaluate(
    body: str, liquid: LiquidContext | None, start: Place, mistakes: Mistakes
) -> tuple[Evaluated, bool]:
    """The text that Liquid leaves, and whether it does; where it fails, the body itself."""
    if liquid is not None:
        with mistakes.collect():
            evaluated = liquids.evaluate(body, liquid, start)
            for problem in evaluated.warnings:
                mistakes.warn(problem)
            return evaluated, True
    return Evaluated(body), liquid is None


class _Stashed(Extension):
    """Puts what Liquid highlighted where its marks are, out of Markdown's reach."""

    def __init__(self, code: Mapping[str, str]):
        super().__init__()
        self.code = code

    def extendMarkdown(self, md: Markdown) -> None:
        if self.code:
            # After `Lines` (30), which removes the characters that stashed HTML is marked with.
            md.preprocessors.register(_PutIn(md, self.code), "escriba_liquid", 29)


class _PutIn(Preprocessor):
    def __init__(self, md: Markdown, code: Mapping[str, str]):
        super().__init__(md)
        self.code = code

    def run(self, lines: list[str]) -> list[str]:
        return put_in("\n".join(lines), self.code, self.md.htmlStash.store).split("\n")


def _relocate(
    mistakes: Mistakes, before: tuple[int, int], path: Path, locate: Callable[[Place], Place]
) -> None:
    """Give what was found in the text after Liquid the places that it has in the file; `before`:
    how many errors and warnings there were already."""

    def moved(problem: Problem) -> Problem:
        place = problem.place
        if place is None or place.path != path:
            return problem
        return Problem(problem.message, locate(place))

    errors, warnings = before
    mistakes.errors[errors:] = [
        type(error)(map(moved, error.problems)) for error in mistakes.errors[errors:]
    ]
    mistakes.warnings[warnings:] = map(moved, mistakes.warnings[warnings:])


def _find_unclosed(openings: Sequence[str], text: str, start: Place) -> list[Problem]:
    """What is said of fences without an end, given their first lines."""
    problems = []
    places = _find_fences(openings, text, start)
    for opening, place in zip(openings, places, strict=True):
        mark = re.match(r"`+|~+", opening)
        shown = shorten(mark[0] if mark else opening)
        message = tr("the code is never closed: no line '{shown}'", shown=shown)
        problems.append(Problem(message, place))
    return problems


def _stray() -> str:
    return tr(
        "no code ends here: it ended above, with the fence that it shows; begin and end it with "
        "one mark more"
    )


def _find_fences(openings: Sequence[str], text: str, start: Place) -> list[Place]:
    """The places of fences without an end, given their first lines."""
    if not openings:
        return []
    lines = text.split("\n")
    inside = {n for fence in scan(lines, start) for n in range(fence.first, fence.end)}
    found: dict[tuple[str, bool], deque[Place]] = defaultdict(deque)
    for number, line in enumerate(lines):
        if match := _OPENING.search(line.rstrip()):
            found[match[0], number in inside].append(start.moved(number, match.start() + 1))
    places = []
    last = start
    for opening in openings:
        near = found[opening, False] or found[opening, True]
        while near and near[0] < last:
            near.popleft()
        place = near.popleft() if near else start
        last = max(last, place)
        places.append(place)
    return places


def _cut_excerpt(html: str) -> str:
    """What stands before `<!--more-->`, else the first paragraph."""
    more = MORE.search(html)
    if more:
        cut = html[: more.start()]
        cut += "</p>" if cut.rfind("<p") > cut.rfind("</p>") else ""
    else:
        paragraph = _PARAGRAPH.search(html)
        end = html.find("</p>", paragraph.end()) if paragraph else -1
        cut = html[paragraph.start() : end + 4] if paragraph and end >= 0 else ""
    cut = _REFERENCE.sub(r"<mtext>\1</mtext>", strip_notes(cut))  # the equation is elsewhere
    return _ID.sub(r"\1", cut).strip()
