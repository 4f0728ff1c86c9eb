"""What a model file says of its making."""

from __future__ import annotations

from typing import Any

import torch

from escriba.charlm.corpora.corpus import Corpus
from escriba.charlm.training.novelty import Memory
from escriba.charlm.training.run import Run
from escriba.records.recipe import Recipe


def describe(
    recipe: Recipe, corpus: Corpus, run: Run, loss: float, memory: Memory | None = None
) -> dict[str, Any]:
    """The record of the best weights, whose validation loss is given, and what they repeat of
    the training text. Numbers with a fraction are decimal text."""
    return {
        "corpus": {
            "name": recipe.corpus.name,
            "language": recipe.corpus.language,
            "licence": corpus.licence,
            "digest": corpus.digest,
            "characters": corpus.characters,
            "bytes": corpus.bytes,
            "sources": [dict(source) for source in corpus.sources],
        },
        "training": {
            "validation": f"{loss:.4f}",
            "steps": run.best_step,
            "characters": run.characters,
            "epochs": f"{run.characters / max(1, corpus.train.characters):.1f}",
            "seconds": round(run.seconds),
            "dropout": str(run.settings.dropout),
            **({} if memory is None else memory.to_record()),
            "torch": torch.__version__.split("+")[0],
        },
    }
