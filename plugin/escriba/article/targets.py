"""Where documents go that are written out: each to a file of its own, none over a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from escriba.article.expansion import find_documents
from escriba.ground.atomic import open_atomically, remove_temporaries
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import exists, is_dir, is_file, refusals
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project


def find_targets(
    project: Project, sources: Sequence[Path], folder: Path, mistakes: Mistakes
) -> dict[Path, Path]:
    """Target in a folder → source, of documents and of those in folders.

    Mistakes: a source without Markdown; a target that two have, that is a source, or that a link
    puts outside the folder and the project.
    """
    found: dict[Path, Path] = {}
    for source, inside in _find(project, sources, mistakes):
        target = folder / inside
        with mistakes.collect(), refusals(SourceError, project.shown(source)):
            if os.path.realpath(target) == os.path.realpath(source):
                raise SourceError(
                    tr("would be written over; choose another -o"), Place(project.shown(source))
                )
            first = found.get(target)
            if first is not None and first != source:
                message = tr(
                    "would be written to {target}, and so would {other}",
                    target=target.as_posix(), other=project.shown(first).as_posix(),
                )  # fmt: skip
                raise SourceError(message, Place(project.shown(source)))
            _refuse_links(project, target, folder)
            found[target] = source
    return found


def find_changed(files: Mapping[Path, bytes]) -> list[Path]:
    """Which files are not there yet, or have other bytes. Of texts, line ends do not count: git may
    have checked them out with others than they were written with. Raises SourceError."""
    changed = []
    for path, data in files.items():
        with refusals(SourceError, path, path=path):
            # With line ends of Windows a text is twice as long at most.
            fits = is_file(path) and path.stat().st_size <= 2 * len(data)
            if not fits or not _is_same(path.read_bytes(), data):
                changed.append(path)
    return changed


def _is_same(old: bytes, new: bytes) -> bool:
    if old == new or b"\0" in new or b"\r" not in old + new:
        return old == new
    return old.replace(b"\r\n", b"\n") == new.replace(b"\r\n", b"\n")


def write_files(files: Mapping[Path, bytes], project: Project) -> None:
    """Write each file, whole or not at all. Raises SourceError where that is refused."""
    for path, data in files.items():
        with refusals(SourceError, project.shown(path), tr("cannot be written")):
            if is_dir(path.parent):
                remove_temporaries(path)
            with open_atomically(path) as file:
                file.write(data)


def _find(
    project: Project, sources: Sequence[Path], mistakes: Mistakes
) -> Iterator[tuple[Path, Path]]:
    """Each document, and its path in the folder that it was named by."""
    for source in sources:
        before = len(mistakes.errors)
        inside = find_documents(source, project, mistakes, source) if is_dir(source) else []
        if not exists(source) or (is_dir(source) and not inside):
            if len(mistakes.errors) == before:
                mistakes.add(SourceError(tr("there is no Markdown"), Place(project.shown(source))))
        elif inside:
            yield from ((path, path.relative_to(source)) for path in inside)
        else:
            yield source, Path(source.name)


def _refuse_links(project: Project, target: Path, folder: Path) -> None:
    """Raise SourceError if a link in the folder leads out of it, and out of the project."""
    parent = target.parent
    real = Path(os.path.realpath(parent))
    if not real.is_relative_to(os.path.realpath(folder)):
        project.admit(parent, Place(project.shown(parent)))
