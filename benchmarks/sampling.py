"""How fast a character is sampled: this kernel, PyTorch, numpy, and what the processor could do.

    python benchmarks/sampling.py [--model FOLDER] [--rounds N] [--seconds S]

One run, the contenders in turn within each round, medians over the rounds. All run the same
weights (models/tolstoi, or random ones of a 4 x 128 LSTM where that is not trained), draw one
character at a time, and feed it back. `nn.LSTM` is called once a layer where the model has
residual connections, since a stack in one call has none; the stack is timed as well.

The last two rows are no samplers: they are the matrix-vector products alone, in native code
(`native_products.c`, compiled here if there is a C compiler). The first is a bound for any sampler
that reads weights of 16 bits, one stream at a time; the second are the products of escriba's own
kernel for eight streams at once, with the 128 bits of WebAssembly's vectors, on every processor. At
the end how long a model takes to load in a process that has loaded one, and the cold start: whole
processes that load the model and write 1,000 characters, by `escriba sample` and by `nn.LSTM`.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import nn

from escriba.ground.mistakes import ending
from escriba.records.model import FILE, GATES, Model, Network, header, read_model
from escriba.records.vocabulary import Vocabulary
from escriba.sampling.engine import Engine
from escriba.sampling.quantised import read_weights
from escriba.sampling.request import Options

TEMPERATURE = 0.8
ROOT = Path(__file__).parents[1]
TRAINED = ROOT / "models" / "tolstoi"
MODULES: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
Sampler = Callable[[int], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, help="folder of a model; default models/tolstoi")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each contender in a round")
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)  # by nn.LSTM, and end
    options = parser.parse_args()
    if options.write:
        step_torch(read_model(options.model), stack=False)(options.write)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or (TRAINED if (TRAINED / FILE).exists() else make(Path(folder)))
        model = read_model(path)
        net = model.network
        print(
            f"{model.name}: {net.layers} x {net.hidden} {net.cell}, {len(model.vocabulary)} "
            f"symbols, {model.parameters:,} parameters; torch {torch.__version__}, "
            f"numpy {np.__version__}"
        )
        found = contenders(model) | compile_bound(model, Path(folder))
        speeds = measure(found, options.rounds, options.seconds)
        report(speeds)
        report_batches(speeds)
        report_loading(path)
        report_cold_start(path, options.rounds)


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
    threads = os.cpu_count() or 1
    found: dict[str, Sampler] = {
        "escriba, 1 stream": kernel,
        f"{name} stepped, 1 thread": threaded(step_torch(model, stack=False), 1),
        f"{name} stepped, {threads} threads": threaded(step_torch(model, stack=False), threads),
        f"escriba, 64 streams, {threads} threads": batch,
        f"{name} stepped, 64 streams, {threads} threads": threaded(
            step_torch(model, stack=False, streams=64), threads
        ),
    }
    if model.network.residual:
        stack = threaded(step_torch(model, stack=True), 1)
        found[f"{name} stepped, 1 thread, a plain stack in one call"] = stack
    if model.network.cell == "lstm":
        found["torch, fused by hand, 1 thread"] = threaded(step_fused(model), 1)
        found["numpy float32"] = step_numpy(model)
    return found


def compile_bound(model: Model, folder: Path) -> dict[str, Sampler]:
    """The native products as a contender; none without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("there is no C compiler, so the native bound is left out")
        return {}
    source, program = Path(__file__).with_name("native_products.c"), folder / "native_products"
    command = [compiler, "-O3", "-march=native", "-o", str(program), str(source)]
    subprocess.run(command, check=True)
    net = model.network
    gates = GATES[net.cell] + (net.cell == "gru")
    size = [net.layers, gates * net.hidden, 2 * net.hidden, len(model.vocabulary), net.hidden]

    def measure(seconds: float, *width: str, processes: int = 1) -> tuple[float, str]:
        """Microseconds a character of some processes together, and what they run on."""
        command = [str(program), *map(str, size), str(seconds), *width]
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)
        ]
        found = [(process.communicate()[0], process.wait()) for process in running]
        if found[0][1] == 3:  # the processor has no such instructions
            return math.inf, ""
        if any(code for _, code in found):
            raise SystemExit(f"{' '.join(command)} failed")
        lines = [output.split(" ", 1) for output, _ in found]
        return 1 / sum(1 / float(microseconds) for microseconds, _ in lines), lines[0][1].strip()

    threads = os.cpu_count() or 1
    bounds: dict[str, Sampler] = {}
    _, name = measure(0.1)
    bounds[f"the products alone, native, {name}"] = Bound(lambda s: measure(s)[0])
    _, name = measure(0.1, "128")
    if name:
        bounds[f"escriba's products, native, {name}, 8 at once, {threads} threads"] = Bound(
            lambda s: measure(s, "128", processes=threads)[0]
        )
    return bounds


@dataclass(frozen=True)
class Bound:
    """A program that times itself: seconds → microseconds a character."""

    time: Callable[[float], float]

    def __call__(self, count: int) -> None:
        raise NotImplementedError("a bound is not run, but timed")


def threaded(sampler: Sampler, threads: int) -> Sampler:
    def run(count: int) -> None:
        torch.set_num_threads(threads)
        sampler(count)

    return run


