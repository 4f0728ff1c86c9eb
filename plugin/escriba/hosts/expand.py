"""`escriba expand`: Markdown files with their blocks written out, for generators of any kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from escriba.article.context import open_context
from escriba.article.expansion import expand_documents, find_documents
from escriba.article.panels import Panels
from escriba.draft import open_draft
from escriba.errors import Place, SourceError
from escriba.files import read_bytes
from escriba.language import tr
from escriba.progress import Report
from escriba.project import Project


def expand_stream(
    project: Project, data: bytes, *, frozen: bool, style: bool, report: Report | None = None
) -> bytes:
    """A document, as `escriba expand` reads it from standard input. Raises EscribaError with all of
    its mistakes."""
    context = open_context(project, frozen=frozen, patient=True, report=report)
    found = expand_documents({Path("<stdin>"): data}, context, style=style)
    context.mistakes.check()
    return found[Path("<stdin>")]


def expand_files(
    project: Project, sources: Sequence[Path], folder: Path, *, check: bool, frozen: bool,
    style: bool, assets: Path | None = None, address: str = "", report: Report | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Write documents, and those of folders, to a folder: how many files, and how many changed.

    With `assets` playgrounds have panels, whose files go to that folder, and are at `address`. With
    `check` nothing is written or sampled, and a file that would be written is a mistake. Nothing is
    written either if any document has a mistake. Raises EscribaError with all of them.
    """
    panels = Panels(address) if assets else None
    context = open_context(
        project, frozen=frozen or check, patient=True, report=report, panels=panels
    )
    mistakes, documents = context.mistakes, {}
    targets = {target: project.shown(source) for target, source in _find(project, sources, folder)}
    for shown in targets.values():
        with mistakes.collect():
            documents[shown] = read_bytes(project.root / shown, shown)
    found = expand_documents(documents, context, style=style)
    files = {target: found[shown] for target, shown in targets.items() if shown in found}
    if panels and assets:
        files |= {assets / name: data for name, data in panels.files.items()}
    changed = [t for t, data in files.items() if not t.is_file() or t.read_bytes() != data]
    for target in changed if check else ():
        mistakes.add(
            SourceError(tr("is not what would be written; expand"), Place(project.shown(target)))
        )
    mistakes.check()
    for target in changed:
        with open_draft(target) as file:
            file.write(files[target])
    return len(files), len(changed)


def _find(project: Project, sources: Sequence[Path], folder: Path) -> Iterator[tuple[Path, Path]]:
    """Target and source of each document. Raises SourceError where there is none, or it would be
    written over."""
    for source in sources:
        inside = find_documents(source)
        if not source.exists() or (source.is_dir() and not inside):
            raise SourceError(tr("there is no Markdown"), Place(project.shown(source)))
        for path in inside or [source]:
            target = folder / (path.relative_to(source) if inside else path.name)
            if target.resolve() == path.resolve():
                raise SourceError(
                    tr("would be written over; choose another -o"), Place(project.shown(path))
                )
            yield target, path
