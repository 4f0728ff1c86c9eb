"""A folder of posts → a site.

No wall clock, locale, environment or absolute path enters a page: the same input gives the same
bytes everywhere. All mistakes of all posts are reported together, and then nothing is written.

What renders is imported where something has changed: to see that nothing has takes less time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from escriba.ground.errors import Place, Problem
from escriba.ground.language import plural, tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.progress import Report
from escriba.ground.project import Project
from escriba.ground.reads import Reads
from escriba.site import unchanged
from escriba.site.content import scripts
from escriba.site.incremental.base import add_base
from escriba.site.incremental.cache import Cache, DamagedError, open_cache
from escriba.site.output import write as disk
from escriba.site.output.contents import Content
from escriba.site.territory import admit_output

if TYPE_CHECKING:
    from escriba.article.context import Context
    from escriba.site.content.memory import Memory


@dataclass(frozen=True)
class Result:
    """What a build did: posts shown, files written, left alone, and removed; what it has to say of
    the posts, and what it has frozen, as it is shown."""

    posts: int
    written: int
    unchanged: int
    removed: int
    warnings: tuple[Problem, ...] = ()
    frozen: tuple[Path, ...] = ()

    def __str__(self) -> str:
        files = tr(
            "files: {written} written, {unchanged} unchanged, {removed} removed",
            written=self.written, unchanged=self.unchanged, removed=self.removed,
        )  # fmt: skip
        posts = plural("{number} post", "{number} posts", self.posts)
        return f"{posts}; {files}"


@dataclass(frozen=True)
class Site:
    """A rendered site: path of each file, relative to the site, → its content, which
    `site.output.contents.read` reads. `warnings` are what its author should know."""

    posts: int
    files: Mapping[str, Content]
    warnings: tuple[Problem, ...] = ()
    frozen: tuple[Path, ...] = ()  # what was frozen for it


@dataclass(frozen=True)
class Begun:
    """What is known of a project before anything is made: what all is made of, and the script that
    its pages have for formulas."""

    reads: Reads
    script: scripts.Script


def build(
    project: Project,
    *,
    frozen: bool = False,
    drafts: bool = False,
    unpublished: bool = False,
    output: Path | None = None,
    report: Report | None = None,
    say: Say = silence,
) -> Result:
    """Build the site into its output folder, or leave that as it was and raise.

    With `frozen` nothing is sampled: a sample that is not frozen is an error. `report` is told
    how much is sampled, `say` for whom this waits: only one at a time is at work in a project.
    Raises SourceError, ModelError or FrozenError, with every mistake in every post.
    """
    folder = output or project.output
    shown = project.shown(folder)
    admit_output(project, folder, Place(shown) if output else project.place("output"))
    with hold_project(project, say):
        disk.recover(folder, shown, say)
        cache = open_cache(project)

        def work() -> tuple[Site, disk.Changes]:
            site = _find_or_render(project, cache, frozen, drafts, unpublished, report)
            return site, disk.write(site.files, folder, shown, root=project.root, say=say)

        try:
            site, changes = work()
        except DamagedError:
            cache.clear()
            site, changes = work()
    counts = changes.written, changes.unchanged, changes.removed
    return Result(site.posts, *counts, site.warnings, site.frozen)


def _find_or_render(
    project: Project,
    cache: Cache,
    frozen: bool,
    drafts: bool,
    unpublished: bool,
    report: Report | None,
) -> Site:
    begun = _begin(Reads(project.root), project)
    name = _name(drafts=drafts, unpublished=unpublished)
    if same := unchanged.find(name, project, begun.reads, cache, set()):
        return Site(*same)
    from escriba.article.context import open_context

    context = open_context(project, frozen=frozen, locked=True, report=report)
    site = render(
        project, context, drafts=drafts, unpublished=unpublished, cache=cache, begun=begun
    )
    return replace(site, frozen=tuple(sorted(context.answers.made)))


def render(
    project: Project,
    context: Context,
    *,
    drafts: bool,
    unpublished: bool,
    asked: set[Path] | None = None,
    cache: Cache | None = None,
    memory: Memory | None = None,
    begun: Begun | None = None,
) -> Site:
    """The whole site in memory. Raises like `build`, with every mistake found. `asked` becomes the
    files outside of all folders of the site that were looked for; what is in the `cache`, by
    default that of the project, and stands is not made again. Pages may be read from it later. The
    `memory` is that of a process that renders again and again. Who has `begun`, and found that
    something has changed, says so."""
    from escriba.site.assembly import assemble
    from escriba.site.content import catalogue as catalogues
    from escriba.site.content.mathjax import of_site
    from escriba.site.content.memory import Memory
    from escriba.site.content.static import MOST, Shelf

    cache, memory = cache or open_cache(project), memory or Memory()
    asked = asked if asked is not None else set()
    name, reads = _name(drafts=drafts, unpublished=unpublished), context.reads
    script = _begin(reads, project, begun).script
    alone = memory.is_empty  # else it is known that something has changed
    if alone and not begun and (same := unchanged.find(name, project, reads, cache, asked)):
        return Site(*same)
    catalogue = catalogues.read(
        project, context.mistakes, drafts=drafts, unpublished=unpublished, reads=reads,
        memory=memory,
    )  # fmt: skip
    shelf = Shelf(project, asked=asked)
    files, kept = assemble(catalogue, context, shelf, cache, memory, of_site(project, script))
    site = Site(len(catalogue.posts), files, context.mistakes.sorted_warnings())
    if alone and not site.warnings and len(asked) < MOST:
        unchanged.keep(name, site.posts, files, kept, asked, project, reads, cache)
    return site


def _begin(reads: Reads, project: Project, before: Begun | None = None) -> Begun:
    """Say what everything is made of; what was found `before` is not looked for again."""
    script = before.script if before else scripts.find(project)
    add_base(reads, project, script)
    unchanged.add_sources(reads, project)
    if before:
        reads.adopt(before.reads)
    return Begun(reads, script)


def _name(**options: bool) -> str:
    return ", ".join(f"{name}: {value}" for name, value in options.items())
