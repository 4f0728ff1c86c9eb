"""`models/<name>/evaluation.yml`: what `escriba evaluate` measured, and on which weights.

    model: 3f0c…                  # digest of the weights that were measured
    test:                         # a part of the corpus, or the name of a recorded text
      characters: 319800
      bytes: 325825
      nats: '1.1518'              # numbers that are not whole are decimal text
      nats-per-byte: '1.1305'
      ngram-20: '1.2688'          # a baseline, in nats per character; and ngram-20-per-byte
      lowercase: {share: '0.7512', nats: '1.0213', loss: '0.6661', ngram: '1.1044'}

Older files have no `model`. Neither torch nor numpy is needed to read one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from escriba.ground import schema
from escriba.ground.atomic import write_atomically
from escriba.ground.errors import Place, SourceError, TrainingError
from escriba.ground.files import exists, read_text
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal
from escriba.ground.yaml import compose

FILE = "evaluation.yml"
PARTS = ("validation", "test")
ORDERS = (1, 3, 5, 10, 20)  # of the n-gram models beside a model; 1 is called unigram
BASELINES = ("uniform", *("unigram" if order == 1 else f"ngram-{order}" for order in ORDERS))
CLASSES = (
    "lowercase", "uppercase", "letters", "digits", "spaces", "line-ends", "punctuation",
    "symbols", "other",
)  # fmt: skip
POSITIONS = ("word-first", "word-inner")
TOTALS = ("nats", "bits", "nats-per-byte", "bits-per-byte")
SHARES = ("share", "nats", "loss", "ngram")
_TEXTS = ("sha256",)
_TAKEN = (*PARTS, "model", "corpus", "log")  # names that inline values have other uses for

MEASURES = (
    "characters", "bytes", *TOTALS,
    *(name for baseline in BASELINES for name in (baseline, f"{baseline}-per-byte")),
    "best-ngram", "ngram-symbols", "sha256", "skipped",
    *(f"{group}.{name}" for group in (*CLASSES, *POSITIONS) for name in SHARES),
)  # fmt: skip


def check_name(name: str) -> None:
    """Raise SourceError for a name that a recorded text cannot have."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name) or name in _TAKEN:
        raise SourceError(
            tr(
                "a text cannot be recorded as '{name}': the name must be of the letters a to "
                "z, digits and hyphens, and none of {taken}",
                name=name,
                taken=", ".join(_TAKEN),
            )
        )


@dataclass(frozen=True)
class Evaluation:
    """`values` by their dotted names, `test.lowercase.nats`; `model` is the digest of the weights
    that they were measured on, or nothing."""

    model: str
    values: Mapping[str, int | Decimal | str]


def read_evaluation(folder: Path, shown: Path) -> Evaluation:
    """The evaluation in a model's folder, empty if there is none; `shown` is how errors name it.

    Raises SourceError for a file that is not one.
    """
    parts = read_parts(folder, shown)
    model = str(parts.pop("model", ""))
    place = Place(shown / FILE, 1)
    if not all(isinstance(part, dict) for part in parts.values()):
        raise SourceError(tr("expected a mapping of parts, each with its measures"), place)
    try:
        return Evaluation(model, dict(_flatten(parts, "")))
    except ValueError:
        raise SourceError(tr("a measure is not a number"), place) from None


def read_parts(folder: Path, shown: Path) -> dict[str, Any]:
    """The file as plain values, empty if there is none. Raises SourceError."""
    path = folder / FILE
    if not exists(path):
        return {}
    place = Place(shown / FILE, 1)
    node = compose(read_text(path, place.path), place)
    parts = schema.plain(node) if node is not None else {}
    if not isinstance(parts, dict):
        raise SourceError(tr("expected a mapping of parts, each with its measures"), place)
    return parts


def write_parts(
    folder: Path, model: str, parts: Mapping[str, Mapping[str, Any]], shown: Path
) -> list[str]:
    """Write what was measured of texts, on the weights of that digest; returns the names of those
    that went, since they were measured on others.

    What the file held of the same weights stays, if it is not measured anew. `shown` is how errors
    name the folder. Raises SourceError for an old file that is not an evaluation, TrainingError if
    the new one cannot be written.
    """
    import yaml

    old = read_parts(folder, shown)
    kept = old if old.pop("model", "") == model else {}
    whole = {**kept, **parts}
    order = [*(name for name in PARTS if name in whole), *sorted(whole.keys() - {*PARTS})]
    text = f"model: {model}\n" + "".join(
        yaml.safe_dump({name: whole[name]}, sort_keys=False, default_flow_style=None, width=1000)
        for name in order
    )
    write_atomically(
        folder / FILE, lambda file: file.write(text.encode()), shown / FILE, kind=TrainingError
    )
    return sorted(old.keys() - whole.keys())


def _flatten(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, int | Decimal | str]]:
    for name, content in values.items():
        if isinstance(content, dict):
            yield from _flatten(content, f"{prefix}{name}.")
        elif name in _TEXTS:
            yield prefix + name, str(content)
        else:
            yield prefix + name, content if type(content) is int else read_decimal(str(content))
