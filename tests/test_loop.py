"""What engines share, with one that needs no torch: loop, clock, log, checkpoint and weights."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import pytest

from escriba.charlm.training.checkpoint import FOLDER, LATEST, Checkpoint
from escriba.charlm.training.clock import Beside, Watch
from escriba.charlm.training.engine import Processes
from escriba.charlm.training.health import count_symbols
from escriba.charlm.training.loop import Loop
from escriba.charlm.training.settings import Limit, settle
from escriba.charlm.training.training import Training
from escriba.corpora.corpus import read_corpus
from escriba.ground.project import Project
from escriba.records.model import read_model, read_weights
from escriba.records.recipe import read_recipe
from support.engines import CountingBackend
from support.training import TEXT, log_of, make_site, timeless, weights

STEPS = 300


def prepare(site: Project, *, goes_on: bool = False) -> Training:
    folder = site.models / "count"
    recipe_path = folder / "recipe.yml"
    recipe_path.write_text(recipe_path.read_text().replace("hidden: 16", "hidden: 32"))
    recipe = read_recipe(site.models, "count", site.root)
    corpus = read_corpus(recipe.corpus, site)
    settings = settle(recipe, Limit(steps=STEPS))
    checkpoint = Checkpoint(folder, site.shown(folder), "the same")
    return Training(
        folder=folder, shown=site.shown(folder), is_beside=False, recipe=recipe, corpus=corpus,
        settings=settings, backend=CountingBackend(), processes=Processes(),
        counts=count_symbols(corpus.train, len(corpus.vocabulary)), checkpoint=checkpoint,
        state=checkpoint.read(LATEST) if goes_on else None, threads=1,
    )  # fmt: skip


def conduct(training: Training, stop: Callable[[], bool] = lambda: False) -> Loop:
    run = training.resume()
    watch = Watch(lambda moment: None, lambda step, text: None, lambda entry: None)
    loop = Loop(training, run, watch, stop, 60.0, None, Beside(0.0, 0))
    loop.run_on()
    return loop


def test_any_engine_is_trained_logged_and_written(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    loop = conduct(prepare(site))
    assert loop.run.step == STEPS
    singles, pairs = Counter(TEXT), Counter(pairwise(TEXT))
    entropy = -sum(n * math.log(n / singles[a]) for (a, _), n in pairs.items()) / len(TEXT)
    assert loop.run.best == pytest.approx(entropy, abs=0.03)
    log = log_of(site)
    assert [line["step"] for line in log if "sample" in line] == [10, 30, 100, 300]
    model = read_model(site.models / "count")
    assert model.record["training"]["counting"] == "1"
    written = read_weights(model)
    assert all((written[name] == loop.run.best_weights[name]).all() for name in written)


def test_any_engine_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    whole, halved = make_site(tmp_path / "whole"), make_site(tmp_path / "halved")
    conduct(prepare(whole))
    looks = count()
    assert conduct(prepare(halved), lambda: next(looks) > 15).run.step == 128
    assert (halved.models / "count" / FOLDER / LATEST).exists()
    conduct(prepare(halved, goes_on=True))
    assert weights(halved) == weights(whole)
    assert timeless(log_of(halved)) == timeless(log_of(whole))
