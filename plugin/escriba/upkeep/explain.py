"""What determines each block of a post, and whether a build would make it anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from escriba.article.context import Context
from escriba.article.fences import Fence
from escriba.evidence import proof as samples
from escriba.evidence.ledger import Admit, sample_path
from escriba.evidence.proof import Finding
from escriba.ground.errors import Mistakes, Place, SourceError, suggest
from escriba.ground.files import is_file
from escriba.ground.language import tr
from escriba.ground.lock import Say, hold_project, silence
from escriba.ground.project import Project
from escriba.records.evaluation import FILE as EVALUATION
from escriba.records.evaluation import Evaluation
from escriba.records.library import Models
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Model
from escriba.records.training import FILE as RECORD
from escriba.records.training import Record
from escriba.sampling.request import Request
from escriba.site.build import render_posts
from escriba.site.content import catalogue as catalogues
from escriba.templating.templates import open_templates
from escriba.upkeep.check import Ledger, find_post, read_documents


@dataclass(frozen=True)
class Sampled:
    """A sample that a block asks for; `finding` is what is wrong with it, if anything."""

    request: Request
    path: Path  # of the frozen text
    finding: Finding | None


@dataclass(frozen=True)
class Explanation:
    """A block, or all inline values of a post: the place in the file, what it is, the files that
    it is made of, and its samples."""

    place: Place
    kind: str
    reads: tuple[Path, ...]
    samples: tuple[Sampled, ...]

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.kind}"]
        for sampled in self.samples:
            lines += _describe(sampled)
        if not self.samples:
            made, _, build = _labels()
            files = ", ".join(path.as_posix() for path in self.reads)
            lines.append(made + (files or tr("itself")))
            lines.append(build + tr("makes this anew each time; nothing of it is frozen"))
        return "\n".join(lines)


class _Watched(Models):
    """The models of a project, which note in `read` what is read of them."""

    def __init__(self, folder: Path, shown: Path, admit: Admit):
        super().__init__(folder, shown, admit)
        self.read: list[Path] = []

    def get(self, name: str, place: Place) -> Model:
        self._note(name, WEIGHTS)
        return super().get(name, place)

    def record(self, name: str, place: Place) -> Record:
        self._note(name, RECORD)
        return super().record(name, place)

    def evaluation(self, name: str) -> Evaluation:
        self._note(name, EVALUATION)
        return super().evaluation(name)

    def _note(self, name: str, file: str) -> None:
        path = self.shown / name / file
        if path not in self.read and is_file(self.folder / name / file):
            self.read.append(path)


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
    templates = open_templates(project)
    site = catalogues.read(project, mistakes, drafts=True, unpublished=True)
    post = find_post(site.entries, name)
    source = post.source if post else Path(name)
    ledger = Ledger(project.models, project.root, frozen=True)
    models = _Watched(project.models, project.shown(project.models), project.admit)
    blocks: list[tuple[Fence, list[Path]]] = []

    @contextmanager
    def rendering(fence: Fence) -> Iterator[None]:
        outside, models.read = models.read, []
        blocks.append((fence, models.read))
        try:
            yield
        finally:
            models.read = outside

    def adapt(context: Context) -> Context:
        own = context.path == source
        return replace(context, models=models, rendering=rendering) if own else context

    rendered = render_posts(project, site, templates, ledger, mistakes, adapt)
    documents = read_documents(project, ledger, mistakes, adapt)
    mistakes.check()
    if post is None and source not in documents:
        known = [path.as_posix() for path in (*(post.source for post in site.entries), *documents)]
        raise SourceError(
            tr("there is no post '{name}'{hint}", name=name, hint=suggest(name, known))
        )
    findings, _ = samples.compare(ledger.used, project.models, project.root, project.admit)
    wrong = {finding.request.digest: finding for finding in findings}
    found, shown = [], project.shown(project.models)
    for fence, reads in blocks:
        place = rendered[source].locate(fence.place) if post else fence.place
        uses = [use for use in ledger.used if use.place == place]
        asked = tuple(
            Sampled(use.request, sample_path(shown, use.request), wrong.get(use.digest))
            for use in uses
        )
        found.append(Explanation(place, fence.kind, tuple(reads), asked))
    if models.read:
        found.append(Explanation(Place(source), tr("inline values"), tuple(models.read), ()))
    return found


def _describe(sampled: Sampled) -> Iterator[str]:
    request, finding = sampled.request, sampled.finding
    values = {**request.to_dict(), "model": f"{request.model.name} ({request.model.digest[:12]})"}
    shown = [
        f"{key.replace('_', '-')} {repr(value) if key in ('prompt', 'until') else value}"
        for key, value in values.items()
    ]
    _, asks, build = _labels()
    yield f"{asks}{request.digest[:12]}: {', '.join(shown)}"
    if finding is None:
        yield build + tr("takes the text from {path}", path=sampled.path.as_posix())
    elif finding.state == "edited":
        yield build + tr("refuses: {problem}", problem=finding.message)
    else:
        yield build + tr("samples it (with --frozen, refuses): {problem}", problem=finding.message)


def _labels() -> list[str]:
    """How the lines begin that say what a block is made of, what it asks for, what a build does."""
    labels = tr("made of"), tr("request"), tr("a build")
    width = max(map(len, labels))
    return [f"  {label:<{width}}  " for label in labels]
