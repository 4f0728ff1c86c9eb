"""How fast a character is sampled: this kernel, `nn.LSTM` stepped in PyTorch, and numpy.

    python benchmarks/sampling.py [--model FOLDER] [--rounds N] [--seconds S]

One run, the contenders in turn within each round, medians over the rounds. All run the same
weights (models/tolstoi, or random ones of a 4 x 128 LSTM where that is not trained), draw one
character at a time, and feed it back. `nn.LSTM` is called once a layer where the model has
residual connections, since a stack in one call has none; the stack is timed as well.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import nn

from escriba.model import FILE, Model, Network, header, read_model
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from escriba.vocabulary import Vocabulary

TEMPERATURE = 0.8
TRAINED = Path(__file__).parents[1] / "models" / "tolstoi"
MODULES: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
Sampler = Callable[[int], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, help="folder of a model; default models/tolstoi")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each contender in a round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or (TRAINED if (TRAINED / FILE).exists() else make(Path(folder)))
        model = read_model(path)
        net = model.network
        print(
            f"{model.name}: {net.layers} x {net.hidden} {net.cell}, {len(model.vocabulary)} "
            f"symbols, {model.parameters:,} parameters; torch {torch.__version__}, "
            f"numpy {np.__version__}"
        )
        report(measure(contenders(model), options.rounds, options.seconds))


def make(folder: Path) -> Path:
    """A model of the default size with random weights."""
    network = Network("lstm", 4, 128, True)
    vocabulary = Vocabulary("characters", "".join(map(chr, range(32, 122))))
    random = np.random.default_rng(0)
    weights = {
        name: random.normal(0, 0.1, shape).astype(np.float32)
        for name, shape in network.shapes(len(vocabulary)).items()
    }
    (folder / "random").mkdir()
    save_file(weights, folder / "random" / FILE, header(network, vocabulary, {}))
    return folder / "random"


def contenders(model: Model) -> dict[str, Sampler]:
    engine = Engine(model)
    one = Options(temperature=Decimal(str(TEMPERATURE)))

    def kernel(count: int) -> None:
        engine.sample(Options(**{**vars(one), "length": count}))

    def batch(count: int) -> None:
        length = -(-count // 64)
        engine.sample_many(
            [Options(**{**vars(one), "length": length, "seed": s}) for s in range(64)]
        )

    name = f"nn.{MODULES[model.network.cell].__name__}"
    found: dict[str, Sampler] = {
        "escriba, 1 stream": kernel,
        "escriba, 64 streams": batch,
        f"{name} stepped, 1 thread": threaded(step_torch(model, stack=False), 1),
        f"{name} stepped, 2 threads": threaded(step_torch(model, stack=False), 2),
    }
    if model.network.residual:
        stack = threaded(step_torch(model, stack=True), 1)
        found[f"{name} stepped, 1 thread, a plain stack in one call"] = stack
    if model.network.cell == "lstm":
        found["numpy float32"] = step_numpy(model)
    return found


def threaded(sampler: Sampler, threads: int) -> Sampler:
    def run(count: int) -> None:
        torch.set_num_threads(threads)
        sampler(count)

    return run


def step_torch(model: Model, *, stack: bool) -> Sampler:
    """PyTorch's own recurrent modules, one character at a time."""
    weights = {name: torch.from_numpy(a) for name, a in load_file(model.path).items()}
    net = model.network
    sizes = [net.layers] if stack or not net.residual else [1] * net.layers
    layers, index = [], 0
    for size in sizes:
        layer = MODULES[net.cell](net.hidden, net.hidden, size)
        for own in range(size):
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(layer, f"{kind}_l{own}").data.copy_(weights[f"layers.{index}.{kind}"])
            index += 1
        layers.append(layer)
    residual = net.residual and not stack

    @torch.inference_mode()
    def run(count: int) -> None:
        random = torch.Generator().manual_seed(1)
        states: list[Any] = [None] * len(layers)
        symbol = torch.zeros(1, dtype=torch.long)
        for _ in range(count):
            x = weights["embedding.weight"][symbol]
            for at, layer in enumerate(layers):
                h, states[at] = layer(x, states[at])
                x = x + h if residual else h
            logits = nn.functional.linear(x, weights["head.weight"], weights["head.bias"])
            probabilities = torch.softmax(logits / TEMPERATURE, -1)
            symbol = torch.multinomial(probabilities, 1, generator=random)[0]

    return run


def step_numpy(model: Model) -> Sampler:
    """The LSTM's equations in numpy: two products a layer and the gates."""
    w: dict[str, NDArray[np.float32]] = load_file(model.path)
    net = model.network

    def sigma(z: NDArray[np.float32]) -> NDArray[np.float32]:
        result: NDArray[np.float32] = np.reciprocal(1 + np.exp(-z))
        return result

    def run(count: int) -> None:
        random = np.random.default_rng(1)
        h = np.zeros((net.layers, net.hidden), np.float32)
        c = np.zeros_like(h)
        symbol = 0
        for _ in range(count):
            x = w["embedding.weight"][symbol]
            for at in range(net.layers):
                name = f"layers.{at}"
                z = w[f"{name}.weight_ih"] @ x + w[f"{name}.bias_ih"]
                z = z + w[f"{name}.weight_hh"] @ h[at] + w[f"{name}.bias_hh"]
                i, f, g, o = z.reshape(4, -1)
                c[at] = sigma(f) * c[at] + sigma(i) * np.tanh(g)
                h[at] = sigma(o) * np.tanh(c[at])
                x = x + h[at] if net.residual else h[at]
            logits = (w["head.weight"] @ x + w["head.bias"]) / TEMPERATURE
            sums = np.cumsum(np.exp(logits - logits.max()))
            symbol = int(np.searchsorted(sums, random.random() * sums[-1], side="right"))

    return run


def measure(samplers: dict[str, Sampler], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Characters per second of each in each round."""
    counts = {}
    for name, sampler in samplers.items():
        sampler(64)  # warm
        start = time.perf_counter()
        sampler(192)
        counts[name] = max(64, int(192 * seconds / (time.perf_counter() - start)))
    speeds: dict[str, list[float]] = {name: [] for name in samplers}
    for _ in range(rounds):
        for name, sampler in samplers.items():
            start = time.perf_counter()
            sampler(counts[name])
            speeds[name].append(counts[name] / (time.perf_counter() - start))
    return speeds


def report(speeds: dict[str, list[float]]) -> None:
    first = statistics.median(next(iter(speeds.values())))
    width = max(map(len, speeds))
    print(f"{'':{width}}  characters/s   µs each   (slowest–fastest round)   escriba 1 : this")
    for name, each in speeds.items():
        median = statistics.median(each)
        print(
            f"{name:{width}}  {median:>12,.0f}  {1e6 / median:>8.1f}   "
            f"({min(each):,.0f}–{max(each):,.0f})   {first / median:.2f}"
        )


if __name__ == "__main__":
    main()
