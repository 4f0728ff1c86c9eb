"""What a training works with, from its recipe to its files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from escriba.charlm.corpora.corpus import Corpus, read_corpus
from escriba.charlm.corpora.encoded import Part
from escriba.charlm.corpora.windows import Reader
from escriba.charlm.device import can_train, choose_device, choose_precision
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
from escriba.ground.errors import ModelError, Place, TrainingError, shorten
from escriba.ground.language import tr
from escriba.ground.lock import hold
from escriba.ground.project import Project
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Network, read_model
from escriba.records.recipe import FILE as RECIPE
from escriba.records.recipe import Budget, Recipe, admit_model, read_recipe

LOCK = "lock"
# What a training touches in the folder of its model.
FILES = (
    WEIGHTS, logs.FILE, FOLDER, f"{FOLDER}/{LATEST}", f"{FOLDER}/{CONSTANT}", f"{FOLDER}/{LOCK}",
    f"{FOLDER}/{WEIGHTS}", f"{FOLDER}/{logs.FILE}", f"{FOLDER}/before",
)  # fmt: skip


@dataclass(frozen=True)
class Training:
    """Everything about a training but how far it has come. `shown` is how errors name `folder`;
    `is_beside` says that its weights and its log are in `checkpoint/`, because others stand in
    their place."""

    folder: Path
    shown: Path
    is_beside: bool
    recipe: Recipe
    corpus: Corpus
    settings: Settings
    device: torch.device
    precision: str
    processes: Processes
    entropy: float  # of the training part's symbols, in nats: the loss of knowing frequencies only
    checkpoint: Checkpoint
    state: dict[str, Any] | None  # what the checkpoint holds, to go on from
    threads: int | None  # of the run that the checkpoint is of

    @property
    def chosen(self) -> dict[str, Any]:
        """What the recipe may leave open: a training that goes on keeps it."""
        values = {name: getattr(self.settings, name) for name in CHOSEN}
        return {**values, "precision": self.precision, "threads": torch.get_num_threads()}

    @property
    def own(self) -> Path:
        """Where it writes its weights and its log."""
        return self.folder / FOLDER if self.is_beside else self.folder

    @property
    def log(self) -> Log:
        return _find_log(self.folder, self.shown, beside=self.is_beside)

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
            _find_log(self.folder, self.shown, beside=True).remove()
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
            mark = self.state.get("log")
            if mark is not None and self.log.bears(run.step, mark):
                self.log.rewind(run.step, mark[0])
            else:  # the one in its place was edited, or is of other weights: it stays as it is
                self.log.rewind(run.step, source=_find_log(self.folder, self.shown, beside=False))
            if self.threads not in (None, torch.get_num_threads()):  # sums are rounded otherwise
                self.log.write(run, threads=torch.get_num_threads())
        return run

    def branch(self, step: int) -> Training:
        """The same training beside what stands in the folder, with the lines of the log up to a
        step."""
        other = replace(self, is_beside=True)
        if self.processes.leads:
            other.log.rewind(step, source=self.log)
        return other

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
    if processes.leads and not restart:
        _refuse_trained(folder, shown)
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
    beside = False
    if processes.leads:
        if checkpoint.exists(LATEST) and not restart:
            state = checkpoint.read(LATEST)
            chosen = check_chosen(state, checkpoint)
            beside = _goes_on_beside(folder, shown, state)
        else:
            beside = any(os.path.lexists(folder / file) for file in (WEIGHTS, logs.FILE))
            refuse_excess(_estimate(network, corpus, settings, "bfloat16", processes), where, place)
            chosen = _choose(recipe, corpus, settings, where)
    state, chosen, beside = processes.share((state, chosen, beside))
    precision, threads = chosen.pop("precision"), chosen.pop("threads", None)
    _refuse_precision(where, precision, place, begun=state is not None)
    settings = replace(settings, **chosen)
    _refuse_processes(settings, processes, place)
    refuse_excess(_estimate(network, corpus, settings, precision, processes), where, place)
    return Training(
        folder=folder,
        shown=shown,
        is_beside=beside,
        recipe=recipe,
        corpus=corpus,
        settings=settings,
        device=where,
        precision=precision,
        processes=processes,
        entropy=unigram_entropy(corpus.train, len(corpus.vocabulary)),
        checkpoint=checkpoint,
        state=state,
        threads=threads,
    )


@contextmanager
def alone(project: Project, name: str, processes: Processes) -> Iterator[None]:
    """Nobody else trains this model while the body runs. Raises like `train`; TrainingError if
    somebody does."""
    folder = admit_model(project, name, FILES)
    read_recipe(project.models, name, project.root)  # of a model that is none there is no folder
    if not processes.leads:
        yield
        return
    with hold(
        folder / FOLDER / LOCK, project.shown(folder), patience=0, kind=TrainingError
    ):  # fmt: skip
        yield


def _find_log(folder: Path, shown: Path, *, beside: bool) -> Log:
    inside = Path(FOLDER) / logs.FILE if beside else Path(logs.FILE)
    return Log(folder / inside, shown / inside)


def _goes_on_beside(folder: Path, shown: Path, state: Mapping[str, Any]) -> bool:
    """Whether the log of a checkpoint is the one beside, or none that is here."""
    step = state.get("step")
    beside, place = (_find_log(folder, shown, beside=beside) for beside in (True, False))
    if type(step) is not int:
        return False  # which is refused later
    mark = state.get("log")
    return beside.bears(step, mark) or not place.bears(step, mark)


def _refuse_trained(folder: Path, shown: Path) -> None:
    """Raise TrainingError for a model that is trained, and has nothing to go on from."""
    if os.path.lexists(folder / FOLDER / LATEST) or not os.path.lexists(folder / WEIGHTS):
        return
    try:
        loss = read_model(folder, shown).record["training"]["validation"]
        known = tr(" (validation {loss})", loss=shorten(str(loss)))
    except (ModelError, KeyError, TypeError):
        known = ""
    raise TrainingError(
        tr(
            "this model is trained{known}, and the checkpoint that its training would go on from "
            "is not here; to train it anew: escriba train {name} --restart (the new weights take "
            "the place of these if they are better)",
            known=known,
            name=folder.name,
        ),
        Place(shown / WEIGHTS),
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
