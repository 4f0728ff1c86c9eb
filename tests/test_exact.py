"""Exact training: the kernel does what its page says, bit for bit, by any number of threads."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from escriba.charlm.exact.functions import Random
from escriba.charlm.exact.reference import Reference, exponential, logarithm, sigmoid, tangent
from escriba.charlm.exact.wasm import PATH, Instance, join
from escriba.charlm.training.exact_engine import ExactBackend, ExactEngine
from escriba.charlm.training.settings import Limit, Settings, settle
from escriba.charlm.training.train import train
from escriba.corpora.windows import Reader, Window
from escriba.ground import project
from escriba.ground.errors import SourceError, TrainingError
from escriba.records.model import Network, read_model
from escriba.records.recipe import CorpusRecipe, NetworkRecipe, Recipe, Source, TrainingRecipe
from support.training import log_of, make_site, timeless, weights

CELLS = ("rnn", "gru", "lstm")


def make_settings(batch: int, window: int, dropout: float = 0.25, **training: Any) -> Settings:
    recipe = Recipe(
        CorpusRecipe((Source(file="a"),)),
        NetworkRecipe(dropout=dropout),
        TrainingRecipe(batch=batch, window=window, seed=7, clip=0.5, **training),
    )
    return settle(recipe, Limit(steps=100), engine="exact")


def read_windows(symbols: int, batch: int, window: int, number: int) -> Sequence[Window]:
    text = np.random.default_rng(1).integers(symbols, size=batch * window * 9, dtype=np.uint32)
    reader = Reader(text, batch, window, seed=1).read()
    return [next(reader) for _ in range(number)]


def train_reference(
    network: Network, symbols: int, settings: Settings, windows: Sequence[Window]
) -> tuple[Reference, list[float], list[float]]:
    """The same as an engine does, by the reference; its losses and norms."""
    reference = Reference(network, symbols, settings.seed)
    streams = min(8, settings.batch)
    shards = -(-settings.batch // streams)
    parts = 2 if network.cell == "lstm" else 1
    losses, norms = [], []

    def nothing() -> list[list[NDArray[np.float32]]]:
        zeros = np.zeros((streams, network.hidden), np.float32)
        return [[zeros] * parts for _ in range(network.layers)]

    states = [nothing() for _ in range(shards)]
    for number, window in enumerate(windows, 1):
        if window.fresh:
            states = [nothing() for _ in range(shards)]
        share = float(np.float32(1 / window.symbols.size))
        gradients, total = [], 0.0
        for shard in range(shards):
            cut = slice(shard * streams, (shard + 1) * streams)
            missing = ((0, 0), (0, streams - window.symbols[:, cut].shape[1]))
            read = np.pad(window.symbols[:, cut], missing)
            targets = np.pad(window.targets[:, cut], missing, constant_values=-1)
            masks = reference.drop(
                settings.seed, number, shard * streams, streams, settings.dropout
            )
            loss, found = reference.learn(read, targets, states[shard], masks, share)
            total += loss
            gradients.append(found)
        losses.append(total / window.symbols.size)
        norms.append(
            reference.finish(gradients, number, settings.learning_rate, settings.weight_decay, 0.5)
        )
    return reference, losses, norms


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("shape", "steps", "threads"),
    [((2, 5, 7, 11, 6), 200, 2), ((1, 18, 19, 3, 5), 30, 1)],
    ids=["two shards", "one"],
)
def test_the_kernel_is_the_reference(
    cell: Any, residual: bool, shape: tuple[int, ...], steps: int, threads: int
) -> None:
    layers, hidden, symbols, batch, window = shape
    network, settings = Network(cell, layers, hidden, residual), make_settings(batch, window)
    engine = ExactEngine(network, symbols, settings, threads)
    windows = read_windows(symbols, batch, window, steps)
    reference, losses, norms = train_reference(network, symbols, settings, windows)
    for each in windows:
        engine.step(each, 1.0)
    expected = join(reference.weights, [*network.shapes(symbols)])
    found = join(engine.weights(), [*network.shapes(symbols)])
    assert np.array_equal(found, expected)
    assert np.array_equal(engine.losses(), np.array(losses, np.float32))
    assert np.array_equal(engine.norms(), np.array(norms, np.float32))


def test_new_weights_are_those_of_the_page() -> None:
    """Of a network of 33 units, and their digest, which no version may change."""
    network = Network("lstm", 2, 33, residual=False)
    engine = ExactEngine(network, 40, make_settings(4, 8), 1)
    reference = Reference(network, 40, 7)
    found = engine.weights()
    for name, expected in reference.weights.items():
        assert np.array_equal(found[name], expected), name
    block = found["layers.1.weight_hh"][:33].astype(np.float64)
    assert np.abs(block @ block.T - np.eye(33)).max() < 1e-6
    assert abs(found["embedding.weight"].std() - 0.5) < 0.05
    assert (found["layers.0.bias_ih"][33:66] == 1).all()


def test_gradients_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from escriba.charlm.network import CharLSTM, load_tensors

    for cell in CELLS:
        network = Network(cell, 2, 20, residual=True)  # type: ignore[arg-type]
        engine = ExactEngine(network, 30, make_settings(4, 12, dropout=0.0), 1)
        (window,) = read_windows(30, 4, 12, 1)
        module = CharLSTM(network, 30).double()
        load_tensors(module, {n: torch.from_numpy(w) for n, w in engine.weights().items()})
        logits, _ = module(torch.from_numpy(window.symbols))
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), torch.from_numpy(window.targets).flatten()
        )
        loss.backward()
        engine._main.call("prepare")
        total, found = engine._learn(window, engine._main, 0)
        assert total / window.symbols.size == pytest.approx(loss.item(), rel=1e-6)
        named = {n.removesuffix("_l0"): p.grad.numpy() for n, p in module.named_parameters()}
        expected = join(named, [*network.shapes(30)])
        assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max() + 1e-8


def test_functions_are_near_to_the_true_ones() -> None:
    x = np.linspace(-80, 80, 100_001, dtype=np.float32)
    true = np.exp(x.astype(np.float64))
    assert np.abs(exponential(x) / true - 1).max() < 2e-7
    assert np.abs(sigmoid(x) - 1 / (1 + np.exp(-x.astype(np.float64)))).max() < 2e-7
    assert np.abs(tangent(x) - np.tanh(x.astype(np.float64))).max() < 3e-7
    for y in (1.0, 1e-9, 3.7, 1e30, 0.999999, 2**0.5, 1.5):
        assert logarithm(y) == pytest.approx(np.log(y), rel=1e-15, abs=1e-15)


def test_random_numbers_are_the_published_ones() -> None:
    random = Random(42, 54)
    assert [f"{random.draw():08x}" for _ in range(6)] == [
        "a15c02b7", "7b47f409", "ba1d3330", "83d2f293", "bfa4784b", "cbed606e",
    ]  # fmt: skip


def make_exact(root: Path, extra: str = "") -> project.Project:
    site = make_site(root)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("{epochs: 4,", f"{{engine: exact, {extra}"))
    return site


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_weights_do_not_depend_on_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    name = "escriba.charlm.training.exact_engine.count_processors"
    monkeypatch.setattr(name, lambda: threads)
    site = make_exact(tmp_path, "steps: 60, seed: 3,")
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("batch: 4", "batch: 30"))
    result = train(site, "count")
    assert result.best < 1.5
    digest = hashlib.sha256(weights_alone(site)).hexdigest()
    assert digest == DIGEST


def weights_alone(site: project.Project) -> bytes:
    return bytes.fromhex(read_model(site.models / "count").digest)


def test_a_training_that_was_stopped_ends_in_the_same_weights(tmp_path: Path) -> None:
    whole, halved = (
        make_exact(tmp_path / "a", "steps: 90,"),
        make_exact(tmp_path / "b", "steps: 90,"),
    )
    train(whole, "count", validate_every=20)
    looks = count()
    stop: Callable[[], bool] = lambda: next(looks) > 4  # noqa: E731
    assert not train(halved, "count", validate_every=20, stop=stop).finished
    train(halved, "count", validate_every=20)
    assert weights_alone(halved) == weights_alone(whole)
    assert timeless(log_of(halved)) == timeless(log_of(whole))


def test_minutes_are_steps_that_the_recipe_decides(tmp_path: Path) -> None:
    site = make_exact(tmp_path, "minutes: 0.0001,")
    result = train(site, "count")
    plan = log_of(site)[0]["plan"]
    assert isinstance(plan, dict)
    symbols = plan["batch"] * plan["window"]
    model = read_model(site.models / "count")
    work = 6 * model.parameters + 500 * (2 * 16 + len(model.vocabulary))
    assert result.step == int(0.006 * 40e9 / (work * symbols + 1e8)) == 2
    assert (plan["minutes"], plan["engine"]) == (None, "exact")
    record = read_model(site.models / "count").record["training"]
    assert record["exact"] == "1" and "torch" not in record


def test_what_the_exact_engine_cannot_do_is_told(tmp_path: Path) -> None:
    site = make_exact(tmp_path, "steps: 5,")
    with pytest.raises(TrainingError, match="processors of one machine; write engine: torch"):
        train(site, "count", device="cuda")
    recipe = site.models / "count" / "recipe.yml"
    text = recipe.read_text()
    for old, new, words in (
        ("precision: float32", "precision: bfloat16", "has precision: float32"),
        ("precision: float32", "optimiser: muon", "has optimiser: adamw"),
    ):
        recipe.write_text(text.replace(old, new))
        with pytest.raises(SourceError, match=words):
            train(site, "count")


def test_without_torch_what_the_exact_engine_cannot_do_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No recipe names the engine, and the machine decides."""
    monkeypatch.setattr("escriba.charlm.training.setup.find_spec", lambda name: None)
    monkeypatch.setattr("escriba.ground.install.find_spec", lambda name: None)
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    text = recipe.read_text()
    assert train(site, "count", steps=5).finished
    assert read_model(site.models / "count").record["training"]["exact"] == "1"
    for key in ("optimiser: muon", "precision: bfloat16"):
        recipe.write_text(text.replace("precision: float32", key))
        with pytest.raises(TrainingError, match="this needs torch; install it with"):
            train(site, "count", restart=True)
    recipe.write_text(text)
    with pytest.raises(TrainingError, match="this needs torch; install it with"):
        train(site, "count", device="cuda")


