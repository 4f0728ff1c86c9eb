"""Entries → HTML, in two steps: first all are read and say what they ask, and then, once that is
answered, each is converted. What has not changed since it was last converted is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from escriba.article.context import Context
from escriba.article.document import Document, show
from escriba.article.values.inline import CODE, show_value
from escriba.evidence.question import Use
from escriba.ground.errors import EscribaError, Place, Problem
from escriba.ground.mistakes import Mistakes
from escriba.ground.reads import FILE
from escriba.markup import markdown
from escriba.markup.html.grammar import MARK, MARK_END
from escriba.markup.html.tree import Node
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.markdown import Embedded, Text
from escriba.markup.math.formulas import Mathematics
from escriba.site.content import mathjax
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.converted import Converted, describe, restore
from escriba.site.content.drops import Scope
from escriba.site.content.post import Post
from escriba.site.incremental.cache import Cache, Kept, pack
from escriba.site.incremental.reads import BASE
from escriba.site.incremental.workers import run

KIND = "convert"
_VALUE = re.compile(CODE)


@dataclass(frozen=True)
class Asked:
    """An entry whose Liquid was evaluated, and whose blocks were asked. `document` is None for one
    of HTML, which has no blocks; `uses` are its questions, with places in the entry."""

    entry: Post
    text: Text
    context: Context
    document: Document | None
    uses: tuple[Use, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models of its playgrounds."""
        blocks = self.document.blocks if self.document else ()
        found = [use for b in blocks if b.fence.kind == "playground" for use in b.uses]
        return tuple(dict.fromkeys(use.question.model.name for use in found))


@dataclass(frozen=True)
class Outcome:
    """What came of an entry: what is kept of it or, if there are mistakes, these, and what there is
    nevertheless. One that is `waiting` for answers was not converted."""

    errors: tuple[tuple[type[EscribaError], tuple[Problem, ...]], ...] = ()
    warnings: tuple[Problem, ...] = ()
    kept: Kept | None = None
    converted: Converted | None = None
    waiting: bool = False


class Converter:
    """Makes HTML of the entries of a site; every mistake goes to those of the `context`."""

    def __init__(
        self, catalogue: Catalogue, context: Context, mathematics: Mathematics | None = None
    ):
        """`mathematics` is how formulas are read in the site, if that is known."""
        self._context = context
        self._mathematics = mathematics or mathjax.of_site(context.project)
        self._scope = Scope(context.project, catalogue, context.templates, context.reads)

    def ask(self, entries: Iterable[Post]) -> list[Asked]:
        """What some entries ask; one in which something unforeseen happens is left out."""
        found: list[Asked] = []
        for entry in entries:
            with self._context.mistakes.collect(Place(entry.source)):
                found.append(self.ask_one(entry, self._context.mistakes))
        return found

    def ask_one(self, entry: Post, mistakes: Mistakes) -> Asked:
        """What one entry asks. Raises nothing but what is not foreseen."""
        context = replace(
            self._context,
            lang=entry.lang,
            path=entry.source,
            first_line=entry.first_line,
            mistakes=mistakes,
        )
        start = Place(entry.source, entry.first_line)
        text = markdown.evaluate(entry.body, self._find_liquid(entry), start, mistakes)
        if entry.is_html:
            return Asked(entry, text, context, None, ())
        with text.placing(mistakes):
            document = Document(text.lines, start)
            document.ask(context)
        uses = tuple(
            Use(use.question, text.locate(use.place), use.words and text.origin(use.words))
            for use in document.uses
        )
        return Asked(entry, text, context, document, uses)

    def convert(self, asked: Asked) -> Converted:
        """The HTML of an entry. Raises nothing but what is not foreseen."""
        mistakes, mathematics = asked.context.mistakes, self._find_mathematics(asked.entry)
        if asked.document is None:
            rendered = markdown.convert_html(asked.text, mathematics=mathematics, mistakes=mistakes)
        else:
            rendered = markdown.convert(
                asked.text,
                embedded=embed(asked.document, asked.text, asked.context),
                mathematics=mathematics,
                mistakes=mistakes,
            )
        return describe(asked.entry, rendered, asked.models if asked.context.panels else ())

    def read_text(self, entry: Post) -> Text:
        """The text that an entry is made of; what is wrong with it is said elsewhere."""
        return self.ask_one(entry, Mistakes()).text

    def make(self, entry: Post) -> Outcome:
        """All that comes of an entry. One that lacks an answer is left waiting."""
        context, mistakes = self._context, Mistakes()
        converted, waiting = None, False
        with context.reads.recording() as made:
            context.reads.note(BASE, "*")
            context.reads.note(FILE, entry.source.as_posix())
            with mistakes.collect(Place(entry.source)):
                asked = self.ask_one(entry, mistakes)
                waiting = bool(context.answers.find(asked.uses, mistakes))
                if not waiting:
                    converted = self.convert(asked)
        errors = tuple((type(error), error.problems) for error in mistakes.errors)
        warnings = tuple(mistakes.warnings)
        if errors or waiting or converted is None:
            return Outcome(errors, warnings, None, converted, waiting)
        facts = {**converted.to_facts(), "warnings": [_write_problem(each) for each in warnings]}
        return Outcome(kept=Kept(context.reads.trace(made), facts, pack(converted.html.encode())))

    def _find_liquid(self, entry: Post) -> LiquidContext:
        liquid, delimiters = self._scope.context(entry), self._find_mathematics(entry).delimiters
        if delimiters.given and not delimiters.kramdown:
            # Jekyll evaluates Liquid in what it does not read
            return replace(liquid, delimiters=delimiters)
        return liquid

    def _find_mathematics(self, entry: Post) -> Mathematics:
        return mathjax.of_post(self._mathematics, entry)


