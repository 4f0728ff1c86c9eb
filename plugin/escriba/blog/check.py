"""Every frozen sample of a site against what the models write, and those that nobody uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escriba.article.theme import Templates
from escriba.blog import catalogue as catalogues
from escriba.blog.build import render_posts
from escriba.errors import FrozenError, Mistakes, Place
from escriba.project import Project
from escriba.sampling.frozen import Store, Use
from escriba.sampling.request import Request


@dataclass(frozen=True)
class Report:
    """What a check found right: how many samples the posts ask for, and what it mended."""

    samples: int
    mended: tuple[Path, ...] = ()

    def __str__(self) -> str:
        lines = [f"{path.as_posix()}: mended" for path in self.mended]
        count = "1 frozen sample is" if self.samples == 1 else f"{self.samples} frozen samples are"
        return "\n".join([*lines, f"{count} what the models write, character for character"])


class Ledger(Store):
    """A store that only writes down who asks for what."""

    def obtain(self, request: Request, place: Place) -> str:
        """Record the use; the text, which does not matter here, is empty."""
        self.used.append(Use(request, place))
        return ""


def check(project: Project, *, mend: bool = False) -> Report:
    """Sample again whatever the posts cite, and compare every character.

    With `mend`, write what is edited, missing or stale. Raises FrozenError with every sample that
    is not right, each at the block that asks for it; SourceError for mistakes in the posts;
    ModelError for a model that cannot be run. Drafts and unpublished posts are mended, too, but
    their problems are nobody else's, so they are not reported.
    """
    from escriba.sampling import check as samples

    shown, hidden = collect(project, strict=mend)
    uses = [*shown, *hidden]
    digests = {use.digest for use in shown}
    if mend:
        found = samples.mend(uses, project.models, project.root)
        return Report(len(digests), tuple(sorted(project.shown(f.path) for f in found)))
    places = {use.place for use in shown}
    problems = [
        problem
        for problem in samples.check(uses, project.models, project.root)
        if problem.place in places
    ]
    if problems:
        raise FrozenError(problems)
    return Report(len(digests))


def prune(project: Project, *, dry_run: bool = False) -> list[Path]:
    """Remove the frozen samples that no post uses, drafts included; gives their paths.

    Raises SourceError for mistakes in any post: what it uses would not be known.
    """
    from escriba.sampling.check import find_unused

    shown, hidden = collect(project, strict=True)
    unused = find_unused([*shown, *hidden], project.models)
    if not dry_run:
        for path in unused:
            path.unlink()
    return unused


def collect(project: Project, *, strict: bool) -> tuple[list[Use], list[Use]]:
    """What the posts of the site ask for, and what drafts and unpublished posts do.

    Raises every mistake in a post of the site and, if `strict`, in the others.
    """
    mistakes = Mistakes()
    templates = Templates(project.templates, project.shown(project.templates))
    site = catalogues.read(project, mistakes, drafts=False, unpublished=False)
    ledger = Ledger(project.models, project.root, frozen=True)
    render_posts(project, site, templates, ledger, mistakes)
    if not strict:
        mistakes.check()
        mistakes = Mistakes()
    whole = catalogues.read(project, mistakes, drafts=True, unpublished=True)
    other = Ledger(project.models, project.root, frozen=True)
    render_posts(project, whole, templates, other, mistakes)
    if strict:
        mistakes.check()
    places = {use.place for use in ledger.used}
    return ledger.used, [use for use in other.used if use.place not in places]
