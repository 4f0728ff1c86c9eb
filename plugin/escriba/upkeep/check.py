"""Every frozen sample of a project against what the models write, and those that nobody uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.article.context import Context, open_context
from escriba.article.document import Document
from escriba.article.expansion import find_documents, read_source
from escriba.evidence import proof
from escriba.evidence.ledger import Ledger
from escriba.evidence.proof import State
from escriba.evidence.question import Use
from escriba.ground import progress
from escriba.ground.errors import FrozenError, Place, Problem, SourceError, suggest
from escriba.ground.files import read_text
from escriba.ground.language import plural, tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import NAME, Project
from escriba.records.library import Library
from escriba.site import convert as asking
from escriba.site.content import catalogue as catalogues
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.post import Post


@dataclass(frozen=True)
class Report:
    """How many samples the posts ask for that are right, what was written to make them so, and what
    only a corpus that is not here can prove, and why."""

    samples: int
    written: tuple[tuple[Path, State], ...] = ()
    unproved: tuple[tuple[Path, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"{path.as_posix()}: {_describe(state)}" for path, state in self.written]
        right = plural(
            "{number} frozen sample is what the models write, character for character",
            "{number} frozen samples are what the models write, character for character",
            self.samples,
        )
        lines += [
            tr("{path}: not proved here: {reason}", path=path.as_posix(), reason=reason)
            for path, reason in self.unproved
        ]
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
        ledger, asked = Ledger(project), collect(project, strict=False)
        findings, present = proof.compare(asked.uses, ledger)
    places = {use.place for use in asked.shown}

    def is_shown(use: Use) -> bool:
        return use.place in places

    findings = [finding for finding in findings if any(map(is_shown, finding.uses))]
    proved = proof.prove(present, asked.uses, ledger, report, wanted=is_shown)
    findings += proved.findings
    if tell:
        for difference in proof.show_differences(findings, ledger):
            tell(difference)
    found = [(use.place, finding.message) for finding in findings for use in finding.uses]
    problems = [Problem(message, place) for place, message in sorted(found) if place in places]
    if problems:
        raise FrozenError(problems)
    unproved = {
        ledger.shown(use.question): error.problems[0].message for use, error in proved.unproved
    }
    right = {use.digest for use in asked.shown}
    return Report(len(right) - len(unproved), unproved=tuple(sorted(unproved.items())))


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
        ledger, asked = Ledger(project), collect(project, strict=True)
        chosen = _choose(names, asked, project)
        uses = [use for use in asked.uses if chosen(use)]
        findings = proof.find(asked.uses, ledger, report, wanted=chosen)
        ledger.sweep()
        proof.refresh(findings, ledger, report)
    written = sorted((project.shown(finding.path), finding.state) for finding in findings)
    return Report(len({use.digest for use in uses}), tuple(written))


def prune(project: Project, *, dry_run: bool = False, say: Say = silence) -> list[Path]:
    """Remove the frozen samples that no post uses, drafts included; gives their paths.

    `say` is told for whom this waits. Raises SourceError for mistakes in any post: what it uses
    would not be known; FrozenError for what is no sample, and is not removed.
    """
    with hold_project(project, say):
        ledger, uses = Ledger(project), collect(project, strict=True).uses
        unused = proof.find_unused(uses, ledger)
        if not dry_run:
            ledger.sweep()
            proof.remove(unused, ledger)
    return unused


def collect(project: Project, *, strict: bool) -> Asked:
    """What the posts of the site and its documents ask for, and what drafts and unpublished posts
    do.

    Raises every mistake in a post of the site, in a document and, if `strict`, in the other posts;
    SourceError if there is neither, since what the samples are for is not known then.
    """
    mistakes = Mistakes()
    context = open_context(project, frozen=True, locked=True, mistakes=mistakes)
    site = catalogues.read(project, mistakes, drafts=False, unpublished=False)
    asked = ask_entries(project, site, site.entries, context)
    documents = read_documents(project, context)
    shown = [use for each in asked for use in each.uses]
    shown += [use for document in documents.values() for use in document.uses]
    if not strict:
        mistakes.check()
        mistakes = Mistakes()
    whole = catalogues.read(project, mistakes, drafts=True, unpublished=True)
    known = {entry.source for entry in site.entries}
    rest = [entry for entry in whole.entries if entry.source not in known]
    hidden = ask_entries(project, whole, rest, replace(context, mistakes=mistakes))
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
    return Asked(whole.entries, shown, [use for each in hidden for use in each.uses])


def ask_entries(
    project: Project, catalogue: Catalogue, entries: Iterable[Post], context: Context
) -> list[asking.Asked]:
    """What some entries of a site ask; what is wrong with them goes to the context's mistakes."""
    return asking.Converter(catalogue, context).ask(entries)


def read_documents(project: Project, context: Context) -> dict[Path, Document]:
    """The blocks of the documents of another generator, asked, by the paths that messages show."""
    found: dict[Path, Document] = {}
    mistakes = context.mistakes
    for folder in project.settings.documents:
        before = len(mistakes.errors)
        paths = find_documents(project.root / folder, project, mistakes)
        if not paths and len(mistakes.errors) == before:
            problem = tr(
                "there is no Markdown in {folder}/, which 'documents' names",
                folder=folder.as_posix(),
            )
            mistakes.add(SourceError(problem, Place(Path(NAME))))
        for path in paths:
            shown = project.shown(path)
            with mistakes.collect(Place(shown)):
                source = read_source(read_text(path, shown), replace(context, path=shown))
                found[shown] = source.document
    return found


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
    models = set(Library(project).names())
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
    return lambda use: use.place.path in paths or use.question.model.name in names
