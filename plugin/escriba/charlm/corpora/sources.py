"""Where the texts of a corpus are: files, folders, globs, digests, URLs, this Python's library."""

from __future__ import annotations

import hashlib
import os
import platform
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from escriba.charlm.corpora.archives import Document, is_hidden, list_documents
from escriba.charlm.corpora.digests import remembered_digest
from escriba.charlm.recipe import CorpusRecipe, Source
from escriba.digest import text_digest
from escriba.draft import open_draft
from escriba.errors import CorpusError, Mistakes, Place
from escriba.language import tr
from escriba.project import Project

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
        with mistakes.collect():
            found.append(_find(source, recipe.exclude, project))
    mistakes.check()
    return tuple(found)


def is_excluded(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    """Does a pattern name the path or a folder that it is in?

    As in .gitignore: a pattern without a slash is for names at any depth, one with a slash for
    the whole path from the start; `*` also stands for slashes.
    """
    folders = ["/".join(path.parts[:n]) for n in range(1, len(path.parts) + 1)]
    for pattern in patterns:
        pattern = pattern.rstrip("/")
        candidates = folders if "/" in pattern else path.parts
        spellings = {pattern.removeprefix("/"), pattern.removeprefix("**/")}
        if any(fnmatchcase(name, spelling) for name in candidates for spelling in spellings):
            return True
    return False


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


def _find(source: Source, exclude: Sequence[str], project: Project) -> Found:
    files = _find_files(source, exclude, project)
    documents, digests = [], []
    for file in files:
        for document in list_documents(file.path, file.shown):
            if not (document.member and is_excluded(PurePosixPath(document.member), exclude)):
                documents.append(document)
                digests.append(file.sha256)
    if not documents:
        raise CorpusError(tr("'exclude' leaves nothing of it"), Place(files[0].shown))
    return Found(source, tuple(documents), tuple(digests), len(files), _join(files))


def _find_files(source: Source, exclude: Sequence[str], project: Project) -> list[_File]:
    if source.ready is not None:
        paths = list(_list_library(exclude))
    elif source.file is not None:
        paths = list(_list_files(source.file, exclude, project))
    else:
        paths = []
    files = [_File(path, shown, _digest(path, shown, project)) for path, shown in paths]
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


def _digest(path: Path, shown: Path, project: Project) -> str:
    try:
        return remembered_digest(path, project.cache / "digests")
    except OSError as error:
        raise CorpusError(
            tr("cannot be read: {reason}", reason=error.strerror), Place(shown)
        ) from None


def _list_files(name: str, exclude: Sequence[str], project: Project) -> Iterator[tuple[Path, Path]]:
    """The files that `file` means, as they are and as they are shown."""
    named = project.root / name
    if name and named.is_dir():
        relative = PurePosixPath(project.shown(named).as_posix())
        yield from ((path, project.shown(path)) for path, _ in _walk(named, relative, exclude))
        return
    for path in [named] if named.is_file() else _match(named, name, project):
        shown = project.shown(path)
        if not is_excluded(PurePosixPath(shown.as_posix()), exclude):
            yield path, shown


def _match(named: Path, pattern: str, project: Project) -> list[Path]:
    root = project.root
    if Path(pattern).anchor:
        root = Path(named.anchor)
        pattern = named.relative_to(root).as_posix()
    try:
        return sorted((p for p in root.glob(pattern) if p.is_file()), key=lambda p: p.parts)
    except ValueError:  # pathlib's, for a pattern
        raise CorpusError(
            tr("'{pattern}' is not a pattern of file names", pattern=pattern)
        ) from None


def _walk(
    folder: Path, relative: PurePosixPath, exclude: Sequence[str]
) -> Iterator[tuple[Path, PurePosixPath]]:
    """All files below a folder and their paths from there, sorted; nothing hidden, and folders
    that are links are not entered."""
    try:
        paths = sorted(folder.iterdir(), key=lambda p: p.name)
    except OSError as error:
        place = Place(Path(relative))
        raise CorpusError(
            tr("the folder cannot be read: {reason}", reason=error.strerror), place
        ) from None
    for path in paths:
        inside = relative / path.name
        if is_hidden(PurePosixPath(path.name)) or is_excluded(inside, exclude):
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from _walk(path, inside, exclude)
        elif path.is_file():
            yield path, inside


def _list_library(exclude: Sequence[str]) -> Iterator[tuple[Path, Path]]:
    """The modules of the standard library of the Python that runs; not the few that are not
    ASCII, since a symbol that is seen a few times cannot be learnt."""
    patterns = [*STDLIB_EXCLUDES, *exclude]
    for path, inside in _walk(Path(sysconfig.get_path("stdlib")), PurePosixPath(), patterns):
        if path.suffix == ".py" and path.read_bytes().isascii():
            yield path, Path("python-stdlib", inside)


def _explain_nothing(source: Source, exclude: Sequence[str], project: Project) -> str:
    if source.ready is not None:
        return tr(
            "{name}: 'exclude' leaves nothing, or this Python keeps no source files",
            name=source.ready,
        )
    assert source.file is not None
    if exclude and any(_list_files(source.file, (), project)):
        return tr("'exclude' leaves nothing of '{file}'", file=source.file)
    if (project.root / source.file).is_dir():
        return tr("the folder '{folder}' holds no file", folder=source.file)
    return tr("no file matches '{file}' in {folder}/", file=source.file, folder=project.root.name)


def _find_digest(source: Source, sha256: str, project: Project) -> Path:
    """The file with that content: the cache, a local folder, or the URL."""
    folders = corpora_folders(project)
    cached = folders[0] / sha256
    for path in [cached, *(p for folder in folders[1:] for p in sorted(folder.glob("*")))]:
        with suppress(CorpusError):  # of a file that cannot be read, and may be another's
            if path.is_file() and _digest(path, project.shown(path), project) == sha256:
                return path
    if source.url is None:
        problem = tr(
            "no file with the sha256 {sha256} was found; put it in a folder and name the folder in "
            "ESCRIBA_CORPORA",
            sha256=sha256,
        )
        raise CorpusError(problem + (f" ({source.origin.strip()})" if source.origin else ""))
    return _download(source.url, sha256, cached)


def _download(url: str, sha256: str, target: Path) -> Path:
    """Fetch into the cache; only a file with the right digest ever gets its name."""
    found = hashlib.sha256()
    try:
        with open_draft(target) as file, urlopen(url, timeout=60) as response:
            while block := response.read(1 << 20):
                found.update(block)
                file.write(block)
            if found.hexdigest() != sha256:
                raise CorpusError(
                    tr(
                        "{url} has the sha256 {found}, and the recipe names {sha256}",
                        url=url,
                        found=found.hexdigest(),
                        sha256=sha256,
                    )
                )
    except (HTTPException, URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CorpusError(
            tr(
                "{url} cannot be fetched: {reason}; download it yourself into a folder and "
                "name the folder in ESCRIBA_CORPORA",
                url=url,
                reason=reason,
            )
        ) from None
    return target
