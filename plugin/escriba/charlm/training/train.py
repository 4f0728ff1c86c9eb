"""Training: a recipe's network learns its corpus, best weights kept, interruptible, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from escriba.charlm.memory import bounded_memory, remedy
from escriba.charlm.training.checkpoint import CONSTANT, LATEST
from escriba.charlm.training.clock import (
    Beside,
    Moment,
    Watch,
    count_steps,
    goes_further,
    set_schedule,
)
from escriba.charlm.training.engine import joined
from escriba.charlm.training.health import Cause, Findings
from escriba.charlm.training.log import Kind, Log, begin_following, write_table
from escriba.charlm.training.loop import VALIDATE_ON, End, Loop
from escriba.charlm.training.novelty import SAMPLES, Memory, hold_against
from escriba.charlm.training.run import Run
from escriba.charlm.training.settings import Limit, Schedule, settle
from escriba.charlm.training.setup import alone, prepare
from escriba.charlm.training.training import Training, find_log
from escriba.charlm.training.weights import Verdict, judge, take
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.records.recipe import FILE as RECIPE
from escriba.records.recipe import Budget

BEST = ("best", "best_step", "best_seconds", "best_weights")
CHECKPOINT_EVERY = 60.0  # seconds
# Symbols, at most, for the loss that the model is known by; fewer where there are few minutes.
FINAL_ON, FINAL_A_MINUTE = 1 << 23, 1 << 20
TRAIN_ON = 1 << 14  # symbols, at most, of the training part, for the loss beside it


@dataclass(frozen=True)
class Result:
    """What a call of `train` ended with. `finished` is false after an interruption.

    `best` is the validation loss in nats per symbol; `sample` what the best weights write, and
    `longest` the most characters in a row of it that also stand in the training text. `verdict`
    says whether the weights took their place, in which others may have stood. `best_step` is that
    of the weights, `findings` what came of them; `losses` and `validations` are the curve, a step
    and nats per symbol each. `idle`: the training had ended before, and the
    limit asked for nothing more. `memory` holds what the model repeats against what the author
    does.
    """

    finished: bool
    best: float
    step: int
    seconds: float
    sample: str = ""
    longest: int = 0
    verdict: Verdict = Verdict(True)  # noqa: RUF009, a frozen value
    best_step: int = 0
    findings: Findings | None = None
    losses: tuple[tuple[int, float], ...] = ()
    validations: tuple[tuple[int, float], ...] = ()
    idle: bool = False
    memory: Memory | None = field(default=None, kw_only=True)


def train(
    project: Project,
    name: str,
    *,
    minutes: float | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    budget: Budget | None = None,
    start: str | None = None,
    changes: Sequence[str] = (),
    restart: bool = False,
    force: bool = False,
    aside: bool = False,
    device: str | None = None,
    checkpoint_every: float = CHECKPOINT_EVERY,
    validate_every: int | None = None,
    since: float | None = None,
    logs: Sequence[Kind] = (),
    began: Callable[[Training, Run], None] = lambda training, run: None,
    report: Callable[[Moment], None] = lambda moment: None,
    wrote: Callable[[int, str], None] = lambda step, text: None,
    reading: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    """Train the model `name` to the end of its schedule, from its checkpoint if there is one.

    `minutes`, `epochs`, `steps` and `budget` take the place of the recipe's, as does `start`, the
    model with whose weights to begin; `changes` are of other keys of it (KEY=VALUE). Every so
    many steps (`validate_every`, or as many as a twentieth of the time is well spent on) the loss
    is taken on a part of the validation text, and the weights are kept if it is the best. Every
    `checkpoint_every` seconds the state is written: a run that is killed ends, when it is resumed
    on the same machine, in the same weights as one that is not.

    A model that is trained already, and has no checkpoint, is trained anew only to `restart`. What
    stands in the place of its weights and its record gives way at the end, to a lower loss on the
    same validation text or to `force`; until then, and else, the new ones are in `checkpoint/`.

    With `aside` the weights stay in `checkpoint/` until the end also where none stand in the place.

    `since` is when it was asked for, by the clock `time.monotonic`: minutes count from then on, but
    for a few seconds. `logs` are kept beside `training.jsonl`: a table, or what TensorBoard shows.

    `reading` is told how many bytes of the corpus are encoded, and of how many; `began` with what
    the training begins or goes on; `report` is called about four times a second; `wrote` is given
    what the network writes now and then, and after which step; when `stop` gives true, the state is
    written and the call returns. In several processes (torchrun) each must make this call. Raises
    ModelError, SourceError, CorpusError and TrainingError.
    """
    begun = time.monotonic() if since is None else since
    limit = Limit(minutes, epochs, steps)
    if not checkpoint_every >= 0:  # NaN is not, either
        raise SourceError(
            tr("'checkpoint-every' must be at least 0, not {value}", value=checkpoint_every)
        )
    place = Place(project.shown(project.models / name / RECIPE))
    with (
        joined(device) as processes,
        bounded_memory(remedy(), place),
        alone(project, name, processes),
    ):
        training = prepare(
            project, name, processes,
            limit=limit, budget=budget, device=device, restart=restart, start=start,
            changes=changes, aside=aside, reading=reading,
        )  # fmt: skip
        run = training.resume()
        training, idle = _aim(training, run)
        follow = begin_following(logs if processes.leads else (), training.log, run.step)
        if processes.leads and not idle:
            began(training, run)
        while True:
            beside = _look_ahead(training, time.monotonic() - begun)
            watch = Watch(report, wrote, follow)
            loop = Loop(training, run, watch, stop, checkpoint_every, validate_every, beside)
            end = loop.run_on()
            if end != "collapsed":
                result = _finish(loop, end, project, force=force)
                if "csv" in logs and processes.leads:
                    write_table(_find_standing(training, taken=result.verdict.taken))
                return replace(result, idle=idle)
            run = training.begin(run.attempt + 1)


def _aim(training: Training, run: Run) -> tuple[Training, bool]:
    """Decide how far a run goes, and whether that is nowhere. One that had ended before goes on
    from where its rate fell, beside what it ended in."""
    limit, per_epoch = training.settings.limit, training.reader.steps
    if not run.step:  # of no steps at all, in an earlier version
        run.schedule = Schedule(run.settings.warmup)
    elif goes_further(run, limit, settle(training.recipe, Limit()).limit, per_epoch):
        training = _go_back(training, run)
    elif run.schedule.finished(run.step):
        return training, True
    set_schedule(run, limit, per_epoch)
    return training, False


def _go_back(training: Training, run: Run) -> Training:
    """Go on from where the rate of a run began to fall, as if it had not; if nobody knows, from its
    end."""
    if training.processes.share(training.checkpoint.exists(CONSTANT)):
        kept = {name: getattr(run, name) for name in BEST}
        leads = training.processes.leads
        state = training.processes.share(training.checkpoint.read(CONSTANT) if leads else None)
        assert state is not None  # the leader's
        training.load(run, state, CONSTANT)
        for name, value in kept.items():
            setattr(run, name, value)
    run.schedule = Schedule(run.settings.warmup)
    run.exhausted, run.stale, run.since = False, None, run.step
    run.cooled_after, run.path = 0.0, "back"
    return training.branch(run.step)


def _finish(loop: Loop, end: End, project: Project, *, force: bool) -> Result:
    """What is left to do at the end, or at an interruption, and what came out."""
    run, training = loop.run, loop.training
    if end == "interrupted":
        return Result(False, run.best, run.step, run.seconds, best_step=run.best_step)
    if run.validated < run.step or not run.best_weights:
        loop.validate()
    loop.save(LATEST)
    # The loss that a model is known by is that of as much as can be of the validation part.
    run.engine.load_weights(run.best_weights)
    symbols = _choose_final(training.settings.limit)
    best = loop.measure(symbols)
    sample = loop.write_sample()
    memory = _look_for_memory(loop, sample)
    loop.write(best, memory, finished=True)
    losses = training.log.losses(run.step) if training.processes.leads else ()
    verdict = Verdict(True)
    if training.processes.leads:
        verdict = judge(training, best, symbols, force=force)
        if verdict.taken and training.is_beside:
            take(project, training)
    # The last thing that processes share, so that they leave together.
    verdict, findings = training.processes.share((verdict, _look_over(loop, best)))
    text = training.corpus.vocabulary.decode(sample)
    return Result(
        True, best, run.step, run.seconds, text, memory.longest if memory else 0, verdict,
        run.best_step, findings, losses, tuple(run.validations), memory=memory,
    )  # fmt: skip


def _find_standing(training: Training, *, taken: bool) -> Log:
    """The log of a training that is over, where it stands now."""
    beside = training.is_beside and not taken
    return find_log(training.folder, training.shown, beside=beside)


def _look_ahead(training: Training, before: float) -> Beside:
    """What the training will take beside its steps, of which it has taken so many seconds."""
    limit, corpus = training.settings.limit, training.corpus
    if limit.minutes is not None:  # a corpus that is encoded takes its time once
        before = min(before, 0.25 * 60 * limit.minutes)
    measured = min(len(corpus.validation), _choose_final(limit))
    last = min(len(corpus.validation), VALIDATE_ON)
    return Beside(before, measured + last + min(len(corpus.train), TRAIN_ON))


def _choose_final(limit: Limit) -> int:
    """Symbols for the loss that a model is known by. The clock has no say in it, so that the same
    run always ends in the same number."""
    if limit.minutes is None:
        return FINAL_ON
    return min(FINAL_ON, max(1, round(limit.minutes)) * FINAL_A_MINUTE)


def _look_over(loop: Loop, best: float) -> Findings | None:
    """What there is to say of the best weights, which the network has; for the leader alone."""
    run, training = loop.run, loop.training
    if not training.processes.leads:
        return None
    return Findings(
        run.engine.measure(training.corpus.train, None, TRAIN_ON), best, training.entropy,
        _find_cause(training, run), run.stale, training.ngram,
        untrained=not training.has_learnt(best),
    )  # fmt: skip


def _find_cause(training: Training, run: Run) -> Cause:
    """What ended a run."""
    limit = training.settings.limit
    if run.stale is not None:
        return "patience"
    steps = count_steps(limit, training.reader.steps)
    if steps is None or run.step < steps:
        return "minutes"
    return "steps" if steps == limit.steps else "epochs"


def _look_for_memory(loop: Loop, sample: list[int]) -> Memory | None:
    """What the best weights, which the network has, repeat of what they were trained on, beside
    what the author repeats; for the leader alone."""
    training = loop.training
    if not training.processes.leads:
        return None
    vocabulary = training.corpus.vocabulary
    texts = [np.array(text) for text in loop.write_several(range(SAMPLES))]
    corpus = training.corpus
    return hold_against(np.array(sample), texts, corpus.validation, corpus.train, vocabulary)
