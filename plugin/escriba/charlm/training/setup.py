"""What a training works with, from its recipe to its files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from escriba.charlm.corpora.corpus import Corpus, read_corpus
from escriba.charlm.corpora.encoded import Part
from escriba.charlm.corpora.windows import Reader
from escriba.charlm.device import can_train, choose_device, choose_precision
from escriba.charlm.recipe import FILE as RECIPE
from escriba.charlm.recipe import Budget, Recipe, admit_model, read_recipe
from escriba.charlm.training import log as logs
from escriba.charlm.training.calibrate import choose_batch
from escriba.charlm.training.checkpoint import CONSTANT, FOLDER, LATEST, Checkpoint, check_chosen
from escriba.charlm.training.health import unigram_entropy
from escriba.charlm.training.limits import set_schedule
from escriba.charlm.training.log import Log
from escriba.charlm.training.memory import estimate, refuse_excess, refuse_network
from escriba.charlm.training.processes import Processes
from escriba.charlm.training.run import Run, begin
from escriba.charlm.training.settings import CHOSEN, Limit, Settings, settle
from escriba.errors import Place, TrainingError
from escriba.language import tr
from escriba.model import FILE as WEIGHTS
from escriba.model import Network
from escriba.project import Project

# What a training touches in the folder of its model.
FILES = (WEIGHTS, logs.FILE, FOLDER, f"{FOLDER}/{LATEST}", f"{FOLDER}/{CONSTANT}")


@dataclass(frozen=True)
class Training:
    """Everything about a training but how far it has come. `shown` is how errors name `folder`."""

    folder: Path
    shown: Path
    recipe: Recipe
    corpus: Corpus
    settings: Settings
    device: torch.device
    precision: str
    processes: Processes
    entropy: float  # of the training part's symbols, in nats: the loss of knowing frequencies only
    checkpoint: Checkpoint
    state: dict[str, Any] | None  # what the checkpoint holds, to go on from
    log: Log
    threads: int | None  # of the run that the checkpoint is of

    @property
    def chosen(self) -> dict[str, Any]:
        """What the recipe may leave open: a training that goes on keeps it."""
        values = {name: getattr(self.settings, name) for name in CHOSEN}
        return {**values, "precision": self.precision, "threads": torch.get_num_threads()}

    @property
    def reader(self) -> Reader:
        return _make_reader(self.corpus, self.settings, self.processes)

    @property
    def held_out(self) -> Part:
        return self.corpus.validation

    def begin(self, attempt: int = 0) -> Run:
        """A run at its first step, with a new log. `attempt` counts those that collapsed before."""
        run = self._begin(attempt)
        set_schedule(run, self.settings.limit, self.reader.steps)
        if self.processes.leads:
            self.checkpoint.sweep()
            self.checkpoint.remove()
            self.log.rewind(None)
            self.log.write(run, plan=self.plan(run))
        return run

    def resume(self) -> Run:
        """The run that the checkpoint holds, or a new one if there is none."""
        if self.state is None:
            return self.begin()
        run = self._begin(self.state["attempt"])
        self.load(run, self.state, LATEST)
        if self.processes.leads:
            self.checkpoint.sweep()
            self.log.rewind(run.step)
            if self.threads not in (None, torch.get_num_threads()):  # sums are rounded otherwise
                self.log.write(run, threads=torch.get_num_threads())
        return run

    def load(self, run: Run, state: dict[str, Any], name: str) -> None:
        """Let a run go on from what the checkpoint of that name holds. Raises TrainingError for
        what no training has written."""
        try:
            run.load_state(state)
            streams = run.carried and run.carried[0][0].shape[1] * self.processes.world
            if streams not in (None, self.reader.batch):
                raise ValueError
        except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
            raise self.checkpoint.refuse(name, error) from None

    def _begin(self, attempt: int) -> Run:
        return begin(
            self.recipe.architecture(), len(self.corpus.vocabulary), self.settings,
            precision=self.precision, device=self.device, processes=self.processes,
            attempt=attempt,
        )  # fmt: skip

    def plan(self, run: Run) -> dict[str, Any]:
        """The first line of the log: what determines the steps that follow."""
        reader = self.reader
        return {
            **run.settings.to_dict(),
            "batch": reader.batch,
            "window": reader.window,
            "precision": self.precision,
            "device": self.device.type,
            "threads": torch.get_num_threads(),
            "processes": self.processes.world,
            "attempt": run.attempt,
            "symbols": len(self.corpus.train),
            "unigram": round(self.entropy, 5),
        }


def prepare(
    project: Project,
    name: str,
    processes: Processes,
    *,
    limit: Limit,
    budget: Budget | None,
    device: str | None,
    restart: bool,
    reading: Callable[[int, int], None] = lambda done, total: None,
) -> Training:
    """The training that a recipe asks for. Raises like `train`; TrainingError also for a checkpoint
    that is damaged, or of another training, and for what the machine has no memory for."""
    folder = admit_model(project, name, FILES)
    shown = project.shown(folder)
    place = Place(shown / RECIPE)
    recipe = read_recipe(project.models, name, project.root)
    network = recipe.architecture()
    refuse_network(network, 1, place)  # before a large corpus is read
    where = choose_device(device, processes.local)
    corpus = _read_corpus(recipe, project, processes, reading)
    refuse_network(network, len(corpus.vocabulary), place)
    settings = settle(recipe, limit, budget, symbols=len(corpus.train))
    identity = settings.digest(
        corpus.digest, sorted(asdict(network).items()), recipe.network.dropout,
        recipe.training.batch, recipe.training.learning_rate,
    )  # fmt: skip
    checkpoint = Checkpoint(folder, shown, identity)
    state: dict[str, Any] | None = None
    chosen: dict[str, Any] = {}
    if processes.leads:
        if checkpoint.exists(LATEST) and not restart:
            state = checkpoint.read(LATEST)
            chosen = check_chosen(state, checkpoint)
        else:
            refuse_excess(_estimate(network, corpus, settings, "bfloat16", processes), where, place)
            chosen = _choose(recipe, corpus, settings, where)
    state, chosen = processes.share((state, chosen))
    precision, threads = chosen.pop("precision"), chosen.pop("threads", None)
    _refuse_precision(where, precision, place, begun=state is not None)
    settings = replace(settings, **chosen)
    _refuse_processes(settings, processes, place)
    refuse_excess(_estimate(network, corpus, settings, precision, processes), where, place)
    return Training(
        folder=folder,
        shown=shown,
        recipe=recipe,
        corpus=corpus,
        settings=settings,
        device=where,
        precision=precision,
        processes=processes,
        entropy=unigram_entropy(corpus.train, len(corpus.vocabulary)),
        checkpoint=checkpoint,
        state=state,
        log=Log(folder / logs.FILE, shown / logs.FILE),
        threads=threads,
    )


def _read_corpus(
    recipe: Recipe, project: Project, processes: Processes, reading: Callable[[int, int], None]
) -> Corpus:
    if processes.leads:  # encode it once; the others then find it
        corpus = read_corpus(recipe.corpus, project, reading)
    processes.share(None)
    if not processes.leads:
        corpus = read_corpus(recipe.corpus, project)
    return corpus


def _make_reader(corpus: Corpus, settings: Settings, processes: Processes) -> Reader:
    return Reader(
        corpus.train, settings.batch, settings.window, settings.seed,
        rank=processes.rank, world=processes.world,
    ).fitted()  # fmt: skip


def _estimate(
    network: Network, corpus: Corpus, settings: Settings, precision: str, processes: Processes
) -> int:
    reader = _make_reader(corpus, settings, processes)
    settings = replace(settings, batch=reader.batch, window=reader.window)
    return estimate(network, len(corpus.vocabulary), settings, precision, processes.world)


def _refuse_precision(device: torch.device, precision: str, place: Place, *, begun: bool) -> None:
    if precision != "bfloat16" or can_train(device, precision):
        return
    if begun:
        problem = tr(
            "this training began in bfloat16, and the device '{device}' cannot train in it; go "
            "on where it began, or --restart",
            device=device,
        )
    else:
        problem = tr(
            "precision: bfloat16, and the device '{device}' cannot train in it; write "
            "precision: auto",
            device=device,
        )
    raise TrainingError(problem, place)


def _refuse_processes(settings: Settings, processes: Processes, place: Place) -> None:
    if settings.batch % processes.world:
        raise TrainingError(
            tr(
                "a batch of {batch} cannot be shared by {processes} processes; make it a multiple "
                "of their number",
                batch=settings.batch,
                processes=processes.world,
            ),
            place,
        )


def _choose(
    recipe: Recipe, corpus: Corpus, settings: Settings, device: torch.device
) -> dict[str, Any]:
    """What the recipe leaves to the machine: precision, batch, and the rate that goes with it."""
    precision = settings.precision
    if precision == "auto":
        precision = choose_precision(device)
    batch, rate = settings.batch, settings.learning_rate
    if recipe.training.batch is None:
        symbols, length = len(corpus.vocabulary), len(corpus.train)
        batch = choose_batch(
            recipe.architecture(), symbols, length, settings, precision, device
        )  # fmt: skip
        if recipe.training.learning_rate is None:
            rate *= math.sqrt(batch / settings.batch)
    return {
        "batch": batch, "learning_rate": rate, "dropout": settings.dropout, "precision": precision,
    }  # fmt: skip
