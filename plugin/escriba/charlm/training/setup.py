"""What a training works with, from its recipe to its files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from escriba.charlm.corpora.corpus import Corpus, read_corpus
from escriba.charlm.corpora.encoded import Part
from escriba.charlm.corpora.windows import Reader
from escriba.charlm.device import choose_device, choose_precision
from escriba.charlm.recipe import Budget, Recipe, read_recipe
from escriba.charlm.training import log as logs
from escriba.charlm.training.checkpoint import LATEST, Checkpoint
from escriba.charlm.training.health import unigram_entropy
from escriba.charlm.training.limits import set_schedule
from escriba.charlm.training.log import Log
from escriba.charlm.training.processes import Processes
from escriba.charlm.training.run import Run, begin
from escriba.charlm.training.settings import Limit, Settings, settle
from escriba.errors import Place, TrainingError
from escriba.project import Project


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
    log: Log

    @property
    def reader(self) -> Reader:
        settings, processes = self.settings, self.processes
        return Reader(
            self.corpus.train, settings.batch, settings.window, settings.seed,
            rank=processes.rank, world=processes.world,
        ).fitted()  # fmt: skip

    @property
    def held_out(self) -> Part:
        return self.corpus.validation

    def begin(self, attempt: int = 0) -> Run:
        """A run at its first step, with a new log. `attempt` counts those that collapsed before."""
        run = self._begin(self.settings, attempt)
        set_schedule(run, self.settings.limit, self.reader.steps)
        if self.processes.leads:
            self.checkpoint.sweep()
            self.checkpoint.remove()
            self.log.rewind(None)
            self.log.write(run, plan=self.plan(run))
        return run

    def resume(self) -> Run:
        """The run that the checkpoint holds, or a new one if there is none. Raises TrainingError
        for a checkpoint that is damaged, or not of this training."""
        if not self.processes.share(self.checkpoint.exists(LATEST)):
            return self.begin()
        state = self.processes.share(self.checkpoint.read(LATEST) if self.processes.leads else {})
        settings = replace(self.settings, dropout=state["dropout"])
        run = self._begin(settings, state["attempt"])
        run.load_state(state)
        if self.processes.leads:
            self.checkpoint.sweep()
            self.log.rewind(run.step)
        return run

    def _begin(self, settings: Settings, attempt: int) -> Run:
        return begin(
            self.recipe.network.network(), len(self.corpus.vocabulary), settings,
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
) -> Training:
    """The training that a recipe asks for. Raises like `train`."""
    recipe = read_recipe(project.models, name, project.root)
    where = choose_device(device, processes.local)
    folder = project.models / name
    shown = project.shown(folder)
    if processes.leads:  # encode it once; the others then find it
        corpus = read_corpus(recipe.corpus, project)
    processes.share(None)
    if not processes.leads:
        corpus = read_corpus(recipe.corpus, project)
    settings = settle(recipe, limit, budget, symbols=len(corpus.train))
    if settings.batch % processes.world:
        raise TrainingError(
            f"a batch of {settings.batch} cannot be shared by {processes.world} processes; "
            "make it a multiple of their number",
            Place(shown / "recipe.yml"),
        )
    precision = settings.precision
    if precision == "auto":
        precision = processes.share(choose_precision(where))
    identity = settings.digest(corpus.digest, sorted(asdict(recipe.network).items()))
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
        checkpoint=Checkpoint(folder, shown, identity),
        log=Log(folder / logs.FILE, shown / logs.FILE),
    )
