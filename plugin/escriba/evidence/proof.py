"""Proof: answering again, and comparing with what is frozen.

A frozen answer that is not, character for character, what the model gives is *edited*. A question
that has none is

- *missing*, if the model's folder has nothing like it;
- *stale*, if it has one that no block uses: the block asked for something else before;
- of an *older model* or an *older arithmetic*, if that one was asked for in the same words, but
  given by other weights or another version of docs/exact-sampling.md.

What only the corpus can tell is *not proved* where the corpus is not at hand, and not wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from escriba.evidence.answer import FrozenAnswer, edited, read, read_text
from escriba.evidence.answers import answer_together
from escriba.evidence.ledger import Ledger, is_there
from escriba.evidence.question import Question, Use
from escriba.ground.errors import CorpusError, FrozenError
from escriba.ground.files import refusals
from escriba.ground.language import tr
from escriba.ground.progress import Report

State = Literal["missing", "stale", "older model", "older arithmetic", "edited"]


@dataclass(frozen=True)
class Finding:
    """A question whose frozen answer is not as it should be, and all its uses.

    `path` is where the answer belongs; `old` is the file that it takes the place of, if any;
    `text` is what is frozen now, in either, if it can be told; `written` is what the model
    writes, if that is known.
    """

    state: State
    uses: tuple[Use, ...]
    message: str
    path: Path
    old: Path | None = None
    text: str | None = None
    written: str | None = None

    @property
    def question(self) -> Question:
        return self.uses[0].question


@dataclass(frozen=True)
class Proof:
    """What answering again has shown: what is wrong, and what only the corpus, which is not here,
    could tell."""

    findings: tuple[Finding, ...] = ()
    unproved: tuple[tuple[Use, CorpusError], ...] = ()


def find(
    uses: Sequence[Use],
    ledger: Ledger,
    report: Report | None = None,
    *,
    wanted: Callable[[Use], bool] = lambda use: True,
) -> list[Finding]:
    """What is wrong with the frozen answers of some uses: one finding for each question that one of
    those `wanted` asks.

    Each of these is answered again and compared. Raises ModelError for a model that cannot be run,
    and FrozenError like `compare`.
    """
    findings, present = compare(uses, ledger)
    findings = [finding for finding in findings if any(map(wanted, finding.uses))]
    return [*findings, *prove(present, uses, ledger, report, wanted=wanted).findings]


def prove(
    present: Sequence[tuple[Use, FrozenAnswer]],
    uses: Sequence[Use],
    ledger: Ledger,
    report: Report | None = None,
    *,
    wanted: Callable[[Use], bool] = lambda use: True,
) -> Proof:
    """The answers, of those that `compare` found as they were written, that are not what the models
    give; only questions that a use which is `wanted` asks are answered again."""
    by_digest = _gather(uses)
    chosen = [(use, a) for use, a in present if any(map(wanted, by_digest[use.digest]))]
    again = answer_together([use for use, _ in chosen], ledger, report)
    findings = []
    for use, answer in chosen:
        if again.texts.get(use.digest, answer.text) != answer.text:
            shown = ledger.project.shown(answer.path)
            message = edited(shown, tr("its text is not what the model writes"))
            same, written = tuple(by_digest[use.digest]), again.texts[use.digest]
            findings.append(
                Finding("edited", same, message, answer.path, None, answer.text, written)
            )
    return Proof(tuple(findings), tuple(again.unknown))


def _gather(uses: Iterable[Use]) -> dict[str, list[Use]]:
    by_digest: dict[str, list[Use]] = {}
    for use in uses:
        by_digest.setdefault(use.digest, []).append(use)
    return by_digest


def compare(
    uses: Sequence[Use], ledger: Ledger
) -> tuple[list[Finding], list[tuple[Use, FrozenAnswer]]]:
    """What the files alone tell, without answering: findings, and the answers that are as they were
    written, each with one of its uses.

    Raises FrozenError for what is no answer among them: a folder, or a link out of the project.
    """
    by_digest = _gather(uses)
    unused = find_unused(uses, ledger)
    findings: list[Finding] = []
    absent: list[Use] = []
    present: list[tuple[Use, FrozenAnswer]] = []
    for same in by_digest.values():
        use, path = same[0], ledger.path(same[0].question)
        if not is_there(path, ledger.shown(use.question)):
            absent.append(use)
            continue
        try:
            present.append((use, ledger.read(use.question, use.place)))
        except FrozenError as error:
            message = "; ".join(problem.message for problem in error.problems)
            findings.append(Finding("edited", tuple(same), message, path, text=read_text(path)))
    for use, old in _pair(absent, unused, ledger):
        same_uses = tuple(by_digest[use.digest])
        path = ledger.path(use.question)
        state, message = _explain(use.question, old, ledger)
        if old is None:
            findings.append(Finding(state, same_uses, message, path))
        else:
            findings.append(Finding(state, same_uses, message, path, old.path, old.text))
    return findings, present


def refresh(findings: Sequence[Finding], ledger: Ledger, report: Report | None = None) -> None:
    """Make right what was found: answer again, and freeze in the place of what is outlived.

    Raises SourceError for a prompt that a model cannot read, ModelError for a model that cannot be
    run, CorpusError for what only a corpus that is not here can tell; then nothing has changed. And
    FrozenError where nothing can be written.
    """
    texts = _answer(findings, ledger, report)
    for finding in findings:
        text, shown = texts[finding.question.digest], ledger.project.shown(finding.path)
        if finding.old is None:
            ledger.freeze(finding.question, text)
            continue
        # In two steps, so that whoever is stopped between them has one file still, and the next
        # refresh finds the same to do.
        ledger.freeze(finding.question, text, finding.old)
        with refusals(FrozenError, shown, tr("cannot be written")):
            finding.old.replace(finding.path)


def remove(paths: Iterable[Path], ledger: Ledger) -> None:
    """Remove frozen answers. Raises FrozenError where that is refused."""
    for path in paths:
        with refusals(FrozenError, ledger.project.shown(path), tr("cannot be removed")):
            path.unlink(missing_ok=True)


def show_differences(findings: Sequence[Finding], ledger: Ledger) -> Iterator[str]:
    """For each finding that has a text now, a unified diff from it to what the model writes."""
    known = [finding for finding in findings if finding.text is not None]
    texts = _answer(known, ledger)
    for finding in known:
        before = ledger.project.shown(finding.old or finding.path).as_posix()
        after = tr("{name}, sampled now", name=finding.question.model.name)
        lines = difflib.unified_diff(
            (finding.text or "").split("\n"), texts[finding.question.digest].split("\n"),
            before, after, lineterm="",
        )  # fmt: skip
        yield "\n".join(lines)


def _answer(
    findings: Sequence[Finding], ledger: Ledger, report: Report | None = None
) -> dict[str, str]:
    """Digest → what the model gives, computed unless it is known."""
    texts = {f.question.digest: f.written for f in findings if f.written is not None}
    again = answer_together([f.uses[0] for f in findings if f.written is None], ledger, report)
    for _, error in again.unknown:
        raise error
    return texts | again.texts


def find_unused(uses: Iterable[Use], ledger: Ledger) -> list[Path]:
    """The frozen answers, of all models, that none of the uses asks for.

    Raises FrozenError for what bears the name of one and is none, as `compare` says.
    """
    used = {ledger.path(use.question) for use in uses}
    return [path for path in ledger.list() if path not in used]


def _pair(
    absent: Sequence[Use], unused: Sequence[Path], ledger: Ledger
) -> list[tuple[Use, FrozenAnswer | None]]:
    """Each use without a frozen answer with the unused one that is most like what it asks for.

    An unused answer goes to one use only, the pair with the fewest differences first.
    """
    old: list[FrozenAnswer] = []
    for path in unused:
        try:
            old.append(read(path, ledger.kind(path)))
        except FrozenError:
            continue  # not an answer that anything can be compared with
    pairs = sorted(
        (_measure(_compare(answer.question, use.question.to_dict())), at, number)
        for at, use in enumerate(absent)
        for number, answer in enumerate(old)
        if answer.path.parent == ledger.path(use.question).parent
    )
    chosen: dict[int, int] = {}
    for _, at, number in pairs:
        if at not in chosen and number not in chosen.values():
            chosen[at] = number
    return [(use, old[chosen[at]] if at in chosen else None) for at, use in enumerate(absent)]


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The names of what differs between two questions."""
    return [name for name in {**new, **old} if old.get(name) != new.get(name)]


