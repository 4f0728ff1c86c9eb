"""Random models for tests: files as training writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from escriba.model import FILE, Cell, Model, Network, header, read_model
from escriba.vocabulary import Unit, Vocabulary

LETTERS = "\n !,.?abcdefghijklmnopqrstuvwxyz"


def make_model(
    folder: Path,
    *,
    cell: Cell = "lstm",
    layers: int = 2,
    hidden: int = 16,
    symbols: str = LETTERS,
    unit: Unit = "characters",
    seed: int = 0,
    residual: bool = True,
    scale: float | None = None,
    tensors: dict[str, np.ndarray] | None = None,
) -> Model:
    """A model with random weights in `folder` (`models/<name>`), made with its parents.

    The weights are normal with standard deviation `scale`, by default one that gives a lively
    text: neither uniform noise nor one symbol for ever. `tensors` replaces some of them.
    """
    network = Network(cell, layers, hidden, residual)
    vocabulary = Vocabulary(unit, "".join(sorted(symbols)))
    random = np.random.default_rng(seed)
    deviation = scale if scale is not None else 1.5 / hidden**0.5
    weights = {
        name: random.normal(0, deviation, shape).astype(np.float32)
        for name, shape in network.shapes(len(vocabulary)).items()
    }
    weights.update(tensors or {})
    record = {
        "corpus": {
            "name": "random.txt",
            "digest": "0" * 64,
            "characters": 1000,
            "bytes": 1100,
            "licence": "public domain",
        },
        "training": {"validation": "1.234", "characters": 1_000_000, "seconds": 60, "steps": 500},
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / FILE, header(network, vocabulary, record))
    return read_model(folder)
