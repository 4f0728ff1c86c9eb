"""Frozen samples against the blocks that use them and the models that wrote them.

Of a request that has no frozen sample, the sample is *stale* if the model's folder has one that
no block uses (the request or the model changed since), else *missing*. A frozen sample is
*edited* if it is not, character for character, what the model writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from escriba.errors import FrozenError, Problem
from escriba.sampling import frozen
from escriba.sampling.frozen import FrozenSample, Use
from escriba.sampling.request import Request

State = Literal["missing", "stale", "edited"]


@dataclass(frozen=True)
class Finding:
    """A request whose frozen sample is not as it should be, and all its uses.

    `path` is where the sample belongs; `old` is the file that a stale one takes the place of.
    """

    state: State
    uses: tuple[Use, ...]
    message: str
    path: Path
    old: Path | None = None

    @property
    def request(self) -> Request:
        return self.uses[0].request


def check(uses: Sequence[Use], models: Path, root: Path) -> list[Problem]:
    """What is wrong with the frozen samples of some uses: a problem for each, at its place.

    Every sample is made again and compared. Raises ModelError for a model that cannot be run.
    """
    findings = find(uses, models, root)
    found = [(use.place, finding.message) for finding in findings for use in finding.uses]
    return [Problem(message, place) for place, message in sorted(found)]


def mend(uses: Sequence[Use], models: Path, root: Path) -> list[Finding]:
    """Make right what `check` finds: sample again what is edited, missing or stale.

    Removes the files that stale samples have outlived. Gives what there was to mend. Raises
    SourceError for a prompt that a model cannot read, ModelError for a model that cannot be run.
    """
    findings = find(uses, models, root)
    texts = _sample([finding.uses[0] for finding in findings], root)
    for finding in findings:
        frozen.write(finding.path, finding.request, texts[finding.request.digest])
    for finding in findings:
        if finding.old:
            finding.old.unlink()
    return findings


def find_unused(uses: Iterable[Use], models: Path) -> list[Path]:
    """The frozen samples, of all models, that none of the uses asks for."""
    used = {frozen.sample_path(models, use.request) for use in uses}
    return sorted(set(models.glob(f"*/{frozen.FOLDER}/*.txt")) - used)


def find(uses: Sequence[Use], models: Path, root: Path) -> list[Finding]:
    """As `check`, one finding for each request, with what it takes to mend it."""
    by_digest: dict[str, list[Use]] = {}
    for use in uses:
        by_digest.setdefault(use.digest, []).append(use)
    findings: list[Finding] = []
    absent: list[Use] = []
    present: dict[str, FrozenSample] = {}
    for digest, same in by_digest.items():
        use, path = same[0], frozen.sample_path(models, same[0].request)
        if not path.exists():
            absent.append(use)
            continue
        try:
            shown = frozen.relative(path, root)
            present[digest] = frozen.read_as_asked(path, use.request, use.place, shown)
        except FrozenError as error:
            message = "; ".join(problem.message for problem in error.problems)
            findings.append(Finding("edited", tuple(same), message, path))
    texts = _sample([by_digest[digest][0] for digest in present], root)
    for digest, sample in present.items():
        if texts[digest] != sample.text:
            shown = frozen.relative(sample.path, root)
            message = frozen.edited(shown, "its text is not what the model writes")
            findings.append(Finding("edited", tuple(by_digest[digest]), message, sample.path))
    for use, old in _pair(absent, find_unused(uses, models)):
        same_uses = tuple(by_digest[use.digest])
        path = frozen.sample_path(models, use.request)
        message = _explain(frozen.relative(path, root), use.request, old, root)
        state: State = "stale" if old else "missing"
        findings.append(Finding(state, same_uses, message, path, old.path if old else None))
    return findings


def _sample(uses: Sequence[Use], root: Path) -> dict[str, str]:
    """Request digest → text, the requests of each model in one batch."""
    from escriba.sampling.engine import Engine
    from escriba.sampling.stream import make_stream

    by_model: dict[str, list[Use]] = {}
    for use in uses:
        by_model.setdefault(use.request.model.digest, []).append(use)
    texts: dict[str, str] = {}
    for group in by_model.values():
        model = group[0].request.model
        for use in group:
            with frozen.located(model, use.place, root):
                make_stream(model, use.request.options)
        with frozen.located(model, group[0].place, root):
            written = Engine(model).sample_many([use.request.options for use in group])
        texts.update(zip((use.digest for use in group), written, strict=True))
    return texts


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


def _explain(path: Path, request: Request, old: FrozenSample | None, root: Path) -> str:
    if old is None:
        return f"the frozen sample {path} is missing; `escriba build` makes it"
    new = request.to_dict()
    changes = ", ".join(
        f"{name.replace('_', '-')} was {_show(old.request.get(name))} and is {_show(new.get(name))}"
        for name in _compare(old.request, new)
    )
    return (
        f"the frozen sample {frozen.relative(old.path, root)} is stale: {changes}; "
        "`escriba build` makes the new one"
    )


def _show(value: Any) -> str:
    if value is None:
        return "not given"
    text = str(value)
    if len(text) == 64:  # a digest
        return text[:12]
    return repr(text) if isinstance(value, str) and not text.replace(".", "").isdigit() else text
