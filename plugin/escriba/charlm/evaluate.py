"""Measuring a trained model on its test part, and writing down what was found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import yaml

from escriba.charlm.checkpoint import load_network, write_atomically
from escriba.charlm.corpus import read_corpus
from escriba.charlm.measure import measure
from escriba.charlm.recipe import read_recipe
from escriba.errors import ModelError, Place
from escriba.model import read_model
from escriba.project import Project

FILE = "evaluation.yml"


@dataclass(frozen=True)
class Evaluation:
    """Cross-entropy of a model on a text of that many characters and, before normalisation, bytes.

    `nats` is the mean per character (or per byte, for a model of bytes).
    """

    part: str
    characters: int
    bytes: int
    nats: float

    @property
    def bits(self) -> float:
        return self.nats / math.log(2)

    @property
    def nats_per_byte(self) -> float:
        """Per byte of the source file: the whole loss over the file's own length. A byte that
        normalisation removes (BOM, the CR of CRLF) is certain, so it costs nothing."""
        return self.nats * self.characters / self.bytes

    @property
    def bits_per_byte(self) -> float:
        return self.nats_per_byte / math.log(2)

    def to_dict(self) -> dict[str, str | int]:
        return {
            "characters": self.characters,
            "bytes": self.bytes,
            "nats": f"{self.nats:.4f}",
            "bits": f"{self.bits:.4f}",
            "nats-per-byte": f"{self.nats_per_byte:.4f}",
            "bits-per-byte": f"{self.bits_per_byte:.4f}",
        }


def evaluate(project: Project, name: str) -> tuple[Evaluation, ...]:
    """The model's loss on the validation and test parts of its own corpus.

    Raises ModelError, CorpusError and SourceError.
    """
    recipe = read_recipe(project.models, name, project.root)
    folder = project.models / name
    model = read_model(folder, project.shown(folder))
    corpus = read_corpus(recipe.corpus, project)
    if corpus.vocabulary != model.vocabulary:
        raise ModelError(
            "the vocabulary is not that of the recipe's corpus; "
            f"train it again with: escriba train {name} --restart",
            Place(project.shown(model.path)),
        )
    network = load_network(model)
    texts = corpus.parts
    found = []
    for index, part in enumerate(("validation", "test"), start=1):
        if len(texts[index]) < 2:
            continue
        loss = measure(network, texts[index], texts[index - 1][-1024:])
        found.append(Evaluation(part, len(texts[index]), corpus.parts[index].bytes, loss))
    return tuple(found)


def write_evaluation(folder: Path, found: tuple[Evaluation, ...]) -> Path:
    """Write `evaluation.yml`, where the posts' inline values come from."""
    path = folder / FILE
    text = yaml.safe_dump({e.part: e.to_dict() for e in found}, sort_keys=False)
    write_atomically(path, lambda file: file.write(text.encode()))
    return path
