"""Files to disk, so that a site changes as a whole or not at all.

`write` first puts every changed file into `<output>/.escriba/staging`, then a plan beside them;
writing the plan, atomically, is the moment at which the new site is decided. Only then are files
renamed into place and stale ones removed. Whatever stops it before that moment leaves the old
site as it was; whatever stops it after, the next `write` or `recover` carries the plan out.
Files whose bytes do not change are not touched, and keep their times.

`<output>/.escriba/manifest` lists the files that are ours. Others (a `CNAME`, a `.git`) are
neither removed nor overwritten. Staging lies inside the output, and not beside it, so that it is
on the same file system even where the output is a mount point.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from escriba.errors import Place, Problem, SourceError
from escriba.language import tr

FOLDER = ".escriba"


@dataclass(frozen=True)
class Changes:
    """What a write did: how many files were written, left alone, and removed."""

    written: int
    unchanged: int
    removed: int


def write(files: Mapping[str, bytes], output: Path, shown: Path) -> Changes:
    """Make the folder `output` hold `files` (relative POSIX path → bytes) and nothing stale.

    `shown` is how messages name the folder. Raises SourceError if a file of somebody else is in
    the way, or if the disk refuses; before the decision nothing has changed then.
    """
    try:
        recover(output)
        ours = _read_manifest(output)
        changed = [name for name in sorted(files) if _differs(output / name, files[name])]
        _refuse_foreign(changed, ours, files, output, shown)
        stale = sorted(name for name in ours - files.keys() if (output / name).is_file())
        if changed or stale or ours != files.keys():
            _stage(files, changed, stale, output)
            _carry_out(output)
    except OSError as error:
        where = error.filename2 or error.filename
        place = Place(shown / os.path.relpath(where, output)) if where else Place(shown)
        raise SourceError(tr("cannot be written: {reason}", reason=error.strerror), place) from None
    return Changes(len(changed), len(files) - len(changed), len(stale))


def recover(output: Path) -> None:
    """Finish a write that was interrupted after its decision, or forget one before it."""
    if (output / FOLDER / "plan").is_file():
        _carry_out(output)
    shutil.rmtree(output / FOLDER / "staging", ignore_errors=True)


def _read_manifest(output: Path) -> set[str]:
    try:
        names = (output / FOLDER / "manifest").read_text("utf-8").split("\n")
    except FileNotFoundError:
        return set()
    return {name for name in names if name and _stays_inside(name)}


def _stays_inside(name: str) -> bool:
    # The manifest and the plan lie in a folder that may come from anywhere, and say what to delete.
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _differs(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size != len(data) or path.read_bytes() != data
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return True


def _refuse_foreign(
    changed: list[str], ours: set[str], files: Mapping[str, bytes], output: Path, shown: Path
) -> None:
    problems = []
    for name in changed:
        blocking = [p for p in _ancestors(name) if p not in ours and (output / p).is_file()]
        if name not in ours and os.path.lexists(output / name):
            blocking += _foreign(name, ours - files.keys(), output)
        problems += [
            Problem(tr("this file is in the way and is not escriba's; move it"), Place(shown / p))
            for p in blocking
        ]
    if problems:
        raise SourceError(dict.fromkeys(problems))


def _foreign(name: str, stale: set[str], output: Path) -> list[str]:
    path = output / name
    if path.is_dir() and not path.is_symlink():
        inside = sorted(p.relative_to(output).as_posix() for p in path.rglob("*") if p.is_file())
        return [p for p in inside if p not in stale][:1]
    return [name]


def _ancestors(name: str) -> list[str]:
    return ["/".join(name.split("/")[:n]) for n in range(1, name.count("/") + 1)]


def _stage(files: Mapping[str, bytes], changed: list[str], stale: list[str], output: Path) -> None:
    staging = output / FOLDER / "staging"
    try:
        for name in changed:
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
        staging.mkdir(parents=True, exist_ok=True)
        # Pages last: until they change, all that the old ones refer to is still there.
        order = sorted(changed, key=lambda name: (name.endswith(".html"), name))
        plan = {"write": order, "remove": stale, "manifest": sorted(files)}
        (staging / ".plan").write_text(json.dumps(plan), "utf-8")
        (staging / ".plan").replace(output / FOLDER / "plan")
    except BaseException:
        if not (output / FOLDER / "plan").exists():
            shutil.rmtree(staging, ignore_errors=True)
        raise


def _carry_out(output: Path) -> None:
    """Do what the plan says; may be repeated from any point at which it was stopped."""
    folder = output / FOLDER
    plan = json.loads((folder / "plan").read_text("utf-8"))
    changed = [name for name in plan["write"] if _stays_inside(name)]
    stale = [name for name in plan["remove"] if _stays_inside(name)]
    try:
        _move(changed, stale, output)
    except KeyboardInterrupt:
        _move(changed, stale, output)
        raise
    names = "".join(f"{name}\n" for name in plan["manifest"])
    (folder / "manifest.new").write_text(names, "utf-8", newline="\n")
    (folder / "manifest.new").replace(folder / "manifest")
    (folder / "plan").unlink()
    shutil.rmtree(folder / "staging", ignore_errors=True)


def _move(changed: list[str], stale: list[str], output: Path) -> None:
    new = set(changed).union(*map(_ancestors, changed))
    for name in stale:  # a file where a folder comes, or in a folder where a file comes
        if name in new or new.intersection(_ancestors(name)) & set(changed):
            _remove(name, output)
    for name in changed:
        staged = output / FOLDER / "staging" / name
        if staged.is_file():
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            staged.replace(output / name)
    for name in stale:
        _remove(name, output)


def _remove(name: str, output: Path) -> None:
    path = output / name
    # When a plan is carried out again, a folder of the new site may already bear a stale name.
    if path.is_file() or path.is_symlink():
        path.unlink()
    for folder in reversed(_ancestors(name)):
        try:
            (output / folder).rmdir()
        except OSError:  # not empty, gone, or a file of the new site
            return
