"""Makes the test vectors of exact sampling, `tests/vectors/*.json`, from the reference.

python tests/tools/make_vectors.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # where support lies

from escriba.records.model import FILE
from escriba.sampling.quantised import quantise
from escriba.sampling.reference import Reference
from escriba.sampling.request import ARITHMETIC
from escriba.sampling.stream import make_stream
from support.models import make_model
from support.vectors import FOLDER, REQUESTS, model_of, options_of, reference_integers, walk


def make(name: str) -> dict[str, Any]:
    where, request = REQUESTS[name]
    vector = {"arithmetic": ARITHMETIC, "model": where, "request": {**request, "length": 1000}}
    model = model_of(vector)
    stream = make_stream(model, options_of(vector))
    drawn, states = walk(model, stream)
    batch = Reference(quantise(model)).begin(len(stream.prompt) + stream.length)
    batch.add([stream])
    assert [drawn] == list(batch.advance(5000).values())
    return {
        **vector,
        "digest": model.digest,
        "integers": reference_integers(model),
        "states": states,
        "text": model.vocabulary.decode(drawn),
    }


def main() -> None:
    for name, cell in (("rnn", "rnn"), ("gru", "gru"), ("lstm", "lstm"), ("plain", "lstm")):
        if not (FOLDER / name / FILE).exists():
            make_model(
                FOLDER / name, cell=cell, hidden=13, residual=name != "plain", seed=len(name)
            )
    for name in REQUESTS:
        text = json.dumps(make(name), ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
