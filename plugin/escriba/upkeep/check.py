"""Every frozen sample of a project against what the models write, and those that nobody uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.article.context import Context, open_context
from escriba.article.expansion import expand_document, find_documents
from escriba.evidence import proof as samples
from escriba.evidence.ledger import Store, Use, sweep
from escriba.evidence.proof import State
from escriba.ground import progress
from escriba.ground.errors import FrozenError, Mistakes, Place, Problem, SourceError, suggest
from escriba.ground.files import read_text
from escriba.ground.language import plural, tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.project import NAME, Project
from escriba.records.library import Models
from escriba.sampling.request import Request
from escriba.site.build import render_posts
from escriba.site.content import catalogue as catalogues
from escriba.site.content.post import Post
from escriba.templating.templates import open_templates


@dataclass(frozen=True)
class Report:
    """How many samples the posts ask for that are right, and what was written to make them so."""

    samples: int
    written: tuple[tuple[Path, State], ...] = ()

    def __str__(self) -> str:
        lines = [f"{path.as_posix()}: {_describe(state)}" for path, state in self.written]
        right = plural(
            "{number} frozen sample is what the models write, character for character",
            "{number} frozen samples are what the models write, character for character",
            self.samples,
        )
        return "\n".join([*lines, right])


@dataclass(frozen=True)
class Asked:
    """What the posts and pages of a site ask for; `hidden` is what only those do that are drafts or
    not published."""

    posts: tuple[Post, ...]
    shown: list[Use]
    hidden: list[Use]

    @property
    def uses(self) -> list[Use]:
        return [*self.shown, *self.hidden]


def _describe(state: State) -> str:
    return {
        "missing": tr("written; it was missing"),
        "stale": tr("written; it was stale"),
        "older model": tr("written; it was of an older model"),
        "older arithmetic": tr("written; it was of an older arithmetic"),
        "edited": tr("written; it was edited"),
    }[state]


class Ledger(Store):
    """A store that only writes down who asks for what."""

    def obtain(self, request: Request, place: Place) -> str:
        """Record the use; the text, which does not matter here, is empty."""
        self.used.append(Use(request, place))
        return ""


def check(
    project: Project,
    tell: Callable[[str], None] | None = None,
    report: progress.Report | None = None,
    say: Say = silence,
) -> Report:
    """Sample again whatever the posts cite, and compare every character.

    `tell` gets a unified diff of each sample that is not what the model writes; `report` is told
    how much is sampled. Raises FrozenError with every sample that is not right, each at the block
    that asks for it; SourceError for mistakes in the posts; ModelError for a model that cannot be
    run. The problems of drafts and unpublished posts are nobody else's, so they are not reported.

    Who writes meanwhile is waited for, of which `say` is told: posts and samples are those of one
    moment.
    """
    with hold_project(project, say):
        asked = collect(project, strict=False)
        findings, present = samples.compare(asked.uses, project.models, project.root, project.admit)
    places = {use.place for use in asked.shown}

    def is_shown(use: Use) -> bool:
        return use.place in places

    findings = [finding for finding in findings if any(map(is_shown, finding.uses))]
    findings += samples.prove(present, asked.uses, project.root, report, wanted=is_shown)
    if tell:
        for difference in samples.show_differences(findings, project.root):
            tell(difference)
    found = [(use.place, finding.message) for finding in findings for use in finding.uses]
    problems = [Problem(message, place) for place, message in sorted(found) if place in places]
    if problems:
        raise FrozenError(problems)
    return Report(len({use.digest for use in asked.shown}))


def refresh(
    project: Project,
    names: Sequence[str] = (),
    report: progress.Report | None = None,
    say: Say = silence,
) -> Report:
    """Sample again what is missing, stale, older or edited, drafts included, and freeze it.

    `names` are posts and models: only what those posts ask for, or those models write, is touched.
    `report` is told how much is sampled, `say` for whom this waits.
    Raises SourceError for a name that is neither, and for mistakes in any post; ModelError for a
    model that cannot be run; FrozenError where nothing can be written.
    """
    with hold_project(project, say):
        asked = collect(project, strict=True)
        chosen = _choose(names, asked, project)
        uses = [use for use in asked.uses if chosen(use)]
        findings = samples.find(
            asked.uses, project.models, project.root, report, wanted=chosen, admit=project.admit
        )
        sweep(project.models)
        samples.refresh(findings, project.root, report)
    written = sorted((project.shown(finding.path), finding.state) for finding in findings)
    return Report(len({use.digest for use in uses}), tuple(written))


def prune(project: Project, *, dry_run: bool = False, say: Say = silence) -> list[Path]:
    """Remove the frozen samples that no post uses, drafts included; gives their paths.

    `say` is told for whom this waits. Raises SourceError for mistakes in any post: what it uses
    would not be known; FrozenError for what is no sample, and is not removed.
    """
    with hold_project(project, say):
        uses = collect(project, strict=True).uses
        unused = samples.find_unused(uses, project.models, project.root, project.admit)
        if not dry_run:
            sweep(project.models)
            samples.remove(unused, project.root)
    return unused


def collect(project: Project, *, strict: bool) -> Asked:
    """What the posts of the site and its documents ask for, and what drafts and unpublished posts
    do.

    Raises every mistake in a post of the site, in a document and, if `strict`, in the other posts;
    SourceError if there is neither, since what the samples are for is not known then.
    """
    mistakes = Mistakes()
    templates = open_templates(project)
    site = catalogues.read(project, mistakes, drafts=False, unpublished=False)
    ledger = Ledger(project.models, project.root, frozen=True)
    render_posts(project, site, templates, ledger, mistakes)
    documents = read_documents(project, ledger, mistakes)
    if not strict:
        mistakes.check()
        mistakes = Mistakes()
    whole = catalogues.read(project, mistakes, drafts=True, unpublished=True)
    rest = {entry.source for entry in whole.entries} - {entry.source for entry in site.entries}
    hidden = Ledger(project.models, project.root, frozen=True)
    render_posts(project, whole, templates, hidden, mistakes, only=rest)
    if strict:
        mistakes.check()
    if not documents and not whole.entries:
        folder = project.settings.posts.as_posix()
        raise SourceError(
            tr(
                "there is no post in {folder}/, and no document in a folder that 'documents' "
                "of {name} names",
                folder=folder,
                name=NAME,
            ),
            Place(Path(NAME)),
        )
    return Asked(whole.entries, ledger.used, hidden.used)


def read_documents(
    project: Project,
    store: Store,
    mistakes: Mistakes,
    adapt: Callable[[Context], Context] = lambda context: context,
) -> list[Path]:
    """Render the documents of another generator, each with the context that `adapt` makes of its
    own; their paths as messages name them."""
    context = replace(open_context(project, frozen=True, mistakes=mistakes), store=store)
    paths: list[Path] = []
    for folder in project.settings.documents:
        before = len(mistakes.errors)
        found = find_documents(project.root / folder, project, mistakes)
        if not found and len(mistakes.errors) == before:
            problem = tr(
                "there is no Markdown in {folder}/, which 'documents' names",
                folder=folder.as_posix(),
            )
            mistakes.add(SourceError(problem, Place(Path(NAME))))
        for path in found:
            shown = project.shown(path)
            paths.append(shown)
            with mistakes.collect(Place(shown)):
                own = adapt(replace(context, path=shown))
                expand_document(read_text(path, shown), own)
    return paths


def find_post(posts: Sequence[Post], name: str) -> Post | None:
    """The post that a name is of: its path in the site, its file's name, that without `.md`, or its
    slug."""
    for post in posts:
        if name in (post.source.as_posix(), post.source.name, post.source.stem, post.slug):
            return post
    return None


def _choose(names: Sequence[str], asked: Asked, project: Project) -> Callable[[Use], bool]:
    """Whether a use belongs to what was named: all of it, if nothing was."""
    if not names:
        return lambda use: True
    models = set(Models(project.models, project.shown(project.models)).names())
    documents = {use.place.path.as_posix(): use.place.path for use in asked.uses}
    paths: set[Path] = set()
    mistakes = Mistakes()
    for name in names:
        post = find_post(asked.posts, name)
        if post is not None:
            paths.add(post.source)
        elif name in documents:
            paths.add(documents[name])
        elif name not in models:
            known = {*models, *documents, *(post.source.as_posix() for post in asked.posts)}
            problem = tr(
                "there is no post and no model '{name}'{hint}", name=name, hint=suggest(name, known)
            )
            mistakes.add(SourceError(problem))
    mistakes.check()
    return lambda use: use.place.path in paths or use.request.model.name in names
