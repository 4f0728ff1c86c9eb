"""Training: a recipe's network learns its corpus, best weights kept, interruptible, resumable."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from escriba.charlm import log as logs
from escriba.charlm.checkpoint import FILE, FOLDER, Checkpoint, copy_tensors, write_weights
from escriba.charlm.corpus import Corpus, encode, read_corpus
from escriba.charlm.log import Log
from escriba.charlm.measure import measure
from escriba.charlm.network import CharLSTM, load_tensors
from escriba.charlm.preview import preview
from escriba.charlm.recipe import Recipe, TrainingRecipe, read_recipe
from escriba.charlm.run import Run, choose_device, make_optimiser, take_step
from escriba.charlm.schedule import learning_rate, share_done
from escriba.charlm.windows import Reader
from escriba.digest import text_digest
from escriba.errors import Place, TrainingError
from escriba.project import Project

LOG_EVERY = 100  # steps between lines of the log
REPORT_EVERY = 0.25  # seconds between reports
VALIDATE_EVERY = 120.0  # seconds between validations; after each a checkpoint is written
VALIDATE_ON = 400_000  # symbols, at most, of the validation part
PREVIEWS = (100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000)  # steps


@dataclass(frozen=True)
class Progress:
    """A moment of training, as shown to a person. Losses in nats per symbol."""

    step: int
    share: float  # of the schedule, 0 to 1
    loss: float  # mean over the last steps
    validation: float | None  # best so far
    characters: int
    seconds: float
    speed: float  # characters per second, of late

    @property
    def remaining(self) -> float:
        """Seconds left, at the pace so far."""
        return self.seconds * (1 - self.share) / self.share if self.share else math.inf


@dataclass(frozen=True)
class Result:
    """What a call of `train` ended with. `finished` is false after an interruption."""

    finished: bool
    best: float
    step: int
    seconds: float


@dataclass
class Training:
    """All that a training works with; `norms` are of the steps since the last line of the log."""

    folder: Path
    recipe: Recipe
    corpus: Corpus
    settings: TrainingRecipe
    device: torch.device
    run: Run
    text: Tensor  # (N,) the training part
    held_out: Tensor  # (M,) the validation part
    checkpoint: Checkpoint
    log: Log
    losses: list[Tensor] = field(default_factory=list)
    norms: list[Tensor] = field(default_factory=list)

    @property
    def reader(self) -> Reader:
        settings = self.settings
        return Reader(self.text, settings.batch, settings.window, settings.seed).fitted()

    @property
    def identity(self) -> str:
        """What must not change under a checkpoint; the length of the schedule may."""
        free = ("minutes", "epochs")
        training = {k: v for k, v in asdict(self.recipe.training).items() if k not in free}
        network = asdict(self.recipe.network)
        return text_digest(repr((self.corpus.digest, network, sorted(training.items()))))

    def write_best(self, loss: float) -> None:
        """The best weights so far, with that loss in their record."""
        record = _record(self.recipe, self.corpus, self.run, loss, len(self.text))
        network, vocabulary = self.run.network.network, self.corpus.vocabulary
        write_weights(self.folder, self.run.best_weights, network, vocabulary, record)

    def validate(self, symbols: int) -> None:
        """Measure on so many symbols, keep the weights if they are the best, write a checkpoint."""
        run = self.run
        loss = measure(run.network, self.held_out[:symbols], self.text[-1024:])
        _refuse_nonsense(loss, "validation loss", run.step)
        if loss < run.best:
            run.best, run.best_step, run.best_weights = loss, run.step, copy_tensors(run.network)
            self.write_best(loss)
        self._write({"seconds": round(run.seconds, 1), "validation": round(loss, 5)})
        self.checkpoint.write(run.to_state(self.identity))

    def log_steps(self, rate: float) -> None:
        """A line about the steps since the last one."""
        mean = self.mean_loss()
        _refuse_nonsense(mean, "loss", self.run.step)
        norms = torch.stack(self.norms)
        self._write(
            {
                "seconds": round(self.run.seconds, 1),
                "loss": round(mean, 5),
                "gradient": round(float(norms.mean()), 5),
                "clipped": round(float((norms > self.settings.clip).float().mean()), 3),
                "rate": float(f"{rate:.6g}"),
            }
        )
        self.losses, self.norms = self.losses[-LOG_EVERY:], []

    def log_preview(self) -> None:
        network, vocabulary = self.run.network, self.corpus.vocabulary
        self._write({"sample": preview(network, vocabulary, 300, temperature=0.8, seed=1)})

    def mean_loss(self) -> float:
        """Over the last steps, in nats."""
        return float(torch.stack(self.losses[-LOG_EVERY:]).mean())

    def _write(self, entry: dict[str, Any]) -> None:
        self.log.write({"step": self.run.step, "characters": self.run.characters, **entry})


def train(
    project: Project,
    name: str,
    *,
    minutes: float | None = None,
    epochs: float | None = None,
    restart: bool = False,
    device: str | None = None,
    validate_every: float = VALIDATE_EVERY,
    validate_on: int = VALIDATE_ON,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    """Train the model `name` to the end of its schedule, from its checkpoint if there is one.

    `minutes` and `epochs` replace the recipe's. Every `validate_every` seconds the loss on the
    first `validate_on` symbols of the validation part is taken, the weights are kept if it is the
    best so far, and a checkpoint is written. `report` is called about four times a second;
    when `stop` gives true, the state is written and the call returns. Raises ModelError,
    SourceError, CorpusError and TrainingError.
    """
    training = prepare(
        project, name, minutes=minutes, epochs=epochs, restart=restart, device=device
    )
    run = training.run
    begun = run.step
    finished = _loop(training, report, stop, validate_every, validate_on)
    if run.step > begun or not run.best_weights:
        training.validate(validate_on)
    best = run.best
    if finished and len(training.held_out) > validate_on:
        # The loss that the model is known by is taken on the whole of the validation part.
        load_tensors(run.network, run.best_weights)
        best = measure(run.network, training.held_out, training.text[-1024:])
        training.write_best(best)
    return Result(finished, best, run.step, run.seconds)


def prepare(
    project: Project,
    name: str,
    *,
    minutes: float | None,
    epochs: float | None,
    restart: bool,
    device: str | None,
) -> Training:
    """A training at its beginning, or where its checkpoint left it. Raises like `train`."""
    recipe = read_recipe(project.models, name, project.root)
    corpus = read_corpus(recipe.corpus, project)
    folder = project.models / name
    settings = _limit(recipe.training, minutes, epochs)
    where = choose_device(device)
    torch.manual_seed(settings.seed)
    network = CharLSTM(recipe.network.network(), len(corpus.vocabulary), recipe.network.dropout)
    network.to(where)
    training = Training(
        folder=folder,
        recipe=recipe,
        corpus=corpus,
        settings=settings,
        device=where,
        run=Run(network, make_optimiser(network, settings)),
        text=torch.from_numpy(encode(corpus.train.text, corpus.vocabulary)),
        held_out=torch.from_numpy(encode(corpus.validation.text, corpus.vocabulary)),
        checkpoint=Checkpoint(folder / FOLDER / FILE),
        log=Log(folder / logs.FILE),
    )
    if training.checkpoint.exists() and not restart:
        state = training.checkpoint.read()
        if state["identity"] != training.identity:
            raise TrainingError(
                "the recipe or the corpus has changed since the checkpoint was written; "
                f"undo the change, or begin again with: escriba train {name} --restart",
                Place(project.shown(folder / "recipe.yml")),
            )
        training.run.load_state(state, where)
    training.log.rewind(training.run.step)
    return training


def _loop(
    training: Training,
    report: Callable[[Progress], None],
    stop: Callable[[], bool],
    validate_every: float,
    validate_on: int,
) -> bool:
    """Steps until the schedule ends (true) or `stop` says so (false)."""
    run, settings, reader = training.run, training.settings, training.reader
    run.network.train()
    begun = time.monotonic() - run.seconds
    validated = reported = run.seconds
    pace = deque([(run.characters, run.seconds)], maxlen=40)  # the last ten seconds of reports
    for window in reader.read(run.epoch, run.index):
        share = share_done(settings, reader.steps, run.step, run.seconds)
        if share >= 1:
            return True
        if stop():
            return False
        rate = learning_rate(settings, run.step, share)
        loss, norm = take_step(run, window, settings, training.device, rate)
        training.losses.append(loss)
        training.norms.append(norm)
        run.seconds = time.monotonic() - begun
        if run.step % LOG_EVERY == 0:
            training.log_steps(rate)
        if run.step in PREVIEWS:
            training.log_preview()
        if run.seconds - reported >= REPORT_EVERY:
            speed = (run.characters - pace[0][0]) / (run.seconds - pace[0][1])
            pace.append((run.characters, run.seconds))
            best = run.best if math.isfinite(run.best) else None
            mean = training.mean_loss()
            report(Progress(run.step, share, mean, best, run.characters, run.seconds, speed))
            reported = run.seconds
        if run.seconds - validated >= validate_every:
            training.validate(validate_on)
            validated = run.seconds = time.monotonic() - begun
    raise AssertionError("a reader never ends")


def _refuse_nonsense(loss: float, name: str, step: int) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the {name} is {loss} at step {step}; the best weights so far are kept; "
            "try a lower learning-rate or a lower clip"
        )


def _limit(settings: TrainingRecipe, minutes: float | None, epochs: float | None) -> TrainingRecipe:
    if minutes is None and epochs is None:
        minutes, epochs = settings.minutes, settings.epochs
    if minutes is None and epochs is None:
        minutes = 10.0
    values = asdict(settings) | {"minutes": minutes, "epochs": epochs}
    return TrainingRecipe(**values)


def _record(
    recipe: Recipe, corpus: Corpus, run: Run, loss: float, train_size: int
) -> dict[str, Any]:
    """What the model file says of its making. Numbers with a fraction are decimal text."""
    return {
        "corpus": {
            "name": recipe.corpus.name,
            "language": recipe.corpus.language,
            "licence": recipe.corpus.licence,
            "digest": corpus.digest,
            "characters": corpus.characters,
            "bytes": corpus.bytes,
            "sources": [
                {key: value for key, value in asdict(source).items() if value}
                for source in recipe.corpus.sources
            ],
        },
        "training": {
            "validation": f"{loss:.4f}",
            "steps": run.best_step,
            "characters": run.characters,
            "epochs": f"{run.characters / max(1, train_size):.1f}",
            "seconds": round(run.seconds),
            "dropout": str(recipe.network.dropout),
            "torch": torch.__version__.split("+")[0],
        },
    }
