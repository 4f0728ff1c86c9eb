"""The files that the `file` of a recipe means: one, a folder with all in it, or those of a pattern.

A recipe may be a stranger's. What it names lies in the project, or in a folder that the author has
named, in `outside` or `corpora` of escriba.yml or in the environment; links are followed before
this is asked. What is no file is not passed over in silence, and no pattern takes longer than to
look at every file once.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from escriba.ground.errors import CorpusError, Place, shorten
from escriba.ground.files import explain, is_dir, name_kind
from escriba.ground.language import tr
from escriba.ground.project import Project

LONGEST = 500  # characters of a pattern
_MAGIC = re.compile(r"[*?[]")
_ANY = "**"  # in a pattern, any number of folders


@dataclass(frozen=True)
class Library:
    """Where the texts of a project's recipes may lie: in the project, and in these folders."""

    project: Project
    folders: tuple[Path, ...] = ()

    def admit(self, path: Path, place: Place | None) -> None:
        """Raise CorpusError, at `place`, for what lies elsewhere."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            real = path  # which the project refuses
        if not any(real.is_relative_to(os.path.realpath(folder)) for folder in self.folders):
            self.project.admit(path, place or Place(self.project.shown(path)), CorpusError)


def list_files(
    name: str, exclude: Sequence[str], library: Library, place: Place | None = None
) -> Iterator[tuple[Path, Path]]:
    """The files that `file: name` means and how each is shown, in the order of their paths.

    Raises CorpusError, at `place`, for a name that no file can have and for what lies elsewhere;
    at the file, for what is no file and for a folder that cannot be read.
    """
    project = library.project
    named = project.root / name
    mode = _find_mode(named, name, place) if name else None
    if mode is None:
        yield from _list_matching(name, exclude, library, place)
        return
    library.admit(named, place)
    shown = PurePosixPath(project.shown(named).as_posix())
    if stat.S_ISDIR(mode):
        yield from ((p, project.shown(p)) for p, _ in walk(named, shown, exclude, library))
    elif not is_excluded(shown, exclude):
        _refuse_special(mode, shown)
        yield named, Path(shown)


def walk(
    folder: Path, relative: PurePosixPath, exclude: Sequence[str], library: Library
) -> Iterator[tuple[Path, PurePosixPath]]:
    """All files below a folder and their paths from there, sorted; nothing hidden, and folders
    that are links are not entered. Raises CorpusError."""
    return _traverse(folder, relative, _Everything(exclude), library)


def is_hidden(path: PurePosixPath) -> bool:
    """Files and folders that no one writes texts in: `.git`, `.DS_Store`, `__MACOSX`."""
    return any(name.startswith(".") or name == "__MACOSX" for name in path.parts)


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


def _list_matching(
    pattern: str, exclude: Sequence[str], library: Library, place: Place | None
) -> Iterator[tuple[Path, Path]]:
    """The files of a pattern, each once."""
    project = library.project
    parts = PurePath(pattern).as_posix().split("/")
    first = next((n for n, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    tail = parts[first:]
    if not pattern or ".." in tail or any(_ANY in part and part != _ANY for part in tail):
        raise CorpusError(
            tr("'{pattern}' is not a pattern of file names", pattern=shorten(pattern)), place
        )
    if len(pattern) > LONGEST:
        raise CorpusError(
            tr("a pattern of {length} characters, of at most {longest}",
               length=len(pattern), longest=LONGEST), place,
        )  # fmt: skip
    folder = project.root / ("/".join(parts[:first]) + "/" if first else "")
    if not tail or not is_dir(folder):
        return
    library.admit(folder, place)
    relative = PurePosixPath(project.shown(folder).as_posix())
    for path, _ in _traverse(folder, relative, _Pattern.of(tail, exclude), library):
        yield path, project.shown(path)


State = frozenset[int]  # of a pattern: how many of its parts may have fitted, in each possible way


class _Rule(Protocol):
    """Which entries of a folder are entered or taken. A state says what led to an entry."""

    def begin(self) -> State: ...

    def go_on(self, state: State, name: str, inside: PurePosixPath, *, link: bool) -> State | None:
        """The state at an entry; None, if it is left out. `link`: it is a link to a folder."""
        ...

    def takes(self, state: State) -> bool:
        """Whether a file with that state is one of those that are meant."""
        ...

    def enters(self, state: State) -> bool:
        """Whether there may be such files in a folder with that state."""
        ...


@dataclass(frozen=True)
class _Everything:
    exclude: Sequence[str]

    def begin(self) -> State:
        return frozenset()

    def go_on(self, state: State, name: str, inside: PurePosixPath, *, link: bool) -> State | None:
        if link or is_hidden(PurePosixPath(name)) or is_excluded(inside, self.exclude):
            return None
        return state

    def takes(self, state: State) -> bool:
        return True

    def enters(self, state: State) -> bool:
        return True


@dataclass(frozen=True)
class _Pattern:
    """`tests` has one for each part; None is `**`. However many ways there are to fit a path, it is
    looked at once, with all of them."""

    tests: tuple[Callable[[str], object] | None, ...]
    exclude: Sequence[str]

    @classmethod
    def of(cls, parts: Sequence[str], exclude: Sequence[str]) -> _Pattern:
        tests = (None if part == _ANY else re.compile(translate(part)).match for part in parts)
        return cls(tuple(tests), exclude)

    def begin(self) -> State:
        return self._skip({0})

    def go_on(self, state: State, name: str, inside: PurePosixPath, *, link: bool) -> State | None:
        if is_excluded(inside, self.exclude):
            return None
        found = set()
        for fitted in state - {len(self.tests)}:
            test = self.tests[fitted]
            if test is None:
                if not link:  # a link may lead back to where it is
                    found.add(fitted)
            elif test(name):
                found.add(fitted + 1)
        return self._skip(found) or None

    def takes(self, state: State) -> bool:
        return len(self.tests) in state

    def enters(self, state: State) -> bool:
        return any(fitted < len(self.tests) for fitted in state)

    def _skip(self, state: set[int]) -> State:
        """With each `**` that comes next also standing for no folder at all."""
        for fitted in [*state]:
            while fitted < len(self.tests) and self.tests[fitted] is None:
                fitted += 1
                state.add(fitted)
        return frozenset(state)


def _traverse(
    folder: Path, relative: PurePosixPath, rule: _Rule, library: Library
) -> Iterator[tuple[Path, PurePosixPath]]:
    """The files below a folder that a rule takes, sorted, with their paths from `relative` on."""
    open_folders = [(_list_folder(folder, relative), relative, rule.begin())]
    while open_folders:
        entries, above, state = open_folders[-1]
        for entry in entries:
            inside = above / entry.name
            holds = _is_folder(entry)
            after = rule.go_on(state, entry.name, inside, link=holds and entry.is_symlink())
            if after is None:
                continue
            if holds and rule.enters(after):
                _admit(entry, inside, library)
                open_folders.append((_list_folder(Path(entry.path), inside), inside, after))
                break
            if not holds and rule.takes(after) and _is_text(entry, inside, library):
                yield Path(entry.path), inside
        else:
            open_folders.pop()


def _list_folder(folder: Path, shown: PurePosixPath) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return iter(sorted(entries, key=lambda entry: entry.name))
    except OSError as error:
        raise CorpusError(
            tr("the folder cannot be read: {reason}", reason=error.strerror), Place(Path(shown))
        ) from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _admit(entry: os.DirEntry[str], shown: PurePosixPath, library: Library) -> None:
    if entry.is_symlink():  # anything else is where its folder is
        library.admit(Path(entry.path), Place(Path(shown)))


def _is_text(entry: os.DirEntry[str], shown: PurePosixPath, library: Library) -> bool:
    """Whether an entry is a file. It may also be a link that leads nowhere and that no one sees,
    as editors make to lock a file. Raises CorpusError for anything else."""
    _admit(entry, shown, library)
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        if is_hidden(PurePosixPath(entry.name)):
            return False
        reason = explain(error, Path(entry.path))
        raise CorpusError(
            tr("cannot be read: {reason}", reason=reason), Place(Path(shown))
        ) from None
    _refuse_special(mode, shown)
    return True


def _find_mode(path: Path, name: str, place: Place | None) -> int | None:
    """The mode of what a recipe names; None if there is nothing."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        # A pattern need not be what could be a name.
        missing = missing or (isinstance(error, OSError) and bool(_MAGIC.search(name)))
        if missing and not os.path.islink(path):  # noqa: PTH114 - which raises nothing
            return None
        reason = explain(error, path)
        raise CorpusError(
            tr("'{file}' cannot be read: {reason}", file=shorten(name), reason=reason), place
        ) from None


def _refuse_special(mode: int, shown: PurePosixPath) -> None:
    if kind := name_kind(mode):
        raise CorpusError(tr("is {kind}, not a file", kind=kind), Place(Path(shown)))