def step_torch(model: Model, *, stack: bool, streams: int = 1) -> Sampler:
    """PyTorch's own recurrent modules, one character of each stream at a time."""
    weights = {name: torch.from_numpy(a) for name, a in _read(model).items()}
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
        symbol = torch.zeros(1, streams, dtype=torch.long)
        for _ in range(-(-count // streams)):
            x = weights["embedding.weight"][symbol]
            for at, layer in enumerate(layers):
                h, states[at] = layer(x, states[at])
                x = x + h if residual else h
            logits = nn.functional.linear(x[0], weights["head.weight"], weights["head.bias"])
            probabilities = torch.softmax(logits / TEMPERATURE, -1)
            symbol = torch.multinomial(probabilities, 1, generator=random).T

    return run


def step_fused(model: Model) -> Sampler:
    """One product a layer over [x; h], and as few calls as the equations allow."""
    w = {name: torch.from_numpy(a) for name, a in _read(model).items()}
    net = model.network
    matrices, biases = [], []
    for at in range(net.layers):
        name = f"layers.{at}"
        matrices.append(torch.cat([w[f"{name}.weight_ih"], w[f"{name}.weight_hh"]], 1))
        biases.append(w[f"{name}.bias_ih"] + w[f"{name}.bias_hh"])
    head, head_bias = w["head.weight"] / TEMPERATURE, w["head.bias"] / TEMPERATURE
    hidden = net.hidden

    @torch.inference_mode()
    def run(count: int) -> None:
        random = torch.Generator().manual_seed(1)
        h = [torch.zeros(hidden) for _ in range(net.layers)]
        c = [torch.zeros(hidden) for _ in range(net.layers)]
        symbol = 0
        for _ in range(count):
            x = w["embedding.weight"][symbol]
            for at in range(net.layers):
                z = torch.addmv(biases[at], matrices[at], torch.cat([x, h[at]]))
                gates = z.sigmoid()
                i, f, _, o = gates.chunk(4)
                c[at] = f * c[at] + i * z[2 * hidden : 3 * hidden].tanh()
                h[at] = o * c[at].tanh()
                x = x + h[at] if net.residual else h[at]
            chances = torch.softmax(torch.addmv(head_bias, head, x), 0)
            symbol = int(torch.multinomial(chances, 1, generator=random))

    return run


def _read(model: Model) -> dict[str, NDArray[np.float32]]:
    return {name: values.astype(np.float32) for name, values in read_weights(model).items()}


def step_numpy(model: Model) -> Sampler:
    """The LSTM's equations in numpy: two products a layer and the gates."""
    w: dict[str, NDArray[np.float32]] = _read(model)
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
        if isinstance(sampler, Bound):
            continue
        sampler(64)  # warm
        counts[name] = count_characters(sampler, seconds)
    speeds: dict[str, list[float]] = {name: [] for name in samplers}
    for _ in range(rounds):
        for name, sampler in samplers.items():
            if isinstance(sampler, Bound):
                speeds[name].append(1e6 / sampler.time(seconds))
                continue
            start = time.perf_counter()
            sampler(counts[name])
            speeds[name].append(counts[name] / (time.perf_counter() - start))
    return speeds


def count_characters(sampler: Sampler, seconds: float) -> int:
    """As many as take about so long, of which what it takes to begin is a small part."""
    count = 192
    while True:
        start = time.perf_counter()
        sampler(count)
        taken = time.perf_counter() - start
        if taken > seconds / 4:
            return max(64, int(count * seconds / taken))
        count *= 2


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


def report_batches(speeds: dict[str, list[float]]) -> None:
    """Those of many streams, round by round."""
    ours, theirs = (each for name, each in speeds.items() if "64 streams" in name)
    bounds = [each for name, each in speeds.items() if "8 at once" in name]
    print(f"\n64 streams: {compare(ours, theirs)} the characters/s of PyTorch")
    for bound in bounds:
        print(f"            {compare(ours, bound)} those of its products alone, native")


def compare(ours: list[float], theirs: list[float]) -> str:
    """The median of the rounds' ratios."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    return f"{statistics.median(ratios):.2f} times (rounds of {ratios[0]:.2f} to {ratios[-1]:.2f})"


LOADING = """
import statistics, sys, time
from pathlib import Path
from escriba.records.model import read_model
from escriba.sampling.engine import Engine
times = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    engine = Engine(read_model(Path(sys.argv[1])))
    times.append(1000 * (time.perf_counter() - start))
    del engine
print(f"{statistics.median(times):.1f} ms (fastest {min(times):.1f}, slowest {max(times):.1f})")
"""


def report_loading(path: Path, rounds: int = 41) -> None:
    """From a file to an engine that can sample, in a process of its own, without torch."""
    command = [sys.executable, "-c", LOADING, str(path), str(rounds)]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    print(f"\nloading the model: {done.stdout.strip()}")


def report_cold_start(path: Path, rounds: int) -> None:
    """Whole processes to their first 1,000 characters, Python's start included."""
    torch_alone = [__file__, "--model", str(path), "--write", "1000"]
    commands = {
        "escriba sample": ["-m", "escriba", "-C", str(ROOT), "sample", path.name, "-n", "1000"],
        "nn.LSTM stepped": torch_alone,
    }
    if path.parent.parent != ROOT:
        return  # `escriba sample` knows the models of a site alone
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, *command], env=environment, check=True, stdout=subprocess.DEVNULL
            )
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    print("\nfrom nothing to 1,000 characters, as processes")
    for name, median in medians.items():
        print(f"{name:<16} {median:.2f} s   {median / medians['nn.LSTM stepped']:.3f}")


if __name__ == "__main__":
    with ending():
        main()
