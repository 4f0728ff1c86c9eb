"""From a recipe to the training that it asks for: what is left open is chosen, and what cannot go
on is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from escriba.charlm.memory import estimate, refuse_excess, refuse_network
from escriba.charlm.training import log as logs
from escriba.charlm.training.checkpoint import (
    CONSTANT,
    FOLDER,
    LATEST,
    Checkpoint,
    State,
    check_chosen,
)
from escriba.charlm.training.engine import Machine, Processes
from escriba.charlm.training.health import count_symbols
from escriba.charlm.training.origin import Origin, read_origin, recall_origin, refuse_other
from escriba.charlm.training.settings import Limit, Settings, settle
from escriba.charlm.training.training import Training, find_log, make_reader
from escriba.corpora.corpus import Corpus, join, read_corpus
from escriba.ground.errors import ModelError, Place, TrainingError, shorten
from escriba.ground.install import need_torch
from escriba.ground.language import tr
from escriba.ground.lock import hold
from escriba.ground.project import Project
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Network, read_model
from escriba.records.recipe import FILE as RECIPE
from escriba.records.recipe import Budget, Engine, Recipe, admit_model, read_recipe

LOCK = "lock"
# Of the exact engine a minute is as many steps as a machine of two usual cores takes in it, about:
# so many operations a second, of which each weight needs FLOPS for a symbol, each unit and each
# score FUNCTIONS, and each step ONCE so many.
NOMINAL, FLOPS, FUNCTIONS, ONCE = 40e9, 6, 500, 1e8
USUAL = 100  # symbols of a vocabulary that is not known yet
# What a training touches in the folder of its model.
FILES = (
    WEIGHTS, logs.FILE, FOLDER, f"{FOLDER}/{LATEST}", f"{FOLDER}/{CONSTANT}", f"{FOLDER}/{LOCK}",
    f"{FOLDER}/{WEIGHTS}", f"{FOLDER}/{logs.FILE}", f"{FOLDER}/before",
)  # fmt: skip


def prepare(
    project: Project, name: str, processes: Processes, *,
    limit: Limit, budget: Budget | None, device: str | None, restart: bool,
    start: str | None = None, changes: Sequence[str] = (), aside: bool = False,
    reading: Callable[[int, int], None] = lambda done, total: None,
) -> Training:  # fmt: skip
    """The training that a recipe asks for; `start` is the model to begin with, in place of the
    recipe's. Raises like `train`; TrainingError also for a checkpoint that is damaged, or of
    another training, and for what the machine has no memory for."""
    folder = admit_model(project, name, FILES)
    shown = project.shown(folder)
    place = Place(shown / RECIPE)
    recipe = read_recipe(project.models, name, project.root, changes)
    if processes.leads and not restart and start is None:
        _refuse_trained(folder, shown)
    network = recipe.architecture()
    refuse_network(network, 1, place)  # before a large corpus is read
    machine = choose_machine(recipe, device, processes, place)
    corpus = _read_corpus(recipe, project, processes, reading)
    settings = _settle(recipe, corpus, limit, budget, processes)
    checkpoint = Checkpoint(folder, shown, _identify(recipe, corpus, settings))
    state, chosen, beside = _look_back(checkpoint, processes, restart=restart)
    origin = _find_origin(project, recipe, corpus, checkpoint, processes, state, start)
    corpus = corpus if origin is None else join(corpus, origin.vocabulary)
    refuse_network(network, len(corpus.vocabulary), place)
    if processes.leads and state is None:
        _refuse_excess(network, corpus, settings, "bfloat16", processes, machine, place)
        chosen = machine.choose(recipe, len(corpus.vocabulary), len(corpus.train), settings)
    state, chosen, beside = processes.share((state, chosen, beside or (aside and state is None)))
    precision, threads = chosen.pop("precision"), chosen.pop("threads", None)
    backend = machine.make_backend(precision, begun=state is not None)
    settings = replace(settings, **chosen)
    _refuse_processes(settings, processes, place)
    _refuse_excess(network, corpus, settings, precision, processes, machine, place)
    return Training(
        folder=folder, shown=shown, is_beside=beside, recipe=recipe, corpus=corpus,
        settings=settings, backend=backend, processes=processes,
        counts=count_symbols(corpus.train, len(corpus.vocabulary)), checkpoint=checkpoint,
        state=state, threads=threads, origin=origin, changes=tuple(changes),
    )  # fmt: skip


def find_minutes(recipe: Recipe) -> float | None:
    """About how long a recipe trains at most, before its corpus is read; None if only its loss, or
    a number of passes, says."""
    settings = settle(recipe, Limit())
    limit, found = settings.limit, []
    if limit.minutes is not None:
        found.append(limit.minutes)
    if limit.steps is not None:
        work = _count_work(recipe.architecture(), USUAL, settings.batch, settings.window)
        found.append(limit.steps * work / NOMINAL / 60)
    return min(found, default=None)


def name_engine(recipe: Recipe) -> Engine:
    """The recipe's engine: torch where it is installed, if it names none."""
    return recipe.training.engine or ("exact" if find_spec("torch") is None else "torch")


