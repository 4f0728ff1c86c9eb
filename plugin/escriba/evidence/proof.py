"""Frozen samples against the blocks that use them and the models that wrote them.

A frozen sample that is not, character for character, what the model writes is *edited*. A request
that has none is

- *missing*, if the model's folder has nothing like it;
- *stale*, if it has one that no block uses: the block asked for something else before;
- of an *older model* or an *older arithmetic*, if that one was asked for in the same words, but
  written by other weights or another version of docs/exact-sampling.md.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from escriba.evidence import ledger as frozen
from escriba.evidence.ledger import Admit, FrozenSample, Use
from escriba.ground.errors import FrozenError, Mistakes, Place
from escriba.ground.files import name_kind, refusals
from escriba.ground.language import tr
from escriba.ground.progress import Report
from escriba.ground.project import Project, Settings
from escriba.sampling.request import Request

State = Literal["missing", "stale", "older model", "older arithmetic", "edited"]


@dataclass(frozen=True)
class Finding:
    """A request whose frozen sample is not as it should be, and all its uses.

    `path` is where the sample belongs; `old` is the file that it takes the place of, if any;
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
    def request(self) -> Request:
        return self.uses[0].request


def find(
    uses: Sequence[Use],
    models: Path,
    root: Path,
    report: Report | None = None,
    *,
    wanted: Callable[[Use], bool] = lambda use: True,
    admit: Admit | None = None,
) -> list[Finding]:
    """What is wrong with the frozen samples of some uses: one finding for each request that one of
    those `wanted` makes.

    Every sample of these is made again and compared. Raises ModelError for a model that cannot be
    run, and FrozenError like `compare`.
    """
    findings, present = compare(uses, models, root, admit)
    findings = [finding for finding in findings if any(map(wanted, finding.uses))]
    return findings + prove(present, uses, root, report, wanted=wanted)


def prove(
    present: Sequence[tuple[Use, FrozenSample]],
    uses: Sequence[Use],
    root: Path,
    report: Report | None = None,
    *,
    wanted: Callable[[Use], bool] = lambda use: True,
) -> list[Finding]:
    """The samples, of those that `compare` found as they were written, that are not what the models
    write; only those that a use which is `wanted` asks for are made again."""
    by_digest = _gather(uses)
    chosen = [(use, s) for use, s in present if any(map(wanted, by_digest[use.digest]))]
    texts = frozen.sample_together([use for use, _ in chosen], root, report)
    findings = []
    for use, sample in chosen:
        if texts[use.digest] != sample.text:
            shown = frozen.relative(sample.path, root)
            message = frozen.edited(shown, tr("its text is not what the model writes"))
            same = tuple(by_digest[use.digest])
            findings.append(
                Finding("edited", same, message, sample.path, None, sample.text, texts[use.digest])
            )
    return findings


def _gather(uses: Iterable[Use]) -> dict[str, list[Use]]:
    by_digest: dict[str, list[Use]] = {}
    for use in uses:
        by_digest.setdefault(use.digest, []).append(use)
    return by_digest


def compare(
    uses: Sequence[Use], models: Path, root: Path, admit: Admit | None = None
) -> tuple[list[Finding], list[tuple[Use, FrozenSample]]]:
    """What the files alone tell, without sampling: findings, and the samples that are as they were
    written, each with one of its uses.

    Raises FrozenError for what is no sample among them: a folder, or a link out of the project,
    where `admit` of the project does not allow it.
    """
    by_digest = _gather(uses)
    unused = find_unused(uses, models, root, admit)
    findings: list[Finding] = []
    absent: list[Use] = []
    present: list[tuple[Use, FrozenSample]] = []
    for same in by_digest.values():
        use, path = same[0], frozen.sample_path(models, same[0].request)
        shown = frozen.relative(path, root)
        if not frozen.is_there(path, shown):
            absent.append(use)
            continue
        try:
            present.append((use, frozen.read_as_asked(path, use.request, use.place, shown)))
        except FrozenError as error:
            message = "; ".join(problem.message for problem in error.problems)
            text = frozen.read_text(path)
            findings.append(Finding("edited", tuple(same), message, path, text=text))
    for use, old in _pair(absent, unused):
        same_uses = tuple(by_digest[use.digest])
        path = frozen.sample_path(models, use.request)
        state, message = _explain(frozen.relative(path, root), use.request, old, root)
        if old is None:
            findings.append(Finding(state, same_uses, message, path))
        else:
            findings.append(Finding(state, same_uses, message, path, old.path, old.text))
    return findings, present


