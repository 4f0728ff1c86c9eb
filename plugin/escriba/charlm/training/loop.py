"""The steps of a run, and what happens between them: clock, log, validation, checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from escriba.charlm.training import health, weights
from escriba.charlm.training.checkpoint import CONSTANT, LATEST, State
from escriba.charlm.training.clock import Beside, Pace, Watch, find_end, is_half_time
from escriba.charlm.training.log import describe_steps
from escriba.charlm.training.novelty import Memory
from escriba.charlm.training.run import Run, take_step
from escriba.charlm.training.training import Training
from escriba.ground.errors import Place, TrainingError
from escriba.ground.language import tr

# What the network writes now and then: after these steps, so many symbols.
PREVIEWS = frozenset(
    {10, 30, 100, 300, 500, 700} | {n * 10**power for n in (1, 2, 3, 5) for power in range(3, 7)}
)
LENGTH, PROMPT, TEMPERATURE, SEED = 500, "\n", 0.8, 1
CLOCK_EVERY = 8  # steps between looks at the clock, which the leader alone has
VALIDATE_ON = 1 << 16  # symbols, at most, of the validation part
VALIDATE_SHARE = 20  # symbols to train on for each to validate on, between two validations
VALIDATE_AGE = 16  # later, a validation each time that the run has grown by a 16th

Order = Literal["go on", "save", "cool", "hurry", "stop"]
End = Literal["finished", "interrupted", "collapsed"]


class Loop:
    """The steps of a run, and what happens between them."""

    def __init__(
        self,
        training: Training,
        run: Run,
        watch: Watch,
        stop: Callable[[], bool],
        checkpoint_every: float,
        validate_every: int | None,
        beside: Beside,
    ):
        self.training, self.run, self.watch, self.stop = training, run, watch, stop
        self.pace = Pace(run, training.settings.limit, watch.report)
        self.checkpoint_every = checkpoint_every
        self.saved = run.seconds
        reader = training.reader
        symbols = VALIDATE_SHARE * min(len(training.held_out), VALIDATE_ON)
        self.interval = validate_every or max(20, symbols // (reader.batch * reader.window))
        self.grows = validate_every is None
        self.beside = beside

    def run_on(self) -> End:
        run = self.run
        for window in self.training.reader.read(run.epoch, run.index):
            if run.schedule.finished(run.step):
                return "finished"
            order = self.order()
            if run.step == run.schedule.cool and run.step:
                self.save(CONSTANT)
            # What the clock decided is kept before a step is taken by it. Without a checkpoint at
            # the first step the weights to come would be those of a training that is over.
            if order != "go on" or not run.step:
                self.save(LATEST)
            if order == "stop":
                return "interrupted"
            take_step(run, window)
            self.pace.tick()
            if run.step % run.settings.log_every == 0 and self.log_steps():
                return "collapsed"
            if self.validation_is_due():
                self.validate()
            if run.step in PREVIEWS or run.schedule.finished(run.step):
                self.log_preview()
        raise AssertionError("a reader never ends")

    def order(self) -> Order:
        """What the clock says, the same in every process; the schedule is changed by it."""
        run, training = self.run, self.training
        if run.step % CLOCK_EVERY:
            return "go on"
        order: Order = "go on"
        limit, per_step = training.settings.limit, self.pace.per_step
        per_symbol = (per_step or 0) * run.step / max(run.characters, 1)
        beside = self.beside.seconds(per_symbol)
        end = find_end(run, limit, per_step, beside)
        if self.stop():
            order = "stop"
        elif is_half_time(run, limit, beside):
            order = "cool"
        elif end is not None:
            order = "hurry"
        elif run.seconds - self.saved >= self.checkpoint_every:
            order = "save"
        order, end, seconds = training.processes.share((order, end, run.seconds))
        if order == "cool":
            run.schedule, run.cooled_after = run.schedule.over(2 * run.step), seconds
        elif order == "hurry" and end is not None:
            run.schedule = run.schedule.bent(run.step, end)
            self.note(end=end)
        return order

    def note(self, **entry: Any) -> None:
        """Add a line to the log; the leader alone has one."""
        run, training = self.run, self.training
        if training.processes.leads:
            training.log.write(run, **entry)
            self.watch.follow({"step": run.step, "characters": run.characters, **entry})

    def log_steps(self) -> bool:
        """A line about the last steps. True if they show that the network learns nothing."""
        run, training = self.run, self.training
        entry = describe_steps(run)
        self.note(**entry)
        loss = math.inf if entry["loss"] is None else entry["loss"]
        run.engine.forget()
        self.refuse_explosion(loss)
        run.loss = entry["loss"]
        collapsed = health.has_collapsed(loss, training.entropy, run)
        if not collapsed or training.has_learnt(loss):
            return False
        if run.attempt + 1 < health.ATTEMPTS and training.origin is None:
            return True
        raise TrainingError(
            tr(
                "the loss stays at {loss:.4f}, and the entropy of the single characters is "
                "{entropy:.4f}: the network has learnt nothing else in {attempts} attempts, "
                "and no weights were written; try residual: true, fewer layers or a lower "
                "learning-rate",
                loss=loss,
                entropy=training.entropy,
                attempts=health.ATTEMPTS,
            ),
            Place(training.shown / "recipe.yml"),
        )

    def refuse_explosion(self, loss: float, *, validation: bool = False) -> None:
        run, training = self.run, self.training
        if not health.has_exploded(loss, len(training.corpus.vocabulary)):
            return
        learnt = health.has_learnt(run.best, training.entropy)
        kept = tr("the best weights so far are kept") if learnt else tr("no weights were written")
        raise TrainingError(
            tr(
                "the {loss_name} is {loss:.4g} at step {step}: the training has exploded; {kept}; "
                "lower learning-rate or clip, and begin again with: escriba train {name} "
                "--restart",
                loss_name=tr("validation loss") if validation else tr("loss"),
                loss=loss,
                step=run.step,
                kept=kept,
                name=training.folder.name,
            ),
            Place(training.shown / "recipe.yml"),
        )

    def log_preview(self) -> None:
        """What the network writes now, beside its loss in the last steps."""
        run, training = self.run, self.training
        loss = describe_steps(run)["loss"] if len(run.engine.norms()) else run.loss
        if training.processes.leads:
            with self.beside.wrote():
                text = training.corpus.vocabulary.decode(self.write_sample())
            self.note(sample=text, prompt=PROMPT, loss=loss)
            self.watch.wrote(run.step, text)

    def write_sample(self) -> list[int]:
        """Symbols to go on from PROMPT; always by the same random numbers, so that only the network
        differs."""
        (sample,) = self.write_several([SEED], TEMPERATURE)
        return sample

    def write_several(self, seeds: Sequence[int], temperature: float = 1.0) -> list[list[int]]:
        """Symbols to go on from PROMPT, by the random numbers of each seed."""
        start = self.training.corpus.vocabulary.indices.get(PROMPT, 0)
        return self.run.engine.write(start, LENGTH, seeds, temperature)

    def validate(self) -> None:
        """Measure, keep the weights if they are the best, and see whether to go on."""
        run, training = self.run, self.training
        loss = self.measure(VALIDATE_ON)
        self.refuse_explosion(loss, validation=True)
        self.note(seconds=round(run.seconds, 1), validation=round(loss, 5))
        if loss < run.best:
            run.best, run.best_step, run.best_weights = loss, run.step, run.engine.weights()
            run.best_seconds = run.seconds
            run.path = "straight" if run.path == "back" else run.path
            if health.has_learnt(loss, training.entropy):
                self.write(loss)
        run.validated = run.step
        run.validations.append((run.step, loss))
        if health.falls_no_more(run, self.interval):
            self.end_early()

    def validation_is_due(self) -> bool:
        grown = self.run.validated // VALIDATE_AGE if self.grows else 0
        return self.run.step >= self.run.validated + max(self.interval, grown)

    def end_early(self) -> None:
        """The validation loss falls no more: from the best weights on, let the rate fall to zero;
        if it fell already, end here."""
        run = self.run
        cool, run.stale = run.schedule.cool, run.best_step
        if cool is not None and run.step >= cool:
            run.schedule = run.schedule.falling(cool, run.step - cool)
            return
        run.engine.load_weights(run.best_weights)
        run.exhausted = True
        steps = max(run.best_step // 2, health.LEAST_PATIENCE * self.interval)
        run.schedule = run.schedule.falling(run.step, steps)

    def measure(self, symbols: int) -> float:
        """The loss on so many symbols of the validation part, the same in every process."""
        training = self.training
        loss = math.nan
        if training.processes.leads:
            before = training.corpus.train[-1024:]
            with self.beside.measured(min(symbols, len(training.held_out))):
                loss = self.run.engine.measure(training.held_out, before, symbols)
        return training.processes.share(loss)

    def save(self, name: str) -> None:
        training, run = self.training, self.run
        arrays = run.to_arrays()
        if training.processes.leads:
            origin = training.origin and training.origin.to_state()
            mark = training.log.mark(run.step)
            values = {"chosen": training.chosen, "origin": origin, "log": mark, **run.to_values()}
            training.checkpoint.write(name, State(values, arrays))
        self.saved = self.run.seconds

    def write(self, loss: float, memory: Memory | None = None, *, finished: bool = False) -> None:
        """Write the best weights, with that validation loss in their record."""
        if self.training.processes.leads:
            weights.write(self.training, self.run, loss, memory, finished=finished)
