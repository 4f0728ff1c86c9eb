"""Where a site may be written: nowhere that a build would ruin, whoever says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from escriba import files
from escriba.blog.plan import FOLDER, MANIFEST
from escriba.errors import Place, SourceError
from escriba.language import tr
from escriba.project import NAME, Project

INCLUDES = "_includes"  # Jekyll's folder for what posts include


def admit_output(project: Project, folder: Path, place: Place) -> Path:
    """The folder, if a site may be written there: one that is, holds or lies in a source of the
    project, or that is or holds the project, another one, or somebody's home, may not.

    Links are followed, and on a disk that takes `Posts` and `posts` for one, they are one. Raises
    SourceError at `place`.
    """
    with files.refusals(SourceError, place.path, tr("cannot be written")):
        real = Path(os.path.realpath(folder))
        folder.is_dir()  # its name may be one that nothing can have
        for source, shown in _list_sources(project):
            _refuse(real, Path(os.path.realpath(source)), shown, place)
        for whole, name in (
            (project.root, tr("the project itself")),
            (Path("~").expanduser(), tr("the home folder")),
        ):
            if _holds(real, Path(os.path.realpath(whole))):
                raise SourceError(
                    tr(
                        "the site cannot be written to {folder}, which is or holds {whole}; choose "
                        "another folder",
                        folder=folder.as_posix(), whole=name,
                    ),
                    place,
                )  # fmt: skip
        if (real / NAME).exists() and not (real / FOLDER / MANIFEST).exists():
            raise SourceError(
                tr(
                    "the site cannot be written to {folder}, which is a project with its own "
                    "{name}; choose another folder",
                    folder=folder.as_posix(), name=NAME,
                ),
                place,
            )  # fmt: skip
    return folder


def _list_sources(project: Project) -> Iterator[tuple[Path, str]]:
    """What the site is made of, and how messages name it."""
    settings = project.settings
    named = [settings.posts, settings.templates, settings.models, *settings.corpora]
    for path in (*named, Path(INCLUDES), Path(FOLDER), Path(".git")):
        yield project.root / path, path.as_posix()
    for path in settings.documents:
        # Another generator's documents may be all of the project; its output lies in it then.
        if not _holds(Path(os.path.realpath(project.root / path)), project.root):
            yield project.root / path, path.as_posix()


def _refuse(folder: Path, source: Path, shown: str, place: Place) -> None:
    within, around = _holds(source, folder), _holds(folder, source)
    if not within and not around:
        return
    names = {"folder": folder.as_posix(), "source": shown}
    if within and around:
        problem = tr("the site cannot be written to {folder}, which is '{source}', a source of it;"
                     " choose another folder", **names)  # fmt: skip
    elif within:
        problem = tr("the site cannot be written to {folder}, which lies in '{source}', a source of"
                     " it; choose another folder", **names)  # fmt: skip
    else:
        problem = tr("the site cannot be written to {folder}, which holds '{source}', a source of"
                     " it; choose another folder", **names)  # fmt: skip
    raise SourceError(problem, place)


def _holds(outer: Path, inner: Path) -> bool:
    """Whether a folder is or holds another, both without links."""
    return any(_is_same(outer, path) for path in (inner, *inner.parents))


def _is_same(one: Path, other: Path) -> bool:
    if one == other:
        return True
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return False
