"""A post's text to HTML: Liquid, then Markdown as kramdown reads it, formulas as MathML."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from escriba.article.source.fences import scan
from escriba.ground.digest import text_digest
from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.markup import liquid as liquids
from escriba.markup.html import highlight
from escriba.markup.html.summary import MORE
from escriba.markup.html.text import strip_notes
from escriba.markup.kramdown.document.extension import KramdownExtension
from escriba.markup.liquid.context import Evaluated, LiquidContext
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
    """A post as HTML; `excerpt` is the HTML of its beginning, as Jekyll cuts it, without `id`s, so
    that it can stand on a page with others; `text` is what it was made of."""

    html: str
    headings: tuple[Heading, ...]
    excerpt: str
    text: Text = field(compare=False)


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
            return Problem(problem.message, self.origin(place))

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
    extensions: Sequence[Extension] = (),
    mathematics: Mathematics | None = None,
    mistakes: Mistakes,
) -> Rendered:
    """The HTML of a text in Markdown; every mistake goes to `mistakes`.

    `extensions` are further ones of Python-Markdown, used as they are; without `mathematics`,
    formulas stand between `$$` alone.
    """
    source, start = text.evaluated.text, text.start
    with text.placing(mistakes):
        formulas = Formulas(mathematics, f"escriba{text_digest(source)[:16]}")
        kramdown = KramdownExtension(
            formulas.html, highlight.code, formulas.raw, formulas.delimiters
        )
        md = Markdown(extensions=[kramdown, _Stashed(text.evaluated.code), *extensions])
        html = formulas.finish(md.convert(source))
        formulas.report(source, start, mistakes)
        for place in _find_fences(kramdown.strays, source, start):
            mistakes.warn(Problem(_stray(), place))
        if problems := _find_unclosed(kramdown.unclosed, source, start):
            mistakes.add(SourceError(problems))
    headings = tuple(Heading(*heading) for heading in kramdown.headings)
    return Rendered(html, headings, _cut_excerpt(html), text)


def convert_html(
    text: Text, *, mathematics: Mathematics | None = None, mistakes: Mistakes
) -> Rendered:
    """The same of a text that is HTML already: formulas between `$$` are converted."""
    source = text.evaluated.text
    with text.placing(mistakes):
        formulas = Formulas(mathematics, f"escriba{text_digest(source)[:16]}")
        html = put_in(formulas.finish(formulas.raw(source)), text.evaluated.code, str)
        formulas.report(source, text.start, mistakes)
    return Rendered(html, (), _cut_excerpt(html), text)


def render(
    body: str,
    *,
    path: Path,
    first_line: int = 1,
    extensions: Sequence[Extension] = (),
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
        rendered = convert(text, extensions=extensions, mathematics=mathematics, mistakes=collected)
    if mistakes is None:
        collected.check()
    return rendered


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