def _measure(differences: Sequence[str]) -> int:
    """How far apart questions are. Blocks keep their prompt and seed more often than the rest."""
    return sum(2 if name in ("prompt", "seed") else 1 for name in differences)


def _explain(question: Question, old: FrozenAnswer | None, ledger: Ledger) -> tuple[State, str]:
    new, name = question.to_dict(), question.model.name
    different = _compare(old.question, new) if old else []
    if (
        old is None or not different
    ):  # or it has the name of another, as a stopped refresh leaves it
        path = ledger.shown(question)
        missing = tr("the frozen sample {path} is missing; `escriba build` makes it", path=path)
        return "missing", missing
    changes = ", ".join(
        tr(
            "{name} was {old} and is {new}",
            name=name.replace("_", "-"),
            old=_show(old.question.get(name)),
            new=_show(new.get(name)),
        )
        for name in different
    )
    shown = ledger.project.shown(old.path)
    if not set(different) <= {"model", "arithmetic"}:
        return "stale", tr(
            "the frozen sample {path} is stale: {changes}; `escriba refresh` makes the new one",
            path=shown, changes=changes,
        )  # fmt: skip
    if "arithmetic" in different:
        return "older arithmetic", tr(
            "the frozen sample {path} is of an older arithmetic: {changes}; `escriba refresh "
            "{name}` makes the new one",
            path=shown, changes=changes, name=name,
        )  # fmt: skip
    return "older model", tr(
        "the frozen sample {path} is of an older model: {changes}; `escriba refresh {name}` makes "
        "the new one",
        path=shown, changes=changes, name=name,
    )  # fmt: skip


def _show(value: Any) -> str:
    if value is None:
        return tr("not given")
    text = str(value)
    if len(text) == 64:  # a digest
        return text[:12]
    return repr(text) if isinstance(value, str) and not text.replace(".", "").isdigit() else text
