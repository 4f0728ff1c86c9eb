"""Training: a recipe's network learns its corpus, best weights kept, interruptible, resumable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from escriba.charlm.device import bounded_memory
from escriba.charlm.network import load_tensors
from escriba.charlm.training.checkpoint import CONSTANT, LATEST
from escriba.charlm.training.limits import goes_further, set_schedule
from escriba.charlm.training.loop import End, Loop
from escriba.charlm.training.memory import remedy
from escriba.charlm.training.novelty import SAMPLES, Memory, hold_against
from escriba.charlm.training.pace import Moment
from escriba.charlm.training.preview import preview, write_several
from escriba.charlm.training.processes import joined
from escriba.charlm.training.run import Run
from escriba.charlm.training.schedule import Schedule
from escriba.charlm.training.settings import Limit
from escriba.charlm.training.setup import alone, prepare
from escriba.charlm.training.standing import Verdict, judge, take
from escriba.charlm.training.training import Training
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.records.recipe import FILE as RECIPE
from escriba.records.recipe import Budget

CHECKPOINT_EVERY = 60.0  # seconds
FINAL_ON = 1 << 23  # symbols, at most, for the loss that the model is known by


@dataclass(frozen=True)
class Result:
    """What a call of `train` ended with. `finished` is false after an interruption.

    `best` is the validation loss in nats per symbol; `sample` what the best weights write, and
    `longest` the most characters in a row of it that also stand in the training text. `verdict`
    says whether the weights took their place, in which others may have stood. `memory` holds what
    the model repeats against what the author does.
    """

    finished: bool
    best: float
    step: int
    seconds: float
    sample: str = ""
    longest: int = 0
    verdict: Verdict = Verdict(True)  # noqa: RUF009, a frozen value
    memory: Memory | None = field(default=None, kw_only=True)


def train(
    project: Project,
    name: str,
    *,
    minutes: float | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    budget: Budget | None = None,
    restart: bool = False,
    force: bool = False,
    device: str | None = None,
    checkpoint_every: float = CHECKPOINT_EVERY,
    validate_every: int | None = None,
    report: Callable[[Moment], None] = lambda moment: None,
    reading: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    """Train the model `name` to the end of its schedule, from its checkpoint if there is one.

    `minutes`, `epochs`, `steps` and `budget` take the place of the recipe's. Every so many steps
    (`validate_every`, or as many as a twentieth of the time is well spent on) the loss is taken on
    a part of the validation text, and the weights are kept if it is the best. Every
    `checkpoint_every` seconds the state is written: a run that is killed ends, when it is resumed
    on the same machine, in the same weights as one that is not.

    A model that is trained already, and has no checkpoint, is trained anew only to `restart`. What
    stands in the place of its weights and its record gives way at the end, to a lower loss on the
    same validation text or to `force`; until then, and else, the new ones are in `checkpoint/`.

    `reading` is told how many bytes of the corpus are encoded, and of how many; `report` is called
    about four times a second; when `stop` gives true, the state is written and the call returns. In
    several processes (torchrun) each must make this call. Raises ModelError, SourceError,
    CorpusError and TrainingError.
    """
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
            limit=limit, budget=budget, device=device, restart=restart, reading=reading,
        )  # fmt: skip
        run = training.resume()
        training = _aim(training, run)
        while True:
            loop = Loop(training, run, report, stop, checkpoint_every, validate_every)
            end = loop.run_on()
            if end != "collapsed":
                return _finish(loop, end, project, force=force)
            run = training.begin(run.attempt + 1)


def _aim(training: Training, run: Run) -> Training:
    """Decide how far a run goes. One that had ended before goes on from where its rate fell, beside
    what it ended in."""
    limit, per_epoch = training.settings.limit, training.reader.steps
    if goes_further(run, limit, per_epoch) and training.processes.share(
        training.checkpoint.exists(CONSTANT)
    ):
        best, best_step, weights = run.best, run.best_step, run.best_weights
        leads = training.processes.leads
        state = training.processes.share(training.checkpoint.read(CONSTANT) if leads else {})
        training.load(run, state, CONSTANT)
        run.schedule = Schedule(run.settings.warmup)
        run.best, run.best_step, run.best_weights = best, best_step, weights
        training = training.branch(run.step)
    set_schedule(run, limit, per_epoch)
    return training


def _finish(loop: Loop, end: End, project: Project, *, force: bool) -> Result:
    """What is left to do at the end, or at an interruption, and what came out."""
    run, training = loop.run, loop.training
    if end == "interrupted":
        return Result(False, run.best, run.step, run.seconds)
    if run.validated < run.step or not run.best_weights:
        loop.validate()
    loop.save(LATEST)
    # The loss that a model is known by is that of as much as can be of the validation part.
    load_tensors(run.network, run.best_weights)
    best = loop.measure(FINAL_ON)
    sample = preview(run.network, training.corpus.vocabulary)
    memory = _look_for_memory(loop, sample)
    loop.write(best, memory)
    verdict = Verdict(True)
    if training.processes.leads:
        verdict = judge(training, run, best, FINAL_ON, force=force)
        if verdict.taken and training.is_beside:
            take(project, training)
    verdict = training.processes.share(verdict)
    text = training.corpus.vocabulary.decode(sample)
    return Result(
        True, best, run.step, run.seconds, text, memory.longest if memory else 0, verdict,
        memory=memory,
    )  # fmt: skip


def _look_for_memory(loop: Loop, sample: list[int]) -> Memory | None:
    """What the best weights, which the network has, repeat of what they were trained on, beside
    what the author repeats; for the leader alone."""
    training, network = loop.training, loop.run.network
    if not training.processes.leads:
        return None
    vocabulary = training.corpus.vocabulary
    texts = [np.array(text) for text in write_several(network, vocabulary, range(SAMPLES))]
    corpus = training.corpus
    return hold_against(np.array(sample), texts, corpus.validation, corpus.train, vocabulary)
