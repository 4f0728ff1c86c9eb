"""Entries → HTML, in two steps: first all are read and say what they ask, and then, once that is
answered, each is converted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from escriba.article.context import Context
from escriba.article.document import Document
from escriba.article.extension import EscribaExtension
from escriba.evidence.question import Use
from escriba.ground.errors import Place
from escriba.ground.project import Project
from escriba.markup import markdown
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.markdown import Rendered, Text
from escriba.markup.math.formulas import Mathematics
from escriba.site.content import mathjax
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.drops import Scope
from escriba.site.content.post import Post


@dataclass(frozen=True)
class Asked:
    """An entry whose Liquid was evaluated, and whose blocks were asked. `document` is None for one
    of HTML, which has no blocks; `uses` are its questions, with places in the entry."""

    entry: Post
    text: Text
    context: Context
    document: Document | None
    uses: tuple[Use, ...]


class Converter:
    """Makes HTML of the entries of a site; every mistake goes to those of the `context`."""

    def __init__(self, project: Project, catalogue: Catalogue, context: Context):
        self._context = context
        self._mathematics = mathjax.of_site(project)
        self._scope = Scope(project, catalogue, context.templates)

    def ask(self, entries: Iterable[Post]) -> list[Asked]:
        """What some entries ask; one in which something unforeseen happens is left out."""
        found: list[Asked] = []
        for entry in entries:
            with self._context.mistakes.collect(Place(entry.source)):
                found.append(self._ask(entry))
        return found

    def convert(self, asked: Asked) -> Rendered:
        """The HTML of an entry. Raises nothing but what is not foreseen."""
        mistakes, mathematics = self._context.mistakes, self._find_mathematics(asked.entry)
        if asked.document is None:
            return markdown.convert_html(asked.text, mathematics=mathematics, mistakes=mistakes)
        return markdown.convert(
            asked.text,
            extensions=[EscribaExtension(asked.context, asked.document)],
            mathematics=mathematics,
            mistakes=mistakes,
        )

    def _ask(self, entry: Post) -> Asked:
        context = replace(
            self._context, lang=entry.lang, path=entry.source, first_line=entry.first_line
        )
        start = Place(entry.source, entry.first_line)
        text = markdown.evaluate(entry.body, self._find_liquid(entry), start, context.mistakes)
        if entry.is_html:
            return Asked(entry, text, context, None, ())
        with text.placing(context.mistakes):
            document = Document(text.lines, start)
            document.ask(context)
        uses = tuple(
            Use(use.question, text.locate(use.place), use.words and text.origin(use.words))
            for use in document.uses
        )
        return Asked(entry, text, context, document, uses)

    def _find_liquid(self, entry: Post) -> LiquidContext:
        liquid, delimiters = self._scope.context(entry), self._find_mathematics(entry).delimiters
        if delimiters.given and not delimiters.kramdown:
            # Jekyll evaluates Liquid in what it does not read
            return replace(liquid, delimiters=delimiters)
        return liquid

    def _find_mathematics(self, entry: Post) -> Mathematics:
        return mathjax.of_post(self._mathematics, entry)
