"""Articles as a blog converts them: with blocks and inline values."""

from __future__ import annotations

from escriba.article.context import Context
from escriba.article.document import Document
from escriba.ground.errors import Place
from escriba.markup import markdown
from escriba.markup.liquid.context import LiquidContext
from escriba.site.convert import embed


def render_article(body: str, context: Context, liquid: LiquidContext | None = None) -> str:
    """The HTML of an article; what is wrong with it goes to the mistakes of the context."""
    mistakes = context.mistakes
    start = Place(context.path, context.first_line)
    text = markdown.evaluate(body, liquid, start, mistakes)
    with text.placing(mistakes):
        document = Document(text.lines, start)
        document.ask(context)
    embedded = embed(document, text, context)
    return markdown.convert(text, embedded=embedded, mistakes=mistakes).html
