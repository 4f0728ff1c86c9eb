"""The files that a site is made of, as they are on disk at a moment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from escriba.ground.files import is_dir, is_link
from escriba.ground.project import CONFIG, INCLUDES, NAME, Project
from escriba.site.content.data import FOLDER as DATA
from escriba.site.content.static import FILES, FOLDERS, list_bases

# What a training writes by itself, again and again; and what it writes for itself alone.
TRAINING = ("training.jsonl", "weights.safetensors")
CHECKPOINT = "checkpoint"

State = tuple[int, ...]  # of a file: it changes when the file does
Survey = Mapping[Path, State]


def survey(project: Project, more: Iterable[Path] = ()) -> Survey:
    """The state of each file that can change the site; `more` are those that lie elsewhere."""
    others = (path for path in more if not is_dir(path))
    return {path: state(path) for path in (*list_sources(project), *others)}


def list_sources(project: Project, *, folders: bool = False) -> Iterator[Path]:
    """The files that can change the site, whether they are there or not; and the `folders` that
    they lie in, if they are wanted."""
    yield from (path for path in alone(project) if not is_dir(path))
    for folder in list_folders(project):
        yield from _walk(folder, (_identity(folder),), project, folders)


def list_folders(project: Project) -> list[Path]:
    """Where the files of a site are, below which all are watched."""
    own = [project.posts, project.pages, project.templates, project.models]
    named = [Path(INCLUDES), Path(DATA), *map(Path, FOLDERS), *list_bases(project.settings.static)]
    return list(dict.fromkeys([*own, *(project.root / path for path in named)]))


def alone(project: Project) -> list[Path]:
    """Files that can change the site, and of whose folders nothing else can."""
    names = [*map(Path, (NAME, CONFIG, *FILES)), *list_bases(project.settings.static)]
    return [project.root / name for name in names]


def matters(project: Project, paths: Iterable[Path]) -> bool:
    """Whether a change of these files can change the site."""
    single, around = alone(project), list_folders(project)
    return any(
        path in single or any(_is_source(path, folder, project) for folder in around)
        for path in paths
    )


def is_of_training(path: Path, project: Project) -> bool:
    """Whether a training writes this file: then the next change of it may come soon."""
    inside = path.relative_to(project.models).parts if path.is_relative_to(project.models) else ()
    return len(inside) == 2 and inside[1] in TRAINING


def state(path: Path) -> State:
    """A state that nothing else has; empty for no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)


def _is_source(path: Path, folder: Path, project: Project) -> bool:
    if not path.is_relative_to(folder):
        return False
    inside = path.relative_to(folder).parts
    if folder == project.models and inside[1:2] == (CHECKPOINT,):
        return False
    return all(map(_is_kept, inside))


def _is_kept(name: str) -> bool:
    """Not hidden, nor what an editor leaves beside the file that it writes."""
    return not name.startswith((".", "#")) and not name.endswith("~")


def _walk(
    folder: Path, above: tuple[tuple[int, int], ...], project: Project, folders: bool
) -> Iterator[Path]:
    """The files below a folder, and the `folders`, but for those behind links that lead out of the
    project, or round.

    `above` are the identities of that folder and of those above it.
    """
    try:
        with os.scandir(folder) as entries:
            found = [(folder / e.name, _is_folder(e)) for e in entries if _is_kept(e.name)]
    except (OSError, ValueError):  # gone, or not ours to read: a build will say so
        return
    for path, is_folder in found:
        if not is_folder:
            yield path
            continue
        if folders:
            yield path
        if not (is_link(path) and not project.holds(path)):
            identity = _identity(path)
            is_checkpoint = path.name == CHECKPOINT and folder.parent == project.models
            if identity not in above and not is_checkpoint:
                yield from _walk(path, (*above, identity), project, folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or leads to one; of what is no link, its folder has told that."""
    return is_dir(Path(entry.path)) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def _identity(path: Path) -> tuple[int, int]:
    """What tells a folder from all others, whatever it is called."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_dev, found.st_ino)
