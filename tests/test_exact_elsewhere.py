"""The same training in other engines than wasmtime: its weights are the same, bit for bit."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escriba.charlm.exact import wasm
from escriba.charlm.exact.wasm import join
from escriba.charlm.training.exact_engine import ExactEngine
from escriba.charlm.training.settings import Limit, settle
from escriba.corpora.windows import Reader, Window
from escriba.records.model import Network
from escriba.records.recipe import CorpusRecipe, NetworkRecipe, Recipe, Source, TrainingRecipe
from support.browsers import Browser, find_firefox, find_webkit, firefox, webkit
from support.chromium import CHROMIUM, chromium

JAVASCRIPT = (Path(__file__).parent / "support" / "training.js").read_text("utf-8")
SYMBOLS, BATCH, WINDOW, STEPS = 30, 18, 16, 40
RECIPE = Recipe(
    CorpusRecipe((Source(file="a"),)),
    NetworkRecipe(dropout=0.1),
    TrainingRecipe(batch=BATCH, window=WINDOW, seed=5),
)
SETTINGS = settle(RECIPE, Limit(steps=STEPS), engine="exact")


def read_windows() -> list[Window]:
    text = np.random.default_rng(2).integers(SYMBOLS, size=8000, dtype=np.uint32)
    reader = Reader(text, BATCH, WINDOW, seed=1).read()
    return [next(reader) for _ in range(STEPS)]


def train_here(network: Network, threads: int = 1) -> bytes:
    engine = ExactEngine(network, SYMBOLS, SETTINGS, threads)
    for window in read_windows():
        engine.step(window, 1.0)
    return join(engine.weights(), [*network.shapes(SYMBOLS)]).tobytes()


def as_json(network: Network) -> dict[str, Any]:
    windows = [
        {"read": w.symbols.tolist(), "targets": w.targets.tolist(), "fresh": w.fresh}
        for w in read_windows()
    ]
    return {
        "cell": network.cell, "layers": network.layers, "hidden": network.hidden,
        "symbols": SYMBOLS, "residual": int(network.residual), "steps": WINDOW, "batch": BATCH,
        "seed": SETTINGS.seed, "dropout": SETTINGS.dropout, "decay": SETTINGS.weight_decay,
        "rate": SETTINGS.learning_rate, "clip": SETTINGS.clip, "windows": windows,
        "count": network.count(SYMBOLS),
    }  # fmt: skip


BYTES = "const bytes = (text) => Uint8Array.from(atob(text), (x) => x.charCodeAt(0));"
TEXT = "const text = (data) => { let t = ''; for (const b of data) t += String.fromCharCode(b); return btoa(t); };"


def body(network: Network) -> str:
    """The body of an asynchronous function that trains, and returns the weights in base64."""
    code = base64.b64encode(wasm.PATH.read_bytes()).decode()
    return (
        f"{JAVASCRIPT}\n{BYTES}\n{TEXT}\n"
        f"return text(await trainWithKernel(bytes('{code}'), {json.dumps(as_json(network))}));"
    )


def in_node(network: Network) -> bytes:
    node = shutil.which("node")
    if not node:
        pytest.skip("needs node")
    script = f"(async () => {{ {body(network)} }})().then((found) => console.log(found));"
    done = subprocess.run([node, "-"], input=script, check=True, capture_output=True, text=True)
    return base64.b64decode(done.stdout)


def in_chromium(network: Network) -> bytes:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with chromium() as browser:
        return base64.b64decode(browser.new_page().evaluate(f"async () => {{ {body(network)} }}"))


def in_browser(
    find: Callable[[], object], start: Callable[[], Any], name: str
) -> Callable[[Network], bytes]:
    def run(network: Network) -> bytes:
        if find() is None:
            pytest.skip(f"{name} is not installed: .ci/run says how")
        window: Browser
        with start() as window:
            return base64.b64decode(window.run(body(network)))

    return run


ENGINES: dict[str, Callable[[Network], bytes]] = {
    "node": in_node,
    "chromium": in_chromium,
    "firefox": in_browser(find_firefox, firefox, "firefox"),
    "webkit": in_browser(find_webkit, webkit, "webkit"),
}


@pytest.fixture(params=["lstm", "gru", "rnn"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    yield Network(request.param, 2, 20, residual=request.param != "rnn")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_weights_are_the_same(engine: str, network: Network) -> None:
    assert ENGINES[engine](network) == train_here(network)


@pytest.mark.parametrize("how", ["not optimised", "interpreted", "by two threads"])
def test_the_weights_do_not_depend_on_wasmtime(
    monkeypatch: pytest.MonkeyPatch, network: Network, how: str
) -> None:
    import wasmtime

    expected = train_here(network)
    if how == "by two threads":
        assert train_here(network, 2) == expected
        return
    config = wasmtime.Config()
    if how == "not optimised":
        config.cranelift_opt_level = "none"
    else:
        try:
            config.target = "pulley64"
        except wasmtime.WasmtimeError:
            pytest.skip("this wasmtime has no interpreter")
    engine = wasmtime.Engine(config)
    module = wasmtime.Module(engine, wasm.PATH.read_bytes())
    monkeypatch.setattr(wasm, "_compile", lambda: (engine, module))
    assert train_here(network) == expected
