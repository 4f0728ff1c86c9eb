"""A post's text to HTML: Liquid, then Markdown as kramdown reads it, formulas as MathML."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from escriba.article.fences import scan
from escriba.blog import highlight
from escriba.blog import liquid as liquids
from escriba.blog.kramdown import KramdownExtension
from escriba.blog.liquid import LiquidContext
from escriba.blog.math import Formulas
from escriba.blog.text import strip_notes
from escriba.errors import Mistakes, Place, Problem, SourceError
from escriba.language import tr

_MORE = re.compile(r"<!--\s*more\s*-->")
_PARAGRAPH = re.compile(r"<p[ >]")
_OPENING = re.compile(r"(?<!`)`{3,}+[^`]*\Z|(?<!~)~{3,}.*")
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

    The excerpt has no `id`s, so that it can stand on a page with others. `lines` is, for each line
    that Liquid left, the place of its line in the file; empty if Liquid moved none.
    """

    html: str
    headings: tuple[Heading, ...]
    excerpt: str
    lines: Mapping[int, int] = field(default_factory=dict)

    def locate(self, place: Place) -> Place:
        """Where in the file stands what is at a place of the text that Liquid left."""
        return Place(place.path, self.lines.get(place.line, place.line), place.column)


def render(
    body: str,
    *,
    path: Path,
    first_line: int = 1,
    extensions: Sequence[Extension] = (),
    liquid: LiquidContext | None = None,
    mistakes: Mistakes | None = None,
) -> Rendered:
    """The HTML of a post's body.

    `path` is the post as errors name it and `first_line` the line of the file at which `body`
    begins. `extensions` are further Python-Markdown extensions, used as they are. Without
    `liquid`, `{{` and `{%` are text. Every mistake goes to `mistakes`; without it, all of this
    body's are raised together as one SourceError.
    """
    start = Place(path, first_line)
    collected = mistakes if mistakes is not None else Mistakes()
    before = len(collected.errors)
    text = body
    code: Mapping[str, str] = {}
    if liquid is not None:
        with collected.collect():
            text, code = liquids.render(body, liquid, start)
    formulas = Formulas()
    kramdown = KramdownExtension(formulas.html, highlight.code, formulas.raw)
    md = Markdown(extensions=[kramdown, _Stashed(code), *extensions])
    html = md.convert(text)
    lines = _trace(body, text, first_line)
    _relocate(collected, before, path, lines)
    problems = [*formulas.problems(body, start), *_find_unclosed(kramdown.unclosed, body, start)]
    if problems:
        collected.add(SourceError(problems))
    if mistakes is None:
        collected.check()
    headings = tuple(Heading(*heading) for heading in kramdown.headings)
    return Rendered(html, headings, _cut_excerpt(html), lines)


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
        text = "\n".join(lines)
        for mark, html in self.code.items():
            text = text.replace(mark, self.md.htmlStash.store(html))
        return text.split("\n")


def _trace(body: str, text: str, first_line: int) -> dict[int, int]:
    """Line after Liquid → line of the file, counted from `first_line`; empty if none moved."""
    before, after = body.split("\n"), text.split("\n")
    if len(before) == len(after):
        return {}
    lines: dict[int, int] = {}
    for block in difflib.SequenceMatcher(None, after, before, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            lines[block.a + offset + first_line] = block.b + offset + first_line
    return lines


def _relocate(mistakes: Mistakes, first: int, path: Path, lines: Mapping[int, int]) -> None:
    """Give errors found in the text after Liquid the lines that they have in the file."""

    def moved(problem: Problem) -> Problem:
        place = problem.place
        if place is None or place.path != path:
            return problem
        line = lines.get(place.line, place.line)
        return Problem(problem.message, Place(path, line, place.column))

    mistakes.errors[first:] = [
        error
        if isinstance(error, liquids.LiquidSourceError)
        else type(error)(map(moved, error.problems))
        for error in mistakes.errors[first:]
    ]


def _find_unclosed(openings: Sequence[str], body: str, start: Place) -> list[Problem]:
    """The places of fences without an end, given their first lines."""
    if not openings:
        return []
    lines = body.split("\n")
    inside = {n for fence in scan(lines, start) for n in range(fence.first, fence.end)}
    places: dict[tuple[str, bool], deque[Place]] = defaultdict(deque)
    for number, line in enumerate(lines):
        if match := _OPENING.search(line.rstrip()):
            places[match[0], number in inside].append(start.moved(number, match.start() + 1))
    problems = []
    last = start
    for opening in openings:
        found = places[opening, False] or places[opening, True]
        while found and found[0] < last:
            found.popleft()
        place = found.popleft() if found else start
        last = max(last, place)
        mark = re.match(r"`+|~+", opening)
        shown = mark[0] if mark else opening
        problems.append(
            Problem(tr("the code is never closed: no line '{shown}'", shown=shown), place)
        )
    return problems


def _cut_excerpt(html: str) -> str:
    """What stands before `<!--more-->`, else the first paragraph."""
    more = _MORE.search(html)
    if more:
        cut = html[: more.start()]
        cut += "</p>" if cut.rfind("<p") > cut.rfind("</p>") else ""
    else:
        paragraph = _PARAGRAPH.search(html)
        end = html.find("</p>", paragraph.end()) if paragraph else -1
        cut = html[paragraph.start() : end + 4] if paragraph and end >= 0 else ""
    return _ID.sub(r"\1", strip_notes(cut)).strip()
