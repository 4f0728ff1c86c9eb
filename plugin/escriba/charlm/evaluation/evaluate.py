"""Measuring a trained model, and simpler ones beside it, on texts that it has not learnt: the parts
of its corpus that were held out, or a text file that is read as the corpus was.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.evaluation.ngram import TRAIN_LIMIT, Report, Subject, measure_baselines
from escriba.charlm.evaluation.score import MODEL, Score, Tally, classify
from escriba.charlm.memory import bounded_memory
from escriba.corpora.archives import BLOCK, Document, list_documents
from escriba.corpora.cleaning import Cleaner, uses
from escriba.corpora.corpus import Corpus, encode, holds, join, read_corpus
from escriba.corpora.encoded import Text
from escriba.corpora.foreign import refuse_foreign
from escriba.corpora.texts import compose, unwrap
from escriba.ground.errors import CorpusError, ModelError, Place
from escriba.ground.files import read_bytes
from escriba.ground.install import need_torch
from escriba.ground.language import plural, tr
from escriba.ground.project import Project
from escriba.records.evaluation import FILE, PARTS
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Model, read_model
from escriba.records.recipe import CorpusRecipe, admit_model, read_recipe
from escriba.records.vocabulary import Vocabulary, name_character

LONGEST = 1 << 29  # bytes of a text, which is held in memory as four times as many


Collect = Callable[[NDArray[np.floating[Any]], NDArray[np.int64]], None]
Measure = Callable[[Text, Text | None, Collect], float]


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
    measure = _choose_measure(model, project.shown(model.path), device)
    for score, subject in found:
        _measure_model(measure, subject, partial(report, score.part))
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


def _choose_measure(model: Model, shown: Path, device: str | None) -> Measure:
    """How the model is measured: by torch, or by the exact kernel where it is not installed.
    Raises TrainingError for a device that cannot be used."""
    if device is None and find_spec("torch") is None:
        from escriba.charlm.exact.measure import load_measure

        return load_measure(model, shown)
    need_torch()
    from escriba.charlm.device import choose_device
    from escriba.charlm.measure import measure
    from escriba.charlm.network import load_network

    network = load_network(model, shown).to(choose_device(device))
    return lambda text, before, collect: measure(network, text, before, collect=collect)


def _measure_model(measure: Measure, subject: Subject, report: Callable[[float], None]) -> None:
    done = 0

    def collect(losses: NDArray[np.floating[Any]], positions: NDArray[np.int64]) -> None:
        nonlocal done
        subject.tally.add(MODEL, losses, positions)
        done += len(losses)
        report(done / len(subject.text))

    measure(subject.text, subject.before, collect)


@dataclass(frozen=True)
class Outside:
    """The symbols (N,) of a text, the bytes of the file without those of the characters that were
    left out, how many those were, and the digest of the whole file."""

    symbols: NDArray[np.int32]
    bytes: int
    skipped: int
    sha256: str


def read_outside(
    path: Path, vocabulary: Vocabulary, model: str, recipe: CorpusRecipe, *, skip_unknown: bool
) -> Outside:
    """A file, normalised (LF, NFC, no BOM), unpacked, cleaned and unwrapped as a recipe's are.

    Raises CorpusError for a file that cannot be read, is no text, or has nothing to predict; and,
    unless `skip_unknown`, for characters that the vocabulary lacks and that nothing stands for.
    """
    document = _find_document(path, recipe.encoding)
    read = _Read(document)
    text = "".join(Cleaner(replace(recipe, dedupe=())).read(read))
    size = len(text.encode()) if uses(recipe) else read.length
    text = "".join(compose([text]))
    ready = "".join(unwrap([text])) if recipe.unwrap else text
    unknown = _find_unknown(ready, vocabulary)
    if unknown and recipe.rare and recipe.rare in vocabulary.symbols:
        ready = ready.translate(dict.fromkeys(map(ord, unknown), recipe.rare))
        unknown = Counter()
    if unknown and not skip_unknown:
        raise CorpusError(_describe(unknown, model), _first_place(text, unknown, path))
    kept = ready.translate(dict.fromkeys(map(ord, unknown))) if unknown else ready
    if not kept:
        reason = tr("no character of it is in the vocabulary") if ready else tr("it is empty")
        raise CorpusError(tr("there is nothing to predict: {reason}", reason=reason), Place(path))
    lost = sum(count * len(symbol.encode()) for symbol, count in unknown.items())
    digest = hashlib.sha256(read_bytes(path, kind=CorpusError, limit=LONGEST)).hexdigest()
    return Outside(encode(kept, vocabulary), size - lost, unknown.total(), digest)


def _find_document(path: Path, encoding: str) -> Document:
    documents = list_documents(path, path)
    if len(documents) > 1:
        raise CorpusError(
            tr("holds {number} texts; take out the one to measure on", number=len(documents)),
            Place(path),
        )
    refuse_foreign(documents, encoding, alone=True)
    return documents[0]


class _Read:
    """A document that counts the bytes it gives, and gives no more than can be held in memory."""

    def __init__(self, document: Document):
        self.document, self.shown, self.length = document, document.shown, 0

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Its bytes. Raises CorpusError."""
        self.length = 0
        for block in self.document.blocks(size):
            self.length += len(block)
            if self.length > LONGEST:
                raise CorpusError(
                    tr("is larger than {limit} MB, the most that is read", limit=LONGEST >> 20),
                    Place(self.shown),
                )
            yield block


def _find_unknown(text: str, vocabulary: Vocabulary) -> Counter[str]:
    """The characters that the vocabulary lacks (or a byte of which it lacks), first one first."""
    known = set(vocabulary.symbols)
    found = dict.fromkeys(text)
    if vocabulary.unit == "bytes":
        lacking = [c for c in found if not known.issuperset(c.encode().decode("latin-1"))]
    else:
        lacking = [c for c in found if c not in known]
    return Counter({symbol: text.count(symbol) for symbol in lacking})


def _describe(unknown: Counter[str], model: str) -> str:
    first, *others = unknown
    total = unknown.total()
    more = plural(", nor is {number} other", ", nor are {number} others", len(others))
    return tr(
        "the character {character} is not in the vocabulary of the model '{model}'{more} ({total} "
        "in the whole text); leave them out with: --skip-unknown",
        character=name_character(first), model=model, more=more if others else "", total=total,
    )  # fmt: skip


def _first_place(text: str, unknown: Iterable[str], path: Path) -> Place:
    """Where the first unknown character stands; a space that came of a line end has no place."""
    position = text.find(next(iter(unknown)))
    return Place(path, text.count("\n", 0, position) + 1) if position >= 0 else Place(path)
