"""What `<output>/.escriba/` says: which files are ours, and what is still to be done.

Anybody may have put it there, in a repository or a download, and it decides what is deleted. So a
name that is not plainly one within the output counts for nothing, a plan that is not whole is none,
and only a file that the manifest lists is ever removed.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escriba.ground import files
from escriba.ground.atomic import sync
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.numbers import read_json

FOLDER = ".escriba"
MANIFEST, PLAN, STAGING = "manifest", "plan", "staging"
LIMIT = 16 << 20  # bytes of either
LONGEST, LONGEST_WHOLE = 255, 4096  # bytes of a file's name, and with its folders
LONGEST_PLAIN = 200  # characters of a path that every system takes
NAMED = "names"  # the folder in that of staging for what is staged under its name
_ODD = re.compile(r"[\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in no name of a file of a site
_PART = r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$))[\w.-]{1,100}(?<!\.)"
_PLAIN = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII | re.IGNORECASE)  # every disk takes it


@dataclass(frozen=True)
class Plan:
    """What makes the new site of the old: staged files to move, stale ones to remove, and then
    the names of all files that are ours. `write` has their names, in the order in which they move,
    with that which each has in the staging folder."""

    write: Mapping[str, str]
    remove: tuple[str, ...]
    manifest: tuple[str, ...]

    def save(self, output: Path) -> None:
        """Decide: from here on the site is the new one. Raises OSError."""
        lists = {"write": [*self.write], "staged": [*self.write.values()]}
        lists |= {"remove": [*self.remove], "manifest": [*self.manifest]}
        _replace(json.dumps(lists), output / FOLDER / PLAN)


def name_staged(names: Iterable[str], output: Path) -> dict[str, str]:
    """What each file is called while it is staged: by its number, so that no folders are made.

    But a name that not every disk takes is staged as it is, and in its folders: if this one does
    not take it, nothing has been decided yet.
    """
    longest = LONGEST_PLAIN - len(str(output))
    return {
        name: str(number) if len(name) <= longest and _PLAIN.fullmatch(name) else f"{NAMED}/{name}"
        for number, name in enumerate(names)
    }


def read_plan(output: Path) -> Plan | None:
    """The plan that is still to be carried out; None if there is none that can be.

    Of what it writes only what is staged, or in its place already, is kept.
    """
    try:
        value: Any = read_json(_read(output / FOLDER / PLAN))
        write, remove, manifest = (tuple(value[key]) for key in ("write", "remove", "manifest"))
        # Older plans do not say it: every file was staged under its own name.
        staged = dict(zip(write, value.get("staged", write), strict=True))
    except (OSError, ValueError, TypeError, KeyError, SourceError):
        return None
    if not all(map(stays_inside, [*write, *remove, *manifest, *staged.values()])):
        return None
    inside = {name: f"{FOLDER}/{STAGING}/{at}" for name, at in staged.items()}
    if find_links([*write, *remove, *inside.values()], output) or find_nested(write):
        return None
    paths = {name: output / at for name, at in inside.items()}
    if any(os.path.lexists(path) and not is_ours(path) for path in paths.values()):
        return None
    there = {n: at for n, at in staged.items() if is_ours(paths[n]) or os.path.lexists(output / n)}
    return Plan(there, remove, manifest)


def read_manifest(output: Path, shown: Path) -> set[str]:
    """The names of the files in the output that are ours.

    Raises SourceError for a manifest that cannot be read: then nobody knows which they are.
    """
    path = output / FOLDER / MANIFEST
    if not os.path.lexists(path):
        return set()
    try:
        names = _read(path).decode().split("\n")
    except (OSError, ValueError, SourceError):
        raise SourceError(
            tr(
                "is damaged, so that nobody knows which files in {folder} are escriba's; empty "
                "that folder, and build again",
                folder=shown.as_posix(),
            ),
            Place(shown / FOLDER / MANIFEST),
        ) from None
    return {name for name in names if stays_inside(name)}


def save_manifest(names: Iterable[str], output: Path) -> None:
    """List the files that are ours. Raises OSError."""
    _replace("".join(f"{name}\n" for name in names), output / FOLDER / MANIFEST)


def forget(output: Path) -> None:
    """Remove the plan, and what was staged for it. Raises OSError."""
    clear(output / FOLDER / PLAN)
    clear(output / FOLDER / STAGING)


def clear(path: Path) -> None:
    """Remove whatever has that name, and what a folder holds; a link, and not what it leads to."""
    folders, inside = survey(path)
    for each in inside:
        each.unlink(missing_ok=True)
    for folder in reversed(folders):
        folder.rmdir()


def survey(path: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the files of a tree, each folder before what is in it; a link is a file.

    However deep it is: what Python has for this calls itself for each folder in a folder.
    """
    folders: list[Path] = []
    inside: list[Path] = []
    pending = [path]
    while pending:
        path = pending.pop()
        if _find_type(path) == stat.S_IFDIR:
            folders.append(path)
            pending += path.iterdir()
        else:
            inside.append(path)
    return folders, inside


def stays_inside(name: object) -> bool:
    """Whether it is a name, written plainly, of a file in the output that is not in our folder."""
    if not isinstance(name, str) or len(name) > LONGEST_WHOLE or _ODD.search(name):
        return False
    parts = name.split("/")
    return parts[0].casefold() != FOLDER and all(
        part not in ("", ".", "..") and (len(part) < LONGEST // 4 or len(part.encode()) <= LONGEST)
        for part in parts
    )


def find_links(names: Iterable[str], output: Path) -> list[str]:
    """Which folders that the files of these names are in are links; nothing goes through one."""
    links: set[str] = set()
    known: dict[str, int] = {}  # of each folder the type that it has, 0 for none
    for name in names:
        for folder in _walk(name):
            if folder not in known:
                known[folder] = _find_type(output / folder)
            if known[folder] == stat.S_IFLNK:
                links.add(folder)
            if known[folder] != stat.S_IFDIR:
                break
    return sorted(links)


def find_nested(names: Collection[str]) -> list[str]:
    """Which names need a folder where another of them is a file."""
    every = set(names)
    return [name for name in names if not every.isdisjoint(_walk(name))]


def ancestors(name: str) -> list[str]:
    """The folders that a file is in, from the outermost on."""
    return list(_walk(name))


def _walk(name: str) -> Iterator[str]:
    end = name.find("/")
    while end >= 0:
        yield name[:end]
        end = name.find("/", end + 1)


def _find_type(path: Path) -> int:
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except OSError:
        return 0


def is_ours(path: Path) -> bool:
    """Whether it is a regular file by itself, as all are that we make."""
    return _find_type(path) == stat.S_IFREG


def _read(path: Path) -> bytes:
    if not is_ours(path):
        raise ValueError
    return files.read_bytes(path, limit=LIMIT)


def _replace(text: str, path: Path) -> None:
    """Give a file its text, on the disk too, so that nobody ever sees a part of it."""
    new = path.with_name(f"{path.name}.new")
    clear(new)
    new.write_text(text, "utf-8", newline="\n")
    sync([new])
    new.replace(path)
    sync([path.parent])
