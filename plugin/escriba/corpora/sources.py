"""Where the texts of a corpus are: files, folders, globs, digests, URLs, this Python's library."""

from __future__ import annotations

import os
import platform
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from escriba.corpora.archives import Document, list_documents
from escriba.corpora.digests import memory_folder, remembered_digest
from escriba.corpora.download import download
from escriba.corpora.walk import Library, is_excluded, is_hidden, list_files
from escriba.ground.digest import text_digest
from escriba.ground.errors import CorpusError, Place, shorten
from escriba.ground.files import is_dir, is_file, refusals
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe, Source

LARGEST = 1 << 36  # bytes of a file; what has more is no text, or has holes

# Of the standard library what is no library: tests, demonstrations, tables, generated files.
STDLIB_EXCLUDES = (
    "test", "tests", "idle_test", "idlelib", "turtledemo", "encodings", "pydoc_data",
    "site-packages", "dist-packages", "config-*", "__phello__", "__hello__.py",
    "_sysconfigdata*", "sitecustomize.py", "usercustomize.py",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The texts of one source. `digests` has the SHA-256 of the file of each document."""

    source: Source
    documents: tuple[Document, ...]
    digests: tuple[str, ...]
    files: int
    sha256: str

    def record(self) -> dict[str, Any]:
        """What the model file says of the source."""
        values = {key: value for key, value in asdict(self.source).items() if value}
        values.pop("place", None)
        values["sha256"] = self.sha256
        if self.files > 1:
            values["files"] = self.files
        if self.source.ready:
            values["python"] = platform.python_version()
            values.setdefault("licence", "PSF-2.0")
        return values


def find_sources(recipe: CorpusRecipe, project: Project) -> tuple[Found, ...]:
    """The documents of a corpus, in the recipe's order and, within a source, sorted by name.

    Raises CorpusError with all that cannot be found, read or trusted.
    """
    found, mistakes = [], Mistakes()
    for source in recipe.sources:
        with mistakes.collect(), _placed(source):
            found.append(_find(source, recipe, project))
    mistakes.check()
    return tuple(found)


def corpora_folders(project: Project) -> list[Path]:
    """Where to look for corpora by content: the cache, `corpora` of escriba.yml, and the folders
    of the environment variable ESCRIBA_CORPORA."""
    named = os.environ.get("ESCRIBA_CORPORA", "")
    folders = [project.root / folder for folder in project.settings.corpora]
    folders += [Path(folder) for folder in named.split(os.pathsep) if folder]
    return [project.cache / "corpora", *folders]


@dataclass(frozen=True)
class _File:
    path: Path
    shown: Path
    sha256: str


def _find(source: Source, recipe: CorpusRecipe, project: Project) -> Found:
    files = _find_files(source, recipe, project)
    documents, digests = [], []
    for file in files:
        for document in list_documents(file.path, file.shown):
            member = PurePosixPath(document.member) if document.member else None
            if member is None or _is_chosen(member, recipe):
                documents.append(document)
                digests.append(file.sha256)
    if not documents:
        raise CorpusError(tr("'exclude' leaves nothing of it"), Place(files[0].shown))
    return Found(source, tuple(documents), tuple(digests), len(files), _join(files))


def _is_chosen(path: PurePosixPath, recipe: CorpusRecipe) -> bool:
    """Whether a member of an archive, of a name from its root, is read."""
    if recipe.include and not is_excluded(path, recipe.include):
        return False
    return not is_excluded(path, recipe.exclude)


def _is_included(path: Path, recipe: CorpusRecipe) -> bool:
    """Whether a file may have something that is read: an archive may always."""
    archive = path.suffix.lower() == ".zip"
    return not recipe.include or archive or is_excluded(PurePosixPath(path), recipe.include)


def _find_files(source: Source, recipe: CorpusRecipe, project: Project) -> list[_File]:
    exclude = recipe.exclude
    if source.ready is not None:
        paths = list(_list_library(exclude))
    elif source.file is not None:
        paths = list(list_files(source.file, exclude, _library(project), source.place))
    else:
        paths = []
    chosen = [(path, shown) for path, shown in paths if _is_included(shown, recipe)]
    if paths and not chosen:
        raise CorpusError(
            tr("'include' names no file of '{file}'", file=source.file or source.ready)
        )
    files = [_File(path, shown, _digest(path, shown)) for path, shown in chosen]
    if source.sha256 is None:
        if not files:
            raise CorpusError(_explain_nothing(source, exclude, project))
    elif not files:
        path = _find_digest(source, source.sha256, project)
        files = [_File(path, project.shown(path), source.sha256)]
    elif (sha256 := _join(files)) != source.sha256:
        if len(files) == 1:
            problem = tr(
                "its sha256 is {found}, and the recipe names {sha256}",
                found=sha256, sha256=source.sha256,
            )  # fmt: skip
            raise CorpusError(problem, Place(files[0].shown))
        name = f"'{source.file}'" if source.file else f"{source.ready} {platform.python_version()}"
        problem = tr(
            "the {number} files of {name}: their sha256 is {found}, and the recipe names {sha256}",
            number=len(files), name=name, found=sha256, sha256=source.sha256,
        )  # fmt: skip
        raise CorpusError(problem)
    return files


def _join(files: Sequence[_File]) -> str:
    """The SHA-256 of one file; of several, that of the list of theirs, one a line."""
    if len(files) == 1:
        return files[0].sha256
    return text_digest("".join(f"{file.sha256}\n" for file in files))


def _digest(path: Path, shown: Path) -> str:
    with refusals(CorpusError, shown, path=path):
        if path.stat().st_size > LARGEST:
            raise CorpusError(
                tr("is larger than {largest} GB, the most that is read", largest=LARGEST >> 30),
                Place(shown),
            )
        return remembered_digest(path, memory_folder())


def _library(project: Project) -> Library:
    return Library(project, tuple(corpora_folders(project)[1:]))


def _list_library(exclude: Sequence[str]) -> Iterator[tuple[Path, Path]]:
    """The modules of the standard library of the Python that runs; not the few that are not
    ASCII, since a symbol that is seen a few times cannot be learnt."""
    patterns = [*STDLIB_EXCLUDES, *exclude]
    root, found = Path(sysconfig.get_path("stdlib")), []
    for name, folders, files in os.walk(root):
        above = PurePosixPath(Path(name).relative_to(root).as_posix())
        for names in folders, files:
            names[:] = [
                n
                for n in names
                if not is_hidden(PurePosixPath(n)) and not is_excluded(above / n, patterns)
            ]
        found += [above / n for n in files if n.endswith(".py")]
    for inside in sorted(found, key=lambda inside: inside.parts):
        if is_file(root / inside) and (root / inside).read_bytes().isascii():
            yield root / inside, Path("python-stdlib", inside)


def _explain_nothing(source: Source, exclude: Sequence[str], project: Project) -> str:
    if source.ready is not None:
        return tr(
            "{name}: 'exclude' leaves nothing, or this Python keeps no source files",
            name=source.ready,
        )
    assert source.file is not None
    name = shorten(source.file)
    if exclude and any(list_files(source.file, (), _library(project), source.place)):
        return tr("'exclude' leaves nothing of '{file}'", file=name)
    if is_dir(project.root / source.file):
        return tr("the folder '{folder}' holds no file", folder=name)
    return tr("no file matches '{file}' in {folder}/", file=name, folder=project.root.name)


def _find_digest(source: Source, sha256: str, project: Project) -> Path:
    """The file with that content: the cache, a local folder, or the URL."""
    cache, *folders = corpora_folders(project)
    project.admit(cache, kind=CorpusError)
    cached = cache / sha256
    for path in [cached, *(p for folder in folders for p in sorted(folder.glob("*")))]:
        with suppress(CorpusError):  # of a file that cannot be read, and may be another's
            if is_file(path) and _digest(path, project.shown(path)) == sha256:
                return path
    if source.url is None:
        problem = tr(
            "no file with the sha256 {sha256} was found; put it in a folder and name the folder in "
            "ESCRIBA_CORPORA",
            sha256=sha256,
        )
        problem += f" ({source.origin.strip()})" if source.origin else ""
        raise CorpusError(problem)
    download(source.url, sha256, cached, project.shown(cached))
    return cached


@contextmanager
def _placed(source: Source) -> Iterator[None]:
    """Give an error inside that has no place the one of the source."""
    try:
        yield
    except CorpusError as error:
        raise CorpusError(
            replace(problem, place=problem.place or source.place) for problem in error.problems
        ) from None
