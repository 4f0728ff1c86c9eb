"""Questions answered: from the ledger, or by the models, many together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from escriba.evidence.ledger import Ledger
from escriba.evidence.question import Question, Use
from escriba.ground.errors import CorpusError, FrozenError, ModelError, Place, SourceError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.progress import Report
from escriba.records.model import Model, read_model

if TYPE_CHECKING:
    from escriba.sampling.engine import Engine

Shown = Callable[[Path], Path]  # a path as messages name it


class Answers:
    """The answers that pages get: the frozen ones and, unless `frozen`, new ones, then frozen too.

    New ones are given and written while `locked()`; `report` is told how much there is to do.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        frozen: bool,
        report: Report | None = None,
        locked: Callable[[], AbstractContextManager[None]] = nullcontext,
    ):
        self.ledger = ledger
        self.frozen = frozen
        self.asked: dict[str, Use] = {}  # the first use of each question, by its digest
        self.made: list[Path] = []  # what was frozen, as it is shown
        self._report = report
        self._locked = locked
        self._known: dict[str, str] = {}

    def __contains__(self, question: Question) -> bool:
        return question.digest in self._known

    def __getitem__(self, question: Question) -> str:
        return self._known[question.digest]

    def gather(self, uses: Sequence[Use], mistakes: Mistakes) -> None:
        """Find the answers to some questions, or give those that are missing, together.

        Mistakes, each at its place: an answer that was edited, one that is missing in a frozen
        build, a model that cannot be run.
        """
        missing = self.find(uses, mistakes)
        if missing:
            with mistakes.collect():
                self.make(missing)

    def find(self, uses: Sequence[Use], mistakes: Mistakes) -> list[Use]:
        """Take the frozen answers; the uses that have none. Mistakes are those of `gather`."""
        missing: list[Use] = []
        for use in uses:
            self.asked.setdefault(use.digest, use)
            with mistakes.collect(use.place):
                found = self.ledger.find(use.question, use.place)
                if found is not None:
                    self._known[use.digest] = found.text
                elif self.frozen:
                    raise FrozenError(
                        tr(
                            "the sample is not frozen: {shown} is missing, or stale because the "
                            "request or the model changed; a build that is not frozen makes it",
                            shown=self.ledger.shown(use.question),
                        ),
                        use.place,
                    )
                else:
                    check(use, self.ledger)
                    missing.append(use)
        return missing

    def make(self, uses: Sequence[Use]) -> None:
        """Answer what is missing, and freeze each answer once it is there, so that whoever
        interrupts this loses none. Raises ModelError, CorpusError for what only a corpus that is
        not here can tell, and FrozenError where nothing can be written."""
        once: dict[str, Use] = {}
        for use in uses:
            once.setdefault(use.digest, use)

        def keep(use: Use, text: str) -> None:
            self.ledger.freeze(use.question, text)
            self.made.append(self.ledger.shown(use.question))

        with self._locked():
            self.ledger.sweep()
            answered = answer_together(list(once.values()), self.ledger, self._report, keep)
        self._known |= answered.texts
        for use, error in answered.unknown:
            raise CorpusError([replace(p, place=use.place) for p in error.problems])

    def list_files(self) -> list[Path]:
        """Where the answers to all that was asked lie."""
        return [self.ledger.path(use.question) for use in self.asked.values()]


@dataclass(frozen=True)
class Answered:
    """Digest → answer; and the uses of `unknown`, which only a corpus that is not here can tell."""

    texts: dict[str, str]
    unknown: list[tuple[Use, CorpusError]]


def answer_together(
    uses: Sequence[Use],
    ledger: Ledger,
    report: Report | None = None,
    keep: Callable[[Use, str], None] = lambda use, text: None,
) -> Answered:
    """The answers to questions that all differ; those to each model in one go.

    `report` is told how much is done; `keep` gets each answer once it is there, in any thread.
    Raises SourceError, at its place, for a question that a model cannot be asked; ModelError for a
    model that cannot be run.
    """
    groups: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        groups.setdefault((use.question.model.digest, use.question.kind), []).append(use)
    answered = Answered({}, [])
    total, done = sum(use.question.cost for use in uses), 0

    def advance(cost: int) -> None:
        nonlocal done
        done += cost
        if report:
            report(tr("writing samples"), done / total)

    def end(group: Sequence[Use], number: int, text: str) -> None:
        keep(group[number], text)

    for group in groups.values():
        model, kind = group[0].question.model, ledger.kinds[group[0].question.kind]
        for use in group:
            check(use, ledger)
        with located(model, group[0].place, ledger.project.shown):
            questions = [use.question for use in group]
            try:
                texts = kind.answer(load_engine(model), questions, partial(end, group), advance)
            except CorpusError as error:
                answered.unknown.extend((use, error) for use in group)
                continue
        answered.texts.update(zip((use.digest for use in group), texts, strict=True))
    return answered


def check(use: Use, ledger: Ledger) -> None:
    """Raise SourceError, at its place, for a question that the model cannot be asked; ModelError
    for a model that cannot be run."""
    model = use.question.model
    with located(model, use.words or use.place, ledger.project.shown):
        ledger.kinds[use.question.kind].check(use.question)


def load_engine(model: Model) -> Engine:
    """What answers for a model. Raises ModelError for weights that are others by now: what they
    write would be frozen as the text of the first."""
    from escriba.sampling.engine import Engine

    engine = Engine(model)
    if read_model(model.path.parent).digest != model.digest:
        raise ModelError(
            tr("its weights were changed meanwhile, by a training perhaps; run this again"),
            Place(model.path),
        )
    return engine


@contextmanager
def located(model: Model, place: Place, shown: Shown) -> Iterator[None]:
    """Give what goes wrong in answering its place: in the post, or in the file of the model."""
    try:
        yield
    except SourceError as error:
        raise SourceError([replace(p, place=place) for p in error.problems]) from None
    except ModelError as error:
        at = Place(shown(model.path))
        raise ModelError([replace(p, place=at) for p in error.problems]) from None
