"""Where a site may be written: nowhere that a build would ruin, whoever says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from escriba.ground import files
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import resolve
from escriba.ground.language import tr
from escriba.ground.project import INCLUDES, NAME, Project
from escriba.site.content.static import FOLDERS, list_bases
from escriba.site.output.plan import FOLDER, MANIFEST


def admit_output(project: Project, folder: Path, place: Place) -> Path:
    """The folder, if a site may be written there: one that is, holds or lies in a source of the
    project, or that is or holds the project, another one, or somebody's home, may not.

    Links are followed, and on a disk that takes `Posts` and `posts` for one, they are one. Raises
    SourceError at `place`.
    """
    problem = _find_problem(project, folder)
    if problem is None:
        return folder
    raise SourceError(
        tr(
            "the site cannot be written to {folder}: {problem}; choose another folder",
            folder=project.shown(folder).as_posix(), problem=problem,
        ),
        place,
    )  # fmt: skip


def _find_problem(project: Project, folder: Path) -> str | None:
    try:
        folder.is_dir()  # its name may be one that nothing can have
        real = resolve(folder)
    except (OSError, ValueError) as error:
        return files.explain(error)
    if _holds(real, resolve(project.root)):
        return tr("it is or holds the project itself")
    if _holds(real, resolve(Path("~").expanduser())):
        return tr("it is or holds the home folder")
    for source, shown in _list_sources(project):
        if _is_same(real, source):
            return tr("it is '{source}', a source of the site", source=shown)
        if _holds(real, source):
            return tr("it holds '{source}', a source of the site", source=shown)
        if _holds(source, real):
            return tr("it lies in '{source}', a source of the site", source=shown)
    if files.exists(real / NAME) and not files.exists(real / FOLDER / MANIFEST):
        return tr("it is a project with its own {name}", name=NAME)
    return None


def _list_sources(project: Project) -> Iterator[tuple[Path, str]]:
    """What the site is made of, without links, and how messages name it."""
    settings = project.settings
    named = [settings.posts, settings.pages, settings.templates, settings.models]
    named += [*settings.corpora, *list_bases(settings.static)]
    named += [path for path in map(Path, FOLDERS) if _is_source(project.root / path)]
    for path in (*named, Path(INCLUDES), Path(FOLDER), Path(".git")):
        yield resolve(project.root / path), path.as_posix()
    for path in settings.documents:
        # Another generator's documents may be all of the project; its output lies in it then.
        source = resolve(project.root / path)
        if not _holds(source, resolve(project.root)):
            yield source, path.as_posix()


def _is_source(folder: Path) -> bool:
    """Whether there is a folder of static files, and not a site that was written there."""
    return files.exists(folder) and not files.exists(folder / FOLDER / MANIFEST)


def _holds(outer: Path, inner: Path) -> bool:
    """Whether a folder is or holds another."""
    return any(_is_same(outer, path) for path in (inner, *inner.parents))


def _is_same(one: Path, other: Path) -> bool:
    if one == other:
        return True
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return False
