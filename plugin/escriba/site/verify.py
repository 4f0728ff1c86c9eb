"""`escriba build --verify`: is what was written what a build from nothing makes?"""

from __future__ import annotations

from pathlib import Path

from escriba.article.context import open_context
from escriba.ground.errors import DefectError, Place, Problem
from escriba.ground.files import is_file
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.site.build import render
from escriba.site.incremental.cache import Cache, find_path
from escriba.site.output.contents import Sources


def verify(project: Project, *, drafts: bool, unpublished: bool, output: Path | None = None) -> int:
    """Build the site in memory, of nothing that was kept, and compare each byte with what is in the
    output; how many files there are. Raises DefectError, at each file that differs."""
    folder = output or project.output
    context = open_context(project, frozen=True, locked=True)
    nothing = Cache(None, project.root)
    site = render(project, context, drafts=drafts, unpublished=unpublished, cache=nothing)
    changed = Sources(project.root).find_changed(site.files, folder)
    if changed:
        kept = find_path(project.root)
        raise DefectError(
            [Problem(_say(kept), Place(project.shown(folder / name))) for name in changed]
        )
    return len(site.files)


def _say(kept: Path | None) -> str:
    if kept is None or not is_file(kept):
        return tr("is not what a build from nothing makes; please report it")
    return tr(
        "is not what a build from nothing makes; remove {path}, build again, and please report it",
        path=kept.as_posix(),
    )
