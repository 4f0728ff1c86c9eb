"""What a block needs to know about the page and the site that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escriba.article.blocks.panels import PLAYGROUND, Panels
from escriba.evidence.answers import Answers
from escriba.evidence.ledger import Ledger
from escriba.ground.files import is_file
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.mistakes import Mistakes
from escriba.ground.progress import Report
from escriba.ground.project import Project
from escriba.ground.reads import FILE, Reads, States
from escriba.records.library import Library
from escriba.templating.templates import Templates, open_templates

MARK = 'class="escriba'  # in the HTML of a page that has a block or an inline value


@dataclass(frozen=True)
class Context:
    """One page being rendered; all but `lang`, `path` and `first_line` is shared by a whole run.

    `path` is the page as errors name it, and `first_line` the line of that file at which its
    Markdown begins. Every error of the page is added to `mistakes`; whoever made that calls
    `mistakes.check()`. `panels` collects what playgrounds need in a browser; without it they are
    samples. What is read of models and answers is noted in `reads`.
    """

    project: Project
    library: Library
    answers: Answers
    templates: Templates
    reads: Reads
    lang: str = "en"
    path: Path = Path("<markdown>")
    first_line: int = 1
    mistakes: Mistakes = field(default_factory=Mistakes)
    panels: Panels | None = None

    @contextmanager
    def noting(self, note: Callable[[Path], Any]) -> Iterator[None]:
        """Keep the mistakes of what is written inside, and note the files that decide it: those of
        models, and frozen answers."""
        with self.reads.recording() as made, self.mistakes.collect():
            yield
        paths = (self.project.root / name for kind, name in made if kind == FILE)
        for path in filter(is_file, paths):
            note(path)


def furnish(html: str, context: Context, address: str | None = None, *, style: bool = True) -> str:
    """A page that brings what its blocks need: their CSS (`style`), and the script of playgrounds,
    the files of which are at `address`."""
    if style and MARK in html:
        html += f"\n<style>\n{context.templates.style()}</style>"
    if PLAYGROUND in html and context.panels is not None:
        html += f"\n{context.panels.script(context.templates, address)}"
    return html


def open_context(
    project: Project,
    *,
    frozen: bool,
    lang: str = "",
    locked: bool = False,
    report: Report | None = None,
    say: Say = silence,
    states: States | None = None,
    **options: Any,
) -> Context:
    """A context of its own for the documents of a project; `options` are further fields.

    Whoever has `locked` the project says so; else it is while something is answered, of which
    `report` is told, and `say` for whom this waits. A process that opens one after another has the
    `states` of files.
    """
    reads = Reads(project.root, states)
    answers = Answers(
        Ledger(project, reads),
        frozen=frozen,
        report=report,
        locked=nullcontext if locked else lambda: hold_project(project, say),
    )
    return Context(
        project=project,
        library=Library(project, reads),
        answers=answers,
        templates=open_templates(project, reads),
        reads=reads,
        lang=lang or project.settings.lang,
        **options,
    )
