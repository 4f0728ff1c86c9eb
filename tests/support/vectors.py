"""Test vectors of exact sampling: `tests/vectors/*.json`.

A vector has a model (a file beside it, or one of `models/`), a request, the text that it gives, and
digests of what lies between: of the integers that the weights become, and, after some numbers of
symbols read, of the states h and c and of the logits. Digests are SHA-256, of numbers low byte first:
h of 16 bits, c and logits of 32; of the integers: A (32 bits), the embedding (16), and for each layer
and the head S (32) and for each row factor, bias (32) and all q (8).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from escriba.records.model import Model, read_model
from escriba.sampling.quantised import quantise
from escriba.sampling.reference import Integers, Walk
from escriba.sampling.request import Options
from escriba.sampling.stream import Stream

FOLDER = Path(__file__).parents[1] / "vectors"
EXACT = Path(__file__).with_name("exact.js")
READS = (1, 2, 10, 100, 1000)  # symbols read: where states and logits are looked at

REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("rnn", {"prompt": "the end", "temperature": "0.8", "seed": 42}),
    "gru": ("gru", {"prompt": "a", "temperature": "1.3", "seed": 7, "top_k": 9}),
    "lstm": ("lstm", {"temperature": "1", "seed": 2**64 - 1, "top_p": "0.9", "min_p": "0.01"}),
    "plain": ("plain", {"prompt": "b", "temperature": "0.001", "seed": 0}),
    "likeliest": ("lstm", {"prompt": "the ", "temperature": "0", "seed": 3}),
    "tolstoi": (
        "../../models/tolstoi", {"prompt": "Well, Prince", "temperature": "0.7", "seed": 42},
    ),
}  # fmt: skip


def read_vectors() -> dict[str, dict[str, Any]]:
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
    }


def model_of(vector: dict[str, Any]) -> Model:
    return read_model((FOLDER / vector["model"]).resolve())


def options_of(vector: dict[str, Any]) -> Options:
    request = dict(vector["request"])
    for name in ("temperature", "top_p", "min_p"):
        if name in request:
            request[name] = Decimal(request[name])
    return Options(**request)


def digest(numbers: Iterable[int] | np.ndarray, kind: str) -> str:
    return hashlib.sha256(np.asarray(numbers).astype(kind).tobytes()).hexdigest()


def digest_integers(
    shift: int,
    embedding: np.ndarray,
    matrices: Sequence[tuple[int, Sequence[tuple[int, int, Any]]]],
) -> str:
    parts = [np.array([shift]).astype("<i4"), np.asarray(embedding).astype("<i2")]
    for own, rows in matrices:
        parts.append(np.array([own]).astype("<i4"))
        for factor, bias, q in rows:
            parts += [np.array([factor, bias]).astype("<i4"), np.asarray(q).astype("<i1")]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def reference_integers(model: Model) -> str:
    weights = quantise(model)
    return digest_integers(
        weights.activation_shift,
        weights.embedding,
        [
            (m.shift, list(zip(m.factors.tolist(), m.bias.tolist(), m.q, strict=True)))
            for m in (*weights.layers, weights.head)
        ],
    )


def walk(model: Model, stream: Stream) -> tuple[list[int], list[dict[str, Any]]]:
    """What the reference draws, and its states."""
    network = Watched(model)
    one = Walk(network, stream)
    return one.advance(stream.length + len(stream.prompt)), network.states


class Watched(Integers):
    """The reference's network, which notes its states."""

    def __init__(self, model: Model):
        super().__init__(quantise(model))
        self.states: list[dict[str, Any]] = []
        self._read = 0

    def step(self, symbol: int, state: Any) -> Any:
        top = super().step(symbol, state)
        self._read += 1
        if self._read in READS:
            h, c = state
            logits = digest(self.logits(top), "<i4")
            self.states.append(
                {"read": self._read, "h": digest(h, "<i2"), "c": digest(c, "<i4"), "logits": logits}
            )
        return top
