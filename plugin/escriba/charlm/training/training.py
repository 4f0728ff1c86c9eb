"""What a training works with, from its recipe to its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.training import log as logs
from escriba.charlm.training.checkpoint import FOLDER, LATEST, Checkpoint, State
from escriba.charlm.training.clock import set_schedule
from escriba.charlm.training.engine import Backend, Processes
from escriba.charlm.training.health import has_learnt, measure_beside, unigram_entropy
from escriba.charlm.training.log import Log
from escriba.charlm.training.origin import Origin
from escriba.charlm.training.run import Run, begin
from escriba.charlm.training.settings import CHOSEN, Settings
from escriba.corpora.corpus import Corpus
from escriba.corpora.encoded import Part
from escriba.corpora.windows import Reader
from escriba.records.recipe import Recipe


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
    backend: Backend
    processes: Processes
    counts: NDArray[np.int64]  # (V,) of the symbols of the training part
    checkpoint: Checkpoint
    state: State | None  # what the checkpoint holds, to go on from
    threads: int | None  # of the run that the checkpoint is of
    origin: Origin | None = None  # the model whose weights it began with
    changes: tuple[str, ...] = ()  # of the recipe, by the command

    @cached_property
    def entropy(self) -> float:
        """Of the training part's symbols, in nats: the loss of knowing frequencies only."""
        return unigram_entropy(self.counts)

    @cached_property
    def ngram(self) -> tuple[int, float] | None:
        """The order and the loss of the best n-grams on the validation part, if it has any."""
        return measure_beside(self.corpus)

    def has_learnt(self, loss: float) -> bool:
        """Whether a loss shows that something was learnt, if there is more to learn than how
        frequent each symbol is: n-grams tell."""
        return has_learnt(loss, self.entropy) or not (
            self.ngram is None or has_learnt(self.ngram[1], self.entropy)
        )

    @property
    def chosen(self) -> dict[str, Any]:
        """What the recipe may leave open: a training that goes on keeps it."""
        values = {name: getattr(self.settings, name) for name in CHOSEN}
        return {**values, "precision": self.backend.precision, "threads": self.backend.threads}

    @property
    def own(self) -> Path:
        """Where it writes its weights and its log."""
        return self.folder / FOLDER if self.is_beside else self.folder

    @property
    def log(self) -> Log:
        return find_log(self.folder, self.shown, beside=self.is_beside)

    @property
    def reader(self) -> Reader:
        return make_reader(self.corpus, self.settings, self.processes)

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
            find_log(self.folder, self.shown, beside=True).remove()
            self.log.rewind(None)
            self.log.write(run, plan=self.plan(run))
        return run

    def resume(self) -> Run:
        """The run that the checkpoint holds, or a new one if there is none."""
        if self.state is None:
            return self.begin()
        run = self._begin(self.state.values["attempt"])
        self.load(run, self.state, LATEST)
        if self.processes.leads:
            self.checkpoint.sweep()
            mark = self.state.values.get("log")
            if mark is not None and self.log.bears(run.step, mark):
                self.log.rewind(run.step, mark[0])
            else:  # the one in its place was edited, or is of other weights: it stays as it is
                self.log.rewind(run.step, source=find_log(self.folder, self.shown, beside=False))
            if self.threads not in (None, self.backend.threads):  # sums are rounded otherwise
                self.log.write(run, threads=self.backend.threads)
        return run

    def branch(self, step: int) -> Training:
        """The same training beside what stands in the folder, with the lines of the log up to a
        step."""
        other = replace(self, is_beside=True)
        if self.processes.leads:
            other.log.rewind(step, source=self.log)
        return other

    def load(self, run: Run, state: State, name: str) -> None:
        """Let a run go on from what the checkpoint of that name holds. Raises TrainingError for
        what no training has written."""
        symbols, streams = len(self.corpus.vocabulary), self.reader.batch // self.processes.world
        try:
            run.load(state.values, state.arrays, symbols, streams)
        except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
            raise self.checkpoint.refuse(name, error) from None

    def _begin(self, attempt: int) -> Run:
        reader = self.reader
        settings = replace(self.settings, batch=reader.batch, window=reader.window)
        return begin(
            self.backend, self.recipe.architecture(), len(self.corpus.vocabulary), settings,
            processes=self.processes, attempt=attempt, origin=self.origin,
        )  # fmt: skip

    def plan(self, run: Run) -> dict[str, Any]:
        """The first line of the log: what determines the steps that follow."""
        reader = self.reader
        return {
            **run.settings.to_dict(),
            "batch": reader.batch,
            "window": reader.window,
            "precision": self.backend.precision,
            "device": self.backend.kind,
            "threads": self.backend.threads,
            "processes": self.processes.world,
            "attempt": run.attempt,
            "symbols": len(self.corpus.train),
            "unigram": round(self.entropy, 5),
            **({"set": list(self.changes)} if self.changes else {}),
            **({} if self.origin is None else {"from": self.origin.to_record()}),
        }


def find_log(folder: Path, shown: Path, *, beside: bool) -> Log:
    inside = Path(FOLDER) / logs.FILE if beside else Path(logs.FILE)
    return Log(folder / inside, shown / inside)


def make_reader(corpus: Corpus, settings: Settings, processes: Processes) -> Reader:
    return Reader(
        corpus.train, settings.batch, settings.window, settings.seed,
        rank=processes.rank, world=processes.world,
    ).fitted()  # fmt: skip
