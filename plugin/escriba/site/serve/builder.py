"""Renders revisions of a project, one after another, whatever a project has become meanwhile."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from escriba.article.context import open_context
from escriba.ground.errors import EscribaError
from escriba.ground.lock import Say, silence
from escriba.ground.progress import Report
from escriba.ground.project import NAME, Project, load
from escriba.ground.reads import States
from escriba.ground.unforeseen import report as report_defect
from escriba.site.build import render
from escriba.site.content.memory import Memory
from escriba.site.incremental.cache import ASSET, PAGE, PANEL, Cache, open_cache
from escriba.site.serve.revision import Revision
from escriba.site.sources import Survey, list_folders, state, survey

HELD = 10  # revisions, at most, of which the garbage is held while nobody has a moment


class Builder:
    """Renders revisions of a project, and tells who waits for the next. `say` is told for whom it
    has to wait itself, before it samples.

    `seen` is what was on disk when the last one was made, with what that wrote itself; `asked` the
    files outside of all folders of the site that its posts lead to.
    """

    def __init__(self, project: Project, *, drafts: bool, say: Say = silence):
        self.project = project
        self.drafts = drafts
        self.say = say
        self.revision = Revision()
        self.stamp = self.revision.stamp
        self.seen: Survey = {}
        self.asked: frozenset[Path] = frozenset()
        self.closed = False
        self._cache: Cache | None = None  # of the whole session, so that most of it is in memory
        self._memory, self._states = Memory(), States()
        self._held = 0  # revisions since it settled
        self._changed = threading.Condition()

    def rebuild(self, report: Report | None = None) -> Revision:
        """Render the site as it is on disk now; a mistake keeps the files of the last revision.

        `report` is told how much is sampled. Raises nothing but KeyboardInterrupt.
        """
        try:
            revision = self._make(report)
        except EscribaError as error:
            revision = self._keep(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a defect, a panic in Rust, a library that wants to exit
            revision = self._keep(report_defect(error))
        return self._publish(revision)

    def hold(self) -> None:
        """Have no collection of garbage look again and again at what is kept from one revision to
        the next; the garbage among it is held with it."""
        self._held += 1
        if self._held < HELD:
            gc.freeze()
        else:
            self.settle()

    def settle(self) -> None:
        """Let go of the garbage that is held. Whoever calls this has nothing else to do: it takes a
        moment."""
        self._held = 0
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def fail(self, error: EscribaError) -> Revision:
        """Show a mistake over the last revision."""
        return self._publish(self._keep(error))

    def _publish(self, revision: Revision) -> Revision:
        with self._changed:
            # The stamp is of the files as they are now, and not when somebody asks for it.
            self.revision, self.stamp = revision, revision.stamp
            self._changed.notify_all()
        return revision

    def _make(self, report: Report | None) -> Revision:
        """The next revision. Raises EscribaError, and what nobody foresaw."""
        # What changes from here on is in the next revision.
        self.seen = survey(self.project, self.asked)
        before = list_folders(self.project)
        # escriba.yml may have changed too; where the server listens does not.
        self.project = load(self.project.root)
        if list_folders(self.project) != before:
            settings = self.project.root / NAME
            self.seen = {**survey(self.project, self.asked), settings: self.seen[settings]}
        context = open_context(
            self.project, frozen=False, report=report, say=self.say, states=self._states
        )
        asked: set[Path] = set()
        try:
            site = render(
                self.project, context, drafts=self.drafts, unpublished=self.drafts, asked=asked,
                cache=self._open_cache(), memory=self._memory,
            )  # fmt: skip
        finally:
            self.asked = frozenset(asked)
            # The samples that it froze are no news to itself, nor what it looked for just now.
            own = {
                path: state(path) for path in context.answers.list_files() if path not in self.seen
            }
            own = {path: found for path, found in own.items() if found}
            own |= {path: state(path) for path in asked if path not in self.seen}
            self.seen = {**self.seen, **own}
        warnings = tuple(map(str, site.warnings))
        return Revision(site.files, baseurl=self.project.settings.baseurl, warnings=warnings)

    def _open_cache(self) -> Cache:
        if self._cache is None:
            self._cache = open_cache(self.project, session=True)
            for kind in (PAGE, PANEL, ASSET):  # revisions are read for as long as they are shown
                self._cache.load(kind)
        return self._cache

    def _keep(self, error: EscribaError) -> Revision:
        """The last revision with other mistakes."""
        problems, warnings = tuple(map(str, error.problems)), tuple(map(str, error.warnings))
        untrained = frozenset(each.untrained for each in error.problems if each.untrained)
        return replace(
            self.revision, problems=problems, warnings=warnings, untrained=untrained
        )  # fmt: skip

    def wait(self, seen: str, timeout: float, is_over: Callable[[], bool] = lambda: False) -> str:
        """The stamp of the revision, once it is another one than `seen`, time is up, or `is_over`
        is true when `stir` is called."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or is_over() or self.stamp != seen, timeout)
            return self.stamp

    def stir(self) -> None:
        """Have all who wait look again whether they still have to."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Send away all who wait."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
