"""What a model file says of its making."""

from __future__ import annotations

from typing import Any

import torch

from escriba.charlm.training.health import has_learnt
from escriba.charlm.training.novelty import Memory
from escriba.charlm.training.run import Run
from escriba.charlm.training.training import Training


def describe(
    training: Training, run: Run, loss: float, memory: Memory | None = None
) -> dict[str, Any]:
    """The record of the best weights, at the moment when they were the best: their validation loss
    is given, and what they repeat of the training text.
    Numbers with a fraction are decimal text."""
    recipe, corpus, origin = training.recipe, training.corpus, training.origin
    characters = run.characters // max(run.step, 1) * run.best_step  # as many at each step
    seconds = run.seconds if run.best_seconds is None else run.best_seconds
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
            "characters": characters,
            "epochs": f"{characters / max(1, len(corpus.train)):.1f}",
            "seconds": round(seconds),
            "dropout": str(run.settings.dropout),
            **({"set": list(training.changes)} if training.changes else {}),
            **({} if origin is None else {"from": origin.to_record()}),
            **({} if has_learnt(loss, training.entropy) else {"untrained": True}),
            **({} if memory is None else memory.to_record()),
            "torch": torch.__version__.split("+")[0],
        },
    }