def test_a_checkpoint_of_the_other_engine_is_not_gone_on_with(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    site = make_exact(tmp_path, "steps: 20,")
    train(site, "count")
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("engine: exact", "engine: torch"))
    with pytest.raises(TrainingError, match="is another than that of the checkpoint"):
        train(site, "count", steps=40)


def test_a_measurement_is_that_of_one_reading() -> None:
    """64 streams that each read a little first differ from one by less than 1e-3."""
    network = Network("lstm", 2, 16, residual=True)
    engine = ExactEngine(network, 9, make_settings(4, 16), 1)
    for window in read_windows(9, 4, 16, 40):
        engine.step(window, 1.0)
    text = np.random.default_rng(5).integers(9, size=6000, dtype=np.uint32)
    one = Instance(network, 9, 1, 1)
    one.weights[:] = join(engine.weights(), [*network.shapes(9)])
    one.call("prepare")
    one.keep_all()
    total = 0.0
    for symbol, target in zip(text[:-1].tolist(), text[1:].tolist(), strict=True):
        one.set_window(np.array([symbol]), np.array([target]))
        total += one.call("measure")
    assert engine.measure(text, None, 10**6) == pytest.approx(total / 5999, abs=1e-3)
    assert engine.measure(text[3000:], text[:3000], 10**6) == pytest.approx(
        engine.measure(text[3000:], text[2700:3000], 10**6), abs=1e-12
    )


