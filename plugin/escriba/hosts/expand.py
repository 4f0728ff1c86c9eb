"""`escriba expand`: Markdown files with their blocks written out, for generators of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from escriba.article.blocks.panels import Panels
from escriba.article.context import open_context
from escriba.article.expansion import expand_documents
from escriba.article.targets import find_changed, find_targets, write_files
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import read_bytes
from escriba.ground.language import tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.progress import Report
from escriba.ground.project import Project


def expand_stream(
    project: Project, data: bytes, *, frozen: bool, style: bool, report: Report | None = None,
    say: Say = silence,
) -> bytes:  # fmt: skip
    """A document, as `escriba expand` reads it from standard input. Raises EscribaError with all of
    its mistakes."""
    with hold_project(project, say):
        context = open_context(project, frozen=frozen, locked=True, report=report)
        found = expand_documents({Path("<stdin>"): data}, context, style=style)
        context.mistakes.check()
    return found[Path("<stdin>")]


def expand_files(
    project: Project, sources: Sequence[Path], folder: Path, *, check: bool, frozen: bool,
    style: bool, assets: Path | None = None, address: str = "", report: Report | None = None,
    say: Say = silence,
) -> tuple[int, int]:  # fmt: skip
    """Write documents, and those of folders, to a folder: how many files, and how many changed.

    With `assets` playgrounds have panels, whose files go to that folder, and are at `address`. With
    `check` nothing is written or sampled, and a file that would be written is a mistake. Nothing is
    written either if any document has a mistake. `say` is told for whom this waits. Raises
    EscribaError with all of them.
    """
    with hold_project(project, say):
        panels = Panels(address) if assets else None
        context = open_context(
            project, frozen=frozen or check, locked=True, report=report, panels=panels
        )
        mistakes, documents = context.mistakes, {}
        targets = find_targets(project, sources, folder, mistakes)
        for source in targets.values():
            with mistakes.collect():
                documents[project.shown(source)] = read_bytes(source, project.shown(source))
        found = expand_documents(documents, context, style=style)
        files = {
            target: found[project.shown(source)]
            for target, source in targets.items()
            if project.shown(source) in found
        }
        if panels and assets:
            files |= {assets / name: data for name, data in panels.files.items()}
        changed = find_changed(files)
        for target in changed if check else ():
            problem = tr("is not what would be written; expand")
            mistakes.add(SourceError(problem, Place(project.shown(target))))
        mistakes.check()
        write_files({target: files[target] for target in changed}, project)
    return len(files), len(changed)
