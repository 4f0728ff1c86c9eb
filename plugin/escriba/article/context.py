"""What a block needs to know about the page and the site that it stands in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escriba.article.models import Models
from escriba.article.theme import Templates, open_templates
from escriba.errors import Mistakes
from escriba.project import Project
from escriba.sampling.frozen import Store

if TYPE_CHECKING:
    from escriba.article.fences import Fence
    from escriba.article.panels import Panels


@dataclass(frozen=True)
class Context:
    """One page being rendered. `store`, `models` and `theme` are shared by a whole build.

    `path` is the page as errors name it, and `first_line` the line of that file at which its
    Markdown begins. Every error of the page is added to `mistakes`; whoever made that calls
    `mistakes.check()`. `panels` collects what playgrounds need in a browser; without it they are
    samples. Each block is rendered within `rendering(fence)`.
    """

    store: Store
    models: Models
    theme: Templates
    lang: str = "en"
    path: Path = Path("<markdown>")
    first_line: int = 1
    mistakes: Mistakes = field(default_factory=Mistakes)
    panels: Panels | None = None
    rendering: Callable[[Fence], AbstractContextManager[None]] = lambda fence: nullcontext()


def open_context(project: Project, *, frozen: bool, lang: str = "", **options: Any) -> Context:
    """A context of its own for a document of a project; `options` are further fields."""
    return Context(
        store=Store(project.models, project.root, frozen=frozen),
        models=Models(project.models, project.shown(project.models)),
        theme=open_templates(project),
        lang=lang or project.settings.lang,
        **options,
    )
