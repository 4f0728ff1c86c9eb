"""Where a training begins: at random, or with the weights of another model (nanoGPT's init_from).

The corpus may be another one. Symbols that the other model knows keep their embedding and their row
of the head; new ones begin at random; those that the corpus lacks stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from escriba.charlm.training.engine import Floats
from escriba.corpora.corpus import Corpus, holds
from escriba.ground.errors import Place, TrainingError, shorten
from escriba.ground.language import plural, tr
from escriba.ground.project import Project
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import SYMBOLS, Network, read_model, read_weights
from escriba.records.recipe import admit_model
from escriba.records.vocabulary import Vocabulary

BY_SYMBOL = ("embedding.weight", "head.weight", "head.bias")  # a row for each


@dataclass(frozen=True)
class Origin:
    """The model that a training began with, by its folder's name and its digest, and all symbols of
    both. `weights`, over the symbols `known`, are there until the first checkpoint."""

    name: str
    digest: str
    vocabulary: Vocabulary
    known: str = ""
    weights: Mapping[str, Floats] = field(default_factory=dict, compare=False)

    def fill(self, weights: Mapping[str, Floats]) -> dict[str, Floats]:
        """Those of a new network over all symbols, with its own where the model has some."""
        rows = [self.vocabulary.indices[symbol] for symbol in self.known]
        found = {name: own.copy() for name, own in weights.items()}
        for name, own in self.weights.items():
            if name in BY_SYMBOL:
                found[name][rows] = own
            else:
                found[name] = own
        return found

    def to_state(self) -> dict[str, str]:
        """What a checkpoint holds of it."""
        return {"name": self.name, "digest": self.digest, "symbols": self.vocabulary.symbols}

    def to_record(self) -> dict[str, str]:
        return {"model": self.name, "digest": self.digest}


def read_origin(
    project: Project, name: str, network: Network, corpus: Corpus, place: Place
) -> Origin:
    """The model of that name, to begin a training with. Raises SourceError, ModelError, and
    TrainingError for one of another network or unit, at the `place` of the recipe."""
    folder = admit_model(project, name, (WEIGHTS,))
    model = read_model(folder, project.shown(folder))
    if model.network != network:
        raise TrainingError(
            tr(
                "the network is {own}, and that of '{name}', which the training begins with, is "
                "{other}; write network: {keys}",
                own=describe(network), other=describe(model.network), name=name,
                keys=_as_written(model.network),
            ),
            place,
        )  # fmt: skip
    if model.vocabulary.unit != corpus.unit:
        raise TrainingError(
            tr("the corpus is of {own}, and '{name}', which the training begins with, is of "
               "{other}", own=corpus.unit, name=name, other=model.vocabulary.unit), place,
        )  # fmt: skip
    known = model.vocabulary.symbols
    joined = "".join(sorted({*known, *corpus.vocabulary.symbols}))
    weights = read_weights(model, project.shown(model.path))
    return Origin(name, model.digest, Vocabulary(corpus.unit, joined), known, weights)


def recall_origin(state: Any, corpus: Corpus) -> Origin | None:
    """The origin that a checkpoint tells. Raises ValueError, KeyError or TypeError for one that no
    training has written."""
    if state is None:
        return None
    name, digest, symbols = (state[key] for key in ("name", "digest", "symbols"))
    right = all(type(value) is str for value in (name, digest, symbols))
    if not right or len(symbols) > SYMBOLS or any(a >= b for a, b in pairwise(symbols)):
        raise ValueError
    vocabulary = Vocabulary(corpus.unit, symbols)
    if not holds(vocabulary, corpus.vocabulary):
        raise ValueError
    return Origin(name, digest, vocabulary)


def refuse_other(origin: Origin | None, asked: str | None, name: str, place: Place) -> None:
    """Raise TrainingError if a training is to begin with another model than it began with."""
    if asked is None or (origin is not None and origin.name == asked):
        return
    began = tr("with '{name}'", name=shorten(origin.name)) if origin else tr("at random")
    raise TrainingError(
        tr(
            "this training began {began}, and not with '{asked}'; go on without --from, or begin "
            "again with: escriba train {name} --restart --from {asked}",
            began=began, asked=asked, name=name,
        ),
        place,
    )  # fmt: skip


def describe(network: Network) -> str:
    """A network in a few words: `lstm, 4 layers of 128`."""
    words = plural(
        "{cell}, {number} layer of {hidden} units", "{cell}, {number} layers of {hidden} units",
        network.layers, cell=network.cell, hidden=network.hidden,
    )  # fmt: skip
    return words if network.residual else tr("{network}, not residual", network=words)


def _as_written(network: Network) -> str:
    keys = f"cell: {network.cell}, layers: {network.layers}, hidden: {network.hidden}"
    return "{" + keys + ("" if network.residual else ", residual: false") + "}"