def refresh(findings: Sequence[Finding], root: Path, report: Report | None = None) -> None:
    """Make right what was found: sample again, and freeze in the place of what is outlived.

    Raises SourceError for a prompt that a model cannot read, ModelError for a model that cannot be
    run; then nothing has changed. And FrozenError where nothing can be written.
    """
    texts = _sample(findings, root, report)
    for finding in findings:
        text = texts[finding.request.digest]
        if finding.old is None:
            frozen.freeze(finding.path, finding.request, text, root)
            continue
        # In two steps, so that whoever is stopped between them has one file still, and the next
        # refresh finds the same to do.
        frozen.freeze(finding.old, finding.request, text, root)
        with refusals(FrozenError, frozen.relative(finding.path, root), tr("cannot be written")):
            finding.old.replace(finding.path)


def remove(paths: Iterable[Path], root: Path) -> None:
    """Remove frozen samples. Raises FrozenError where that is refused."""
    for path in paths:
        with refusals(FrozenError, frozen.relative(path, root), tr("cannot be removed")):
            path.unlink(missing_ok=True)


def show_differences(findings: Sequence[Finding], root: Path) -> Iterator[str]:
    """For each finding that has a text now, a unified diff from it to what the model writes."""
    known = [finding for finding in findings if finding.text is not None]
    texts = _sample(known, root)
    for finding in known:
        before = frozen.relative(finding.old or finding.path, root).as_posix()
        after = tr("{name}, sampled now", name=finding.request.model.name)
        lines = difflib.unified_diff(
            (finding.text or "").split("\n"), texts[finding.request.digest].split("\n"),
            before, after, lineterm="",
        )  # fmt: skip
        yield "\n".join(lines)


def _sample(
    findings: Sequence[Finding], root: Path, report: Report | None = None
) -> dict[str, str]:
    """Request digest → what the model writes, sampled unless it is known."""
    texts = {f.request.digest: f.written for f in findings if f.written is not None}
    unknown = [f.uses[0] for f in findings if f.written is None]
    return texts | frozen.sample_together(unknown, root, report)


def find_unused(
    uses: Iterable[Use], models: Path, root: Path | None = None, admit: Admit | None = None
) -> list[Path]:
    """The frozen samples, of all models, that none of the uses asks for.

    Raises FrozenError for what bears the name of a sample and is none, as `compare` says.
    """
    root = root or models.parent
    admit = admit or Project(root, Settings()).admit
    used = {frozen.sample_path(models, use.request) for use in uses}
    found = sorted(set(models.glob(f"*/{frozen.FOLDER}/*.txt")))
    mistakes = Mistakes()
    for path in found:
        with mistakes.collect():
            _refuse_impostor(path, root, admit)
    mistakes.check()
    return [path for path in found if path not in used]


def _refuse_impostor(path: Path, root: Path, admit: Admit) -> None:
    shown = frozen.relative(path, root)
    at = Path(os.fsencode(shown).decode(errors="backslashreplace"))
    with refusals(FrozenError, at, path=path):
        path.name.encode()  # may be no UTF-8
        admit(path, Place(at), FrozenError)
        if kind := name_kind(path.stat().st_mode):
            raise FrozenError(tr("is {kind}, not a file", kind=kind), Place(at))


def _pair(absent: Sequence[Use], unused: Sequence[Path]) -> list[tuple[Use, FrozenSample | None]]:
    """Each use without a frozen sample with the unused one that is most like what it asks for.

    An unused sample goes to one use only, the pair with the fewest differences first.
    """
    old: list[FrozenSample] = []
    for path in unused:
        try:
            old.append(frozen.read(path))
        except FrozenError:
            continue  # not a sample that anything can be compared with
    pairs = sorted(
        (_measure(_compare(sample.request, use.request.to_dict())), at, number)
        for at, use in enumerate(absent)
        for number, sample in enumerate(old)
        if sample.path.parent.parent.name == use.request.model.name
    )
    chosen: dict[int, int] = {}
    for _, at, number in pairs:
        if at not in chosen and number not in chosen.values():
            chosen[at] = number
    return [(use, old[chosen[at]] if at in chosen else None) for at, use in enumerate(absent)]


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The names of what differs between two requests."""
    return [name for name in {**new, **old} if old.get(name) != new.get(name)]


def _measure(differences: Sequence[str]) -> int:
    """How far apart requests are. Blocks keep their prompt and seed more often than the rest."""
    return sum(2 if name in ("prompt", "seed") else 1 for name in differences)


def _explain(
    path: Path, request: Request, old: FrozenSample | None, root: Path
) -> tuple[State, str]:
    new, name = request.to_dict(), request.model.name
    different = _compare(old.request, new) if old else []
    if (
        old is None or not different
    ):  # or it has the name of another, as a stopped refresh leaves it
        missing = tr("the frozen sample {path} is missing; `escriba build` makes it", path=path)
        return "missing", missing
    changes = ", ".join(
        tr(
            "{name} was {old} and is {new}",
            name=name.replace("_", "-"),
            old=_show(old.request.get(name)),
            new=_show(new.get(name)),
        )
        for name in different
    )
    shown = frozen.relative(old.path, root)
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