def embed(document: Document, text: Text, context: Context) -> Embedded:
    """The blocks of a text, which are answered, and its inline values."""

    def value(code: str, place: Place) -> Node | None:
        found = _VALUE.fullmatch(code)
        if found:
            with context.mistakes.collect(place):
                shown = show_value(found["value"], context.library, context.lang, place)
                attributes = {"class": "escriba-value", "value": shown.machine}
                return Node("data", attributes, [escape(shown.text, quote=False)])
        return None

    lines = document.replace(text.lines, _mark)
    shown = [show(block, context).strip() for block in document.blocks]
    return Embedded(lines, {_mark(number): html for number, html in enumerate(shown)}, value)


def _mark(number: int) -> str:
    return f"{MARK}b{number}{MARK_END}"


def convert_entries(
    catalogue: Catalogue, context: Context, converter: Converter, cache: Cache
) -> dict[Path, Converted]:
    """The HTML of every entry, by its `source`; what is wrong in any of them is collected.

    What lacks no answer is converted first: so a mistake in it is found before anything is
    answered; then all that is missing is answered together.
    """
    kept = cache.load(KIND)
    found: dict[Path, Converted] = {}
    rest: list[Post] = []
    for entry in catalogue.entries:
        old = kept.get(entry.source.as_posix())
        if old is not None and context.reads.stands(old.trace):
            converted = _restore(old, context.mistakes)
            if converted is not None:
                found[entry.source] = converted
                continue
        rest.append(entry)
    made = _Made(found, context.mistakes)
    waiting = [entry for entry, outcome in run(rest, converter.make) if made.add(entry, outcome)]
    if waiting and not context.mistakes.errors:
        _answer(waiting, context, converter)
        for entry in waiting if not context.mistakes.errors else ():
            made.add(entry, converter.make(entry))
    cache.keep(KIND, made.results)
    cache.forget(KIND, kept.keys() - {entry.source.as_posix() for entry in catalogue.entries})
    return {e.source: found[e.source] for e in catalogue.entries if e.source in found}


def _answer(entries: Iterable[Post], context: Context, converter: Converter) -> None:
    """Answer all that some entries ask and that is missing, together."""
    asked = [converter.ask_one(entry, Mistakes()) for entry in entries]
    uses = [use for each in asked for use in each.uses]
    missing = context.answers.find(uses, Mistakes())
    with context.mistakes.collect():
        context.answers.make(missing)


class _Made:
    """What was converted just now."""

    def __init__(self, found: dict[Path, Converted], mistakes: Mistakes):
        self.results: dict[str, Kept] = {}
        self._found, self._mistakes = found, mistakes

    def add(self, entry: Post, outcome: Outcome) -> bool:
        """Take what came of an entry; whether it waits for answers."""
        for kind, problems in outcome.errors:
            self._mistakes.add(kind(problems))
        if outcome.waiting and not outcome.errors:
            return True
        self._mistakes.warnings += outcome.warnings
        converted = outcome.converted
        if outcome.kept is not None:
            self.results[entry.source.as_posix()] = outcome.kept
            converted = _restore(outcome.kept, self._mistakes)
        if converted is not None:
            self._found[entry.source] = converted
        return False


def _restore(kept: Kept, mistakes: Mistakes) -> Converted | None:
    """What was kept of an entry, with its warnings; None if it is no such thing."""
    try:
        converted = restore(lambda: kept.read().decode(), kept.facts)
        warnings = [_read_problem(each) for each in kept.facts["warnings"]]
    except Exception:  # somebody's database
        return None
    mistakes.warnings += warnings
    return converted


def _write_problem(problem: Problem) -> list[object]:
    place = problem.place
    if place is None:
        return [problem.message]
    return [problem.message, place.path.as_posix(), place.line, place.column]


def _read_problem(values: list[object]) -> Problem:
    message, *place = values
    if not place:
        return Problem(str(message), None)
    path, line, column = place
    return Problem(str(message), Place(Path(str(path)), int(str(line)), int(str(column))))
