"""What a block needs to know about the page and the site that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escriba.article.panels import PLAYGROUND, Panels
from escriba.evidence.ledger import PatientStore, Store, relative
from escriba.ground.errors import Mistakes
from escriba.ground.lock import hold_project
from escriba.ground.progress import Report
from escriba.ground.project import Project
from escriba.records.library import Models
from escriba.templating.templates import Templates, open_templates

if TYPE_CHECKING:
    from escriba.article.fences import Fence


MARK = 'class="escriba'  # in the HTML of a page that has a block or an inline value


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

    def shown(self, path: Path) -> Path:
        """The path as messages name it: relative to the project."""
        return relative(path, self.store.root)

    @contextmanager
    def noting(self, note: Callable[[Path], Any]) -> Iterator[None]:
        """Keep the mistakes of what is written inside, and note the files that decide it: the
        samples that are asked for, and those in the folders of all models."""
        before = len(self.store.used)
        with self.mistakes.collect():
            yield
        for path in (*self.store.files(before), *sorted(self.models.folder.glob("*/*.*"))):
            note(path)


def furnish(html: str, context: Context, address: str | None = None, *, style: bool = True) -> str:
    """A page that brings what its blocks need: their CSS (`style`), and the script of playgrounds,
    the files of which are at `address`."""
    if style and MARK in html:
        html += f"\n<style>\n{context.theme.style()}</style>"
    if PLAYGROUND in html and context.panels is not None:
        html += f"\n{context.panels.script(context.theme, address)}"
    return html


def open_context(
    project: Project,
    *,
    frozen: bool,
    lang: str = "",
    patient: bool = False,
    report: Report | None = None,
    **options: Any,
) -> Context:
    """A context of its own for a document of a project; `options` are further fields.

    If `patient`, nothing is sampled before `store.fill()`, which `report` is told of; whoever calls
    that holds the project's lock.
    """
    models, root, admit = project.models, project.root, project.admit
    return Context(
        store=(
            PatientStore(models, root, frozen=frozen, report=report, admit=admit)
            if patient
            else Store(
                models, root, frozen=frozen, admit=admit, locked=lambda: hold_project(project)
            )
        ),
        models=Models(project.models, project.shown(project.models), admit),
        theme=open_templates(project),
        lang=lang or project.settings.lang,
        **options,
    )
