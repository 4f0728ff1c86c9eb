"""The Python-Markdown extension `escriba`: blocks and inline values in any host."""

from __future__ import annotations

from typing import Any

from markdown import Markdown
from markdown.extensions import Extension

from escriba.article.context import Context

__all__ = ["Context", "EscribaExtension", "makeExtension"]


class EscribaExtension(Extension):
    """Renders `escriba` fences and inline values.

    With a `Context` every error goes to its `mistakes` and the page is rendered to its end.
    """

    def __init__(self, settings: Context | None = None, **options: Any):
        super().__init__(**options)
        self.settings = settings

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        md.registerExtension(self)


def makeExtension(**options: Any) -> EscribaExtension:
    """The extension, as `markdown.markdown(text, extensions=["escriba"])` asks for it."""
    return EscribaExtension(**options)
