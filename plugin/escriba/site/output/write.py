"""Files to disk, so that a site changes as a whole or not at all.

`write` first puts every changed file into `<output>/.escriba/staging`, under a number if it can,
then a plan beside them, which has their names; writing the plan, atomically, is the moment at which
the new site is decided. Only then are files renamed into place and stale ones removed. Whatever
stops it before that moment leaves the old site as it was; whatever stops it after, the next `write`
or `recover` carries the plan out.
Files whose bytes do not change are not touched, and keep their times. Before the plan counts, all
that it speaks of is on the disk; before it goes, all that it wanted is.

`<output>/.escriba/manifest` lists the files that are ours. Others (a `CNAME`, a `.git`) are
neither removed nor overwritten. Staging lies inside the output, and not beside it, so that it is
on the same file system even where the output is a mount point. Nothing goes through a link, and
only one at a time is at work in an output.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from escriba.ground.atomic import sync
from escriba.ground.errors import Place, Problem, SourceError
from escriba.ground.files import exists, is_dir, is_file, is_link
from escriba.ground.language import tr
from escriba.ground.lock import FILE, Say, hold, silence
from escriba.ground.mistakes import Mistakes
from escriba.ground.unicode import fold
from escriba.site.output import plan as plans
from escriba.site.output.contents import Content, Sources
from escriba.site.output.plan import FOLDER, STAGING, Plan, ancestors, find_links, survey

_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY)


@dataclass(frozen=True)
class Changes:
    """What a write did: how many files were written, left alone, and removed."""

    written: int
    unchanged: int
    removed: int


def write(
    files: Mapping[str, Content],
    output: Path,
    shown: Path,
    *,
    root: Path | None = None,
    say: Say = silence,
) -> Changes:
    """Make the folder `output` hold `files` (relative POSIX path → content) and nothing stale.

    `shown` is how messages name the folder, `root` the project's, to which the paths of copied
    files are relative in them; `say` is told whom this waits for. Raises SourceError if a file of
    somebody else is in the way, or if the disk refuses; before the decision nothing has changed.
    """
    with _opened(output, shown, say):
        _refuse_names(files, shown)
        _recover(output)
        ours = plans.read_manifest(output, shown)
        _refuse_links(files, output, shown)
        sources = Sources(root)
        changed = sources.find_changed(files, output)
        _refuse_foreign(changed, ours, files, output, shown)
        stale = _find_stale(ours, files, output)
        if changed or stale or ours != files.keys():
            _carry_out(_stage(files, changed, stale, output, sources), output)
    return Changes(len(changed), len(files) - len(changed), len(stale))


def recover(output: Path, shown: Path, say: Say = silence) -> None:
    """Finish a write that was interrupted after its decision, or forget one before it.

    Raises SourceError if the disk refuses.
    """
    if any(os.path.lexists(output / FOLDER / name) for name in (plans.PLAN, STAGING)):
        with _opened(output, shown, say):
            _recover(output)


@contextmanager
def _opened(output: Path, shown: Path, say: Say) -> Iterator[None]:
    """The output, locked; what the disk refuses meanwhile is an error at that file."""
    for path, name in ((output, shown), (output / FOLDER, shown / FOLDER)):
        if is_link(path) and (path != output or not is_dir(path)):
            raise SourceError(tr("is a link; remove it"), Place(name))
        if os.path.lexists(path) and not is_dir(path):
            raise SourceError(tr("is a file, and must be a folder; move it"), Place(name))
    try:
        with hold(output / FOLDER / FILE, shown, say):
            yield
    except OSError as error:
        where = error.filename2 or error.filename
        at = Path(where) if isinstance(where, str) else output
        at = shown / at.relative_to(output) if at.is_relative_to(output) else at
        message = tr("cannot be written: {reason}", reason=error.strerror or error)
        if error.errno in _IN_THE_WAY:
            message = tr("this file is in the way and is not escriba's; move it")
        raise SourceError(message, Place(at)) from None


def _find_stale(ours: set[str], files: Collection[str], output: Path) -> list[str]:
    """Our files that are not wanted any more. What is behind a link is not ours; and what has the
    name of a wanted one but for its case, on a disk without case, is that one."""
    old = sorted(ours.difference(files))
    if not old:
        return []
    beyond = set(find_links(old, output))
    wanted = {fold(name): name for name in files}

    def is_stale(name: str) -> bool:
        path, twin = output / name, output / wanted.get(fold(name), name)
        if not is_file(path) or not beyond.isdisjoint(ancestors(name)):
            return False
        return twin == path or not is_file(twin) or not path.samefile(twin)

    return [name for name in old if is_stale(name)]


def _refuse_names(files: Mapping[str, Content], shown: Path) -> None:
    # Every address was looked at before; this is the last door.
    wrong = [name for name in files if not plans.stays_inside(name)] or plans.find_nested(files)
    if wrong:
        message = tr("no file of a site can have this name")
        raise SourceError([Problem(message, Place(shown / repr(name))) for name in sorted(wrong)])


def _refuse_links(files: Collection[str], output: Path, shown: Path) -> None:
    problems = [
        Problem(tr("this folder is a link, and nothing is written through one; remove it"), at)
        for at in (Place(shown / folder) for folder in find_links(files, output))
    ]
    if problems:
        raise SourceError(problems)


def _refuse_foreign(
    changed: list[str], ours: set[str], files: Mapping[str, Content], output: Path, shown: Path
) -> None:
    problems = []
    for name in changed:
        blocking = [p for p in ancestors(name) if p not in ours and _is_no_folder(output / p)]
        if name not in ours and os.path.lexists(output / name):
            blocking += _foreign(name, ours - files.keys(), output)
        problems += [
            Problem(tr("this file is in the way and is not escriba's; move it"), Place(shown / p))
            for p in blocking
        ]
    if problems:
        raise SourceError(dict.fromkeys(problems))


def _is_no_folder(path: Path) -> bool:
    return os.path.lexists(path) and not is_dir(path)


def _foreign(name: str, stale: set[str], output: Path) -> list[str]:
    inside = sorted(path.relative_to(output).as_posix() for path in survey(output / name)[1])
    return [path for path in inside if path not in stale][:1]


def _stage(
    files: Mapping[str, Content],
    changed: list[str],
    stale: list[str],
    output: Path,
    sources: Sources,
) -> Plan:
    """Put what changes beside what there is, and decide: the plan, which counts from here on."""
    staging, mistakes = output / FOLDER / STAGING, Mistakes()
    # Pages last: until they change, all that the old ones refer to is still there.
    order = sorted(changed, key=lambda name: (name.endswith(".html"), name))
    plan = Plan(plans.name_staged(order, output), tuple(stale), tuple(sorted(files)))
    try:
        staging.mkdir(parents=True, exist_ok=True)
        for name, at in plan.write.items():
            try:
                if "/" in at:
                    (staging / at).parent.mkdir(parents=True, exist_ok=True)
                sources.copy(files[name], staging / at)
            except SourceError as error:  # a disk that is full ends it all
                mistakes.add(error)
            except OSError as error:  # nobody knows it by its number
                raise OSError(error.errno, error.strerror, str(output / name)) from None
        mistakes.check()
        folders = {staging / folder for at in plan.write.values() for folder in ancestors(at)}
        sync([*map(staging.joinpath, plan.write.values()), *folders, staging])
        plan.save(output)
        return plan
    except BaseException:
        if not exists(output / FOLDER / plans.PLAN):
            shutil.rmtree(staging, ignore_errors=True)
        raise


def _recover(output: Path) -> None:
    plan = plans.read_plan(output)
    if plan is not None:
        _carry_out(plan, output)
    else:
        plans.forget(output)


def _carry_out(plan: Plan, output: Path) -> None:
    """Do what the plan says; may be repeated from any point at which it was stopped."""
    # Once all is done, the manifest is the new one, and lists nothing that was removed.
    stale = sorted(set(plan.remove) & plans.read_manifest(output, output))
    try:
        _move(plan, stale, output)
    except KeyboardInterrupt:
        _move(plan, stale, output)
        raise
    touched = {folder for name in (*plan.write, *stale) for folder in ancestors(name)}
    sync([path for path in (output, *(output / folder for folder in touched)) if is_dir(path)])
    plans.save_manifest(plan.manifest, output)
    plans.forget(output)


def _move(plan: Plan, stale: Collection[str], output: Path) -> None:
    new = set(plan.write).union(*map(ancestors, plan.write))
    for name in stale:  # a file where a folder comes, or in a folder where a file comes
        if name in new or not plan.write.keys().isdisjoint(ancestors(name)):
            _remove(name, output)
    made: set[Path] = set()
    for name, at in plan.write.items():
        staged, path = output / FOLDER / STAGING / at, output / name
        if is_file(staged):
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            _clear_empty(path)
            staged.replace(path)
    for name in stale:
        _remove(name, output)


def _clear_empty(path: Path) -> None:
    """Remove a folder in which there is no file, since a file is to have its name."""
    folders, inside = survey(path)
    for folder in reversed(folders) if not inside else ():
        folder.rmdir()


def _remove(name: str, output: Path) -> None:
    path = output / name
    # When a plan is carried out again, a folder of the new site may already bear a stale name.
    if is_file(path) or is_link(path):
        path.unlink()
    for folder in reversed(ancestors(name)):
        try:
            (output / folder).rmdir()
        except OSError:  # not empty, gone, or a file of the new site
            return
