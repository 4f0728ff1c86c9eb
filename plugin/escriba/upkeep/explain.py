"""What determines each block of a post, and whether a build would make it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.article.context import Context, open_context
from escriba.article.document import Document
from escriba.article.expansion import fill_values
from escriba.evidence import proof
from escriba.evidence.proof import Finding
from escriba.evidence.question import Question
from escriba.ground.errors import Place, SourceError, suggest
from escriba.ground.files import is_file, read_text
from escriba.ground.language import tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project
from escriba.ground.reads import FILE, Read
from escriba.site.content import catalogue as catalogues
from escriba.site.convert import Asked, Converter
from escriba.upkeep.check import find_post, read_documents


@dataclass(frozen=True)
class Answered:
    """A question that a block asks, and where its answer is frozen; `finding` is what is wrong with
    that, if anything."""

    question: Question
    path: Path
    finding: Finding | None


@dataclass(frozen=True)
class Explanation:
    """A block, or all inline values of a post: the place in the file, what it is, the files that
    it is made of, and its questions."""

    place: Place
    kind: str
    reads: tuple[Path, ...]
    answers: tuple[Answered, ...]

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.kind}"]
        for answered in self.answers:
            lines += _describe(answered)
        if not self.answers:
            made, _, build = _labels()
            files = ", ".join(path.as_posix() for path in self.reads)
            lines.append(made + (files or tr("itself")))
            lines.append(build + tr("makes this anew each time; nothing of it is frozen"))
        return "\n".join(lines)


def explain(project: Project, name: str, say: Say = silence) -> list[Explanation]:
    """Each block of a post, draft or not, or of a document, in the order of the text; then its
    inline values.

    Nothing is sampled; who writes meanwhile is waited for, of which `say` is told. Raises
    SourceError for a name that is neither's, and for the mistakes of all; ModelError for a model
    that is missing or damaged.
    """
    with hold_project(project, say):
        return _explain(project, name)


def _explain(project: Project, name: str) -> list[Explanation]:
    mistakes = Mistakes()
    context = open_context(project, frozen=True, locked=True, mistakes=mistakes)
    site = catalogues.read(project, mistakes, drafts=True, unpublished=True)
    post = find_post(site.entries, name)
    source = post.source if post else Path(name)
    converter = Converter(site, context)
    entries = {each.entry.source: each for each in converter.ask(site.entries)}
    documents = read_documents(project, context)
    mistakes.check()
    if post is None and source not in documents:
        known = [path.as_posix() for path in (*entries, *documents)]
        raise SourceError(
            tr("there is no post '{name}'{hint}", name=name, hint=suggest(name, known))
        )
    asked: list[Asked | Document] = [*entries.values(), *documents.values()]
    ledger = context.answers.ledger
    findings, _ = proof.compare([use for each in asked for use in each.uses], ledger)
    wrong = {finding.question.digest: finding for finding in findings}
    document = entries[source].document if post else documents[source]
    locate = entries[source].text.locate if post else lambda place: place
    found = []
    for block in document.blocks if document else ():
        questions = tuple(
            Answered(use.question, ledger.shown(use.question), wrong.get(use.digest))
            for use in block.uses
        )
        reads = _list_files(block.reads, project)
        found.append(Explanation(locate(block.fence.place), block.fence.kind, reads, questions))
    inline = _read_values(source, entries.get(source), context)
    if inline:
        found.append(Explanation(Place(source), tr("inline values"), inline, ()))
    return found


def _read_values(source: Path, asked: Asked | None, context: Context) -> tuple[Path, ...]:
    """The files that the inline values of a post or a document are made of."""
    project = context.project
    with context.reads.recording() as reads, context.mistakes.collect():
        if asked is None:
            lines = read_text(project.root / source, source).split("\n")
            fill_values(lines, replace(context, path=source))
        elif asked.document is not None:
            fill_values(asked.text.lines, asked.context)
    return _list_files(reads, project)


def _list_files(reads: Iterable[Read], project: Project) -> tuple[Path, ...]:
    paths = (Path(name) for kind, name in reads if kind == FILE)
    return tuple(path for path in paths if is_file(project.root / path))


def _describe(answered: Answered) -> Iterator[str]:
    question, finding = answered.question, answered.finding
    values = {
        **question.to_dict(),
        "model": f"{question.model.name} ({question.model.digest[:12]})",
    }
    shown = [
        f"{key.replace('_', '-')} {repr(value) if key in ('prompt', 'until') else value}"
        for key, value in values.items()
    ]
    _, asks, build = _labels()
    yield f"{asks}{question.digest[:12]}: {', '.join(shown)}"
    if finding is None:
        yield build + tr("takes the text from {path}", path=answered.path.as_posix())
    elif finding.state == "edited":
        yield build + tr("refuses: {problem}", problem=finding.message)
    else:
        yield build + tr("samples it (with --frozen, refuses): {problem}", problem=finding.message)


def _labels() -> list[str]:
    """How the lines begin that say what a block is made of, what it asks for, what a build does."""
    labels = tr("made of"), tr("request"), tr("a build")
    width = max(map(len, labels))
    return [f"  {label:<{width}}  " for label in labels]
