"""Measuring a trained model, and simpler ones beside it, on texts that it has not learnt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from escriba.charlm.device import bounded_memory, choose_device
from escriba.charlm.evaluation.baselines import TRAIN_LIMIT, Report, Subject, measure_baselines
from escriba.charlm.evaluation.classes import classify
from escriba.charlm.evaluation.outside import read_outside
from escriba.charlm.evaluation.score import MODEL, Score, Tally
from escriba.charlm.measure import measure
from escriba.charlm.network import CharLSTM
from escriba.charlm.weights import load_network, write_atomically
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.encoded import Text
from escriba.corpora.joined import holds, join
from escriba.ground.errors import ModelError, Place
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.records.evaluation import FILE, PARTS, read_parts
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Model, read_model
from escriba.records.recipe import CorpusRecipe, admit_model, read_recipe


@dataclass(frozen=True)
class Outsider:
    """A text file to measure instead of the corpus; `name` is what its score is called."""

    path: Path
    name: str
    skip_unknown: bool = False


def evaluate(
    project: Project,
    name: str,
    outsider: Outsider | None = None,
    *,
    baselines: bool = True,
    device: str | None = None,
    report: Report = lambda what, share: None,
) -> tuple[Score, ...]:
    """The model's loss on the validation and test parts of its own corpus, or on a text file.

    The `baselines` are counted on the training part; without them a text file can be measured
    where the corpus is not. Raises ModelError, CorpusError, SourceError, and TrainingError for a
    device that cannot be used or whose memory is full.
    """
    place = Place(project.shown(project.models / name / WEIGHTS))
    remedy = tr("measure it on another device, or without n-grams: --no-baselines")
    with bounded_memory(remedy, place):
        return _evaluate(project, name, outsider, baselines, device, report)


def _evaluate(
    project: Project,
    name: str,
    outsider: Outsider | None,
    baselines: bool,
    device: str | None,
    report: Report,
) -> tuple[Score, ...]:
    folder = admit_model(project, name, (WEIGHTS, FILE))
    recipe = read_recipe(project.models, name, project.root)
    model = read_model(folder, project.shown(folder))
    corpus = None
    if baselines or outsider is None:
        corpus = read_corpus(recipe.corpus, project)
        if holds(model.vocabulary, corpus.vocabulary):  # it may have begun with another model
            corpus = join(corpus, model.vocabulary)
        _refuse_other_corpus(corpus, model, project)
    if outsider is not None:
        found = [_read_outsider(outsider, model, recipe.corpus)]
    else:
        assert corpus is not None
        found = list(_read_parts(corpus, model))
    network = load_network(model, project.shown(model.path)).to(choose_device(device))
    for score, subject in found:
        _measure_model(network, subject, partial(report, score.part))
    if baselines and corpus is not None:
        subjects = [subject for _, subject in found]
        measure_baselines(corpus.train, subjects, len(corpus.vocabulary), report)
        counted = min(len(corpus.train), TRAIN_LIMIT)
        found = [(replace(s, counted=counted, countable=len(corpus.train)), t) for s, t in found]
    scores = tuple(subject.tally.complete(score) for score, subject in found)
    for score in scores:
        if not math.isfinite(score.nats):
            raise ModelError(
                tr("its loss on '{part}' is not a number: its weights are too large",
                   part=score.part), Place(project.shown(model.path)),
            )  # fmt: skip
    return scores


def write_evaluation(folder: Path, scores: Sequence[Score], shown: Path | None = None) -> Path:
    """Write `evaluation.yml`, where the posts' inline values come from.

    What it held of the same weights stays, if it has no new score. `shown` is how errors name the
    folder. Raises SourceError for an old file that is not an evaluation, TrainingError if the new
    one cannot be written.
    """
    model = scores[0].model
    old = read_parts(folder, shown or folder)
    kept = old if old.pop("model", "") == model else {}
    parts = kept | {score.part: score.to_dict() for score in scores}
    order = [*(name for name in PARTS if name in parts), *sorted(parts.keys() - {*PARTS})]
    text = f"model: {model}\n" + "".join(
        yaml.safe_dump({name: parts[name]}, sort_keys=False, default_flow_style=None, width=1000)
        for name in order
    )
    path = folder / FILE
    write_atomically(path, lambda file: file.write(text.encode()), shown and shown / FILE)
    return path


def find_outdated(folder: Path, scores: Sequence[Score], shown: Path | None = None) -> list[str]:
    """The texts of an `evaluation.yml` that go when these scores are written, since they were
    measured on other weights. Raises SourceError."""
    old = read_parts(folder, shown or folder)
    if old.pop("model", "") == scores[0].model:
        return []
    return sorted(old.keys() - {score.part for score in scores})


def _refuse_other_corpus(corpus: Corpus, model: Model, project: Project) -> None:
    """The parts of another text, or of another split, may hold what the model has learnt."""
    recorded = model.record.get("corpus")
    digest = recorded.get("digest") if isinstance(recorded, dict) else None
    digest = corpus.digest if digest is None else digest
    if corpus.vocabulary == model.vocabulary and corpus.digest == digest:
        return
    remedy = tr("train it again with: escriba train {name} --restart", name=model.name)
    if corpus.vocabulary == model.vocabulary:
        problem = tr(
            "the model was trained on another corpus than the recipe's; {remedy}", remedy=remedy
        )
    else:
        problem = tr(
            "the model was trained on another vocabulary than the recipe's; {remedy}", remedy=remedy
        )
    raise ModelError(problem, Place(project.shown(model.path)))


def _read_parts(corpus: Corpus, model: Model) -> Iterator[tuple[Score, Subject]]:
    for name, part, before in zip(PARTS, corpus.parts[1:], corpus.parts[:-1], strict=True):
        if len(part) >= 2:
            score = Score(name, model.digest, part.bytes)
            yield score, _begin(part, before, model)


def _read_outsider(outsider: Outsider, model: Model, recipe: CorpusRecipe) -> tuple[Score, Subject]:
    found = read_outside(
        outsider.path, model.vocabulary, model.name, recipe, skip_unknown=outsider.skip_unknown
    )
    score = Score(
        outsider.name, model.digest, found.bytes, sha256=found.sha256, skipped=found.skipped
    )
    # The first character is predicted too: as that of a document, or of a line.
    before = np.array([model.vocabulary.start])
    return score, _begin(found.symbols, before, model)


def _begin(text: Text, before: Text, model: Model) -> Subject:
    return Subject(text, before, Tally(classify(text, model.vocabulary)))


def _measure_model(network: CharLSTM, subject: Subject, report: Callable[[float], None]) -> None:
    done = 0

    def collect(losses: NDArray[np.float32], positions: NDArray[np.int64]) -> None:
        nonlocal done
        subject.tally.add(MODEL, losses, positions)
        done += len(losses)
        report(done / len(subject.text))

    measure(network, subject.text, subject.before, collect=collect)
