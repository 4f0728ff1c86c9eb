"""The test vectors of exact sampling: reference, kernel in three engines, and plain JavaScript."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from escriba.records.model import Model
from escriba.sampling import tables
from escriba.sampling.request import ARITHMETIC, Options
from escriba.sampling.stream import make_stream
from escriba.sampling.wasm import Wasm
from support.kernel import as_json, in_chromium, in_node
from support.vectors import (
    EXACT,
    READS,
    REQUESTS,
    digest,
    digest_integers,
    model_of,
    options_of,
    read_vectors,
    reference_integers,
    walk,
)

VECTORS = read_vectors()
REMEDY = (
    "made of another model or arithmetic; make it again with: python tests/tools/make_vectors.py"
)


@pytest.fixture(params=sorted(VECTORS))
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = VECTORS[request.param]
    return found


def drawn_text(model: Model, drawn: list[int]) -> str:
    return model.vocabulary.decode(drawn)


def test_there_is_a_vector_of_each_request() -> None:
    assert set(VECTORS) == set(REQUESTS)


def test_a_vector_is_of_this_model_and_arithmetic(vector: dict[str, Any]) -> None:
    assert (vector["arithmetic"], vector["digest"]) == (ARITHMETIC, model_of(vector).digest), REMEDY
    assert len(vector["text"]) == 1000


def test_the_reference(vector: dict[str, Any]) -> None:
    model = model_of(vector)
    drawn, states = walk(model, make_stream(model, options_of(vector)))
    assert reference_integers(model) == vector["integers"]
    assert drawn_text(model, drawn) == vector["text"]
    assert states == vector["states"]


def test_the_kernel_in_wasmtime(vector: dict[str, Any]) -> None:
    model, options = model_of(vector), options_of(vector)
    kernel = Wasm(model)
    stream = make_stream(model, options)
    batch = kernel.begin(len(stream.prompt) + stream.length)
    batch.add([stream])
    (drawn,) = batch.advance(2000).values()
    assert drawn_text(model, drawn) == vector["text"]
    read = [*stream.prompt, *drawn][: READS[-1]]
    logits = [
        digest(scores, "<i4")
        for number, scores in enumerate(kernel.score(read), start=1)
        if number in READS
    ]
    assert logits == [state["logits"] for state in vector["states"]]


@pytest.mark.parametrize("engine", [in_node, in_chromium])
def test_the_kernel_in_other_engines(
    engine: Callable[[Model, list[Options]], list[str]], vector: dict[str, Any]
) -> None:
    assert engine(model_of(vector), [options_of(vector)]) == [vector["text"]]


def test_plain_javascript(vector: dict[str, Any]) -> None:
    """Written from the page alone, without WebAssembly."""
    node = shutil.which("node")
    if not node:
        pytest.skip("needs node")
    model = model_of(vector)
    given = {
        "model": base64.b64encode(model.path.read_bytes()).decode(),
        "tables": vars(tables.load()),
        "stream": as_json(make_stream(model, options_of(vector))),
        "reads": READS,
    }
    done = subprocess.run(
        [node, EXACT], input=json.dumps(given), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert drawn_text(model, found["drawn"]) == vector["text"]
    assert [
        {
            "read": read,
            "h": digest(state["h"], "<i2"),
            "c": digest(state["c"], "<i4"),
            "logits": digest(state["logits"], "<i4"),
        }
        for read, state in zip(READS, found["states"], strict=True)
    ] == vector["states"]
    matrices = [
        (matrix["shift"], [(row["factor"], row["bias"], row["q"]) for row in matrix["rows"]])
        for matrix in found["matrices"]
    ]
    integers = digest_integers(found["shift"], found["embedding"], matrices)
    assert integers == vector["integers"]