def choose_machine(
    recipe: Recipe, device: str | None, processes: Processes, place: Place
) -> Machine:
    """What to train with. Raises TrainingError if it is not here."""
    if name_engine(recipe) == "torch":
        need_torch()
        from escriba.charlm.training.torch_machine import TorchMachine

        return TorchMachine.find(device, processes, place)
    from escriba.charlm.training.exact_engine import ExactMachine

    if processes.world > 1 or device not in (None, "cpu"):
        need_torch()  # which the exact engine stands in for, if nothing else was asked
        raise TrainingError(
            tr("the exact engine trains on the processors of one machine; write engine: torch"),
            place,
        )
    for key, value, own in (
        ("precision", recipe.training.precision, ("auto", "float32")),
        ("optimiser", recipe.training.optimiser, ("adamw",)),
    ):
        if value not in own:
            need_torch()
            raise TrainingError(
                tr("the exact engine has {key}: {own}", key=key, own=own[-1]), place
            )
    return ExactMachine()


def _settle(
    recipe: Recipe, corpus: Corpus, asked: Limit, budget: Budget | None, processes: Processes
) -> Settings:
    """The settings for a corpus; of the exact engine, with steps in the place of minutes, since a
    clock would have a say in the weights."""
    engine, symbols = name_engine(recipe), len(corpus.train)
    settings = settle(recipe, asked, budget, symbols=symbols, engine=engine)
    limit = settings.limit
    if engine != "exact" or limit.minutes is None:
        return settings
    reader = make_reader(corpus, settings, processes)
    work = _count_work(recipe.architecture(), len(corpus.vocabulary), reader.batch, reader.window)
    steps = max(1, int(limit.minutes * 60 * NOMINAL / work))
    steps = steps if limit.steps is None else min(steps, limit.steps)
    # Of steps, too, it follows how often the text is read, and so the dropout.
    return settle(recipe, replace(limit, minutes=None, steps=steps), symbols=symbols, engine=engine)


def _count_work(network: Network, symbols: int, batch: int, window: int) -> float:
    """The operations of a step, about: of its products, of its functions, and of all that happens
    once."""
    functions = FUNCTIONS * (network.layers * network.hidden + symbols)
    return batch * window * (FLOPS * network.count(symbols) + functions) + ONCE


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


def _identify(recipe: Recipe, corpus: Corpus, settings: Settings) -> str:
    """The digest of what must not change under a checkpoint."""
    return settings.digest(
        corpus.digest, sorted(asdict(recipe.architecture()).items()), recipe.network.dropout,
        recipe.training.batch, recipe.training.learning_rate,
    )  # fmt: skip


def _look_back(
    checkpoint: Checkpoint, processes: Processes, *, restart: bool
) -> tuple[State | None, dict[str, Any], bool]:
    """The state to go on from, if any, what was chosen then, and whether the training is beside
    what stands in the folder; for the leader alone."""
    if not processes.leads:
        return None, {}, False
    folder = checkpoint.folder
    if checkpoint.exists(LATEST) and not restart:
        state = checkpoint.read(LATEST)
        chosen = check_chosen(state, checkpoint)
        return state, chosen, _goes_on_beside(folder, checkpoint.shown, state)
    return None, {}, any(os.path.lexists(folder / file) for file in (WEIGHTS, logs.FILE))


def _find_origin(
    project: Project, recipe: Recipe, corpus: Corpus, checkpoint: Checkpoint,
    processes: Processes, state: State | None, start: str | None,
) -> Origin | None:  # fmt: skip
    """What the training begins with, or began with, the same in every process."""
    place, asked = Place(checkpoint.shown / RECIPE), start or recipe.from_
    origin = None
    if processes.leads and state is not None:
        origin = _recall_origin(state, corpus, checkpoint)
        refuse_other(origin, asked, checkpoint.folder.name, place)
    elif processes.leads and asked:
        origin = read_origin(project, asked, recipe.architecture(), corpus, place)
    return processes.share(origin)


def _recall_origin(state: State, corpus: Corpus, checkpoint: Checkpoint) -> Origin | None:
    try:
        return recall_origin(state.values.get("origin"), corpus)
    except (ValueError, KeyError, TypeError) as error:
        raise checkpoint.refuse(LATEST, error) from None


def _goes_on_beside(folder: Path, shown: Path, state: State) -> bool:
    """Whether the log of a checkpoint is the one beside, or none that is here."""
    step = state.values.get("step")
    beside, place = (find_log(folder, shown, beside=beside) for beside in (True, False))
    if type(step) is not int:
        return False  # which is refused later
    mark = state.values.get("log")
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
            "is not here; to train it anew: escriba train {name} --restart, or from these weights "
            "on: escriba train {name} --from {name} (the new weights take the place of these if "
            "they are better)",
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


def _refuse_excess(
    network: Network, corpus: Corpus, settings: Settings, precision: str, processes: Processes,
    machine: Machine, place: Place,
) -> None:  # fmt: skip
    reader = make_reader(corpus, settings, processes)
    per_step = reader.batch * reader.window // processes.world
    needed = estimate(network, len(corpus.vocabulary), per_step, precision)
    refuse_excess(needed, machine.find_memory(), place)


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