def test_a_text_is_written_by_its_seed_alone() -> None:
    network = Network("gru", 1, 16, residual=False)
    engine = ExactEngine(network, 9, make_settings(4, 16), 1)
    together = engine.write(0, 50, [1, 2, 3], 1.0)
    assert together == [engine.write(0, 50, [seed], 1.0)[0] for seed in (1, 2, 3)]
    assert len({tuple(text) for text in together}) == 3
    assert all(0 <= symbol < 9 for text in together for symbol in text)


def test_what_no_memory_holds_is_told(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        Instance(Network("lstm", 64, 512, residual=True), 100, 65536, 8)
    site = make_exact(tmp_path, "steps: 5,")
    recipe = site.models / "count" / "recipe.yml"
    text = recipe.read_text().replace("batch: 4, window: 16", "batch: 8, window: 65536")
    recipe.write_text(text.replace("layers: 2, hidden: 16", "layers: 64, hidden: 512"))
    (site.root / "text.txt").write_text("uno dos tres " * 100_000)
    with pytest.raises(TrainingError, match="memory"):
        train(site, "count")


def test_the_committed_kernel_is_what_its_source_gives(tmp_path: Path) -> None:
    for program in ("clang-14", "wasm-ld-14", "make"):
        if not shutil.which(program):
            pytest.skip(f"needs Debian's {program}")
    for path in (PATH.parent / "Makefile", *PATH.parent.glob("*.[ch]")):
        shutil.copy(path, tmp_path)
    subprocess.run(["make", "-C", tmp_path, "train.wasm"], check=True, capture_output=True)
    assert (tmp_path / "train.wasm").read_bytes() == PATH.read_bytes()


def test_the_kernel_is_small_and_imports_nothing() -> None:
    import wasmtime

    data = PATH.read_bytes()
    assert len(data) < 60_000
    assert list(wasmtime.Module(wasmtime.Engine(), data).imports) == []


def test_a_backend_measures_a_finished_model(tmp_path: Path) -> None:
    site = make_exact(tmp_path, "steps: 40,")
    result = train(site, "count")
    model = read_model(site.models / "count")
    text = np.random.default_rng(5).integers(len(model.vocabulary), size=999, dtype=np.uint32)
    found = ExactBackend().measure(model, model.path, text, None, 10**6)
    assert found > result.best
    assert weights(site) == (site.models / "count" / "weights.safetensors").read_bytes()


DIGEST = "bfcaf8d01e0e4704d4e26c0a962eaa9df456f8e82079afc09470c523e71baeee"
