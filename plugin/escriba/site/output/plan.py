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
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
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
_ODD = re.compile(r"[\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in no name of a file of a site


@dataclass(frozen=True)
class Plan:
    """What makes the new site of the old: staged files to move, stale ones to remove, and then
    the names of all files that are ours."""

    write: tuple[str, ...]
    remove: tuple[str, ...]
    manifest: tuple[str, ...]

    def save(self, output: Path) -> None:
        """Decide: from here on the site is the new one. Raises OSError."""
        _replace(json.dumps(asdict(self)), output / FOLDER / PLAN)


def read_plan(output: Path) -> Plan | None:
    """The plan that is still to be carried out; None if there is none that can be.

    Of what it writes only what is staged, or in its place already, is kept.
    """
    try:
        value: Any = read_json(_read(output / FOLDER / PLAN))
        plan = Plan(*(tuple(value[key]) for key in ("write", "remove", "manifest")))
    except (OSError, ValueError, TypeError, KeyError, SourceError):
        return None
    names = [*plan.write, *plan.remove]
    if not all(map(stays_inside, [*names, *plan.manifest])):
        return None
    staged = [f"{FOLDER}/{STAGING}/{name}" for name in plan.write]
    if find_links(names, output) or find_links(staged, output):
        return None
    if any(os.path.lexists(path) and not is_ours(path) for path in (output / n for n in staged)):
        return None
    there = zip(plan.write, staged, strict=True)
    return replace(
        plan,
        write=tuple(n for n, s in there if is_ours(output / s) or os.path.lexists(output / n)),
    )


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
