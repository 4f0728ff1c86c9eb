"""The kernel in other engines than wasmtime."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from escriba.records.model import Model
from escriba.sampling import wasm
from escriba.sampling.request import Options
from escriba.sampling.stream import Stream, make_stream
from escriba.sampling.wasm import Wasm
from support.chromium import CHROMIUM, chromium

JAVASCRIPT = Path(__file__).with_name("kernel.js")


def as_json(stream: Stream) -> dict[str, object]:
    names = {"top_k": "topK", "top_p": "topP", "min_p": "minP"}
    value = {names.get(name, name): field for name, field in vars(stream).items()}
    return {**value, "seed": str(stream.seed)}


def case_as_json(model: Model, options: Sequence[Options]) -> dict[str, object]:
    return {
        "wasm": base64.b64encode(wasm.PATH.read_bytes()).decode(),
        "image": base64.b64encode(Wasm(model).image).decode(),
        "streams": [as_json(make_stream(model, each)) for each in options],
    }


def in_node(model: Model, options: Sequence[Options]) -> list[str]:
    node = shutil.which("node")
    if not node:
        pytest.skip("needs node")
    script = JAVASCRIPT.read_text() + (
        "const c = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "sampleWithKernel(Buffer.from(c.wasm, 'base64'), Buffer.from(c.image, 'base64'), c.streams)"
        ".then(drawn => console.log(JSON.stringify(drawn)));"
    )
    given = json.dumps(case_as_json(model, options))
    done = subprocess.run(
        [node, "-e", script], input=given, check=True, capture_output=True, text=True
    )
    return [model.vocabulary.decode(drawn) for drawn in json.loads(done.stdout)]


def in_chromium(model: Model, options: Sequence[Options]) -> list[str]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    script = (
        "async (c) => {"
        + JAVASCRIPT.read_text()
        + "const bytes = (text) => Uint8Array.from(atob(text), (x) => x.charCodeAt(0));"
        "return await sampleWithKernel(bytes(c.wasm), bytes(c.image), c.streams); }"
    )
    with chromium() as browser:
        drawn = browser.new_page().evaluate(script, case_as_json(model, options))
    return [model.vocabulary.decode(indices) for indices in drawn]
