"""Which change of the default recipe learns more in a minute of training?

    python benchmarks/experiments.py [NAME…] [--steps N] [--characters N] [--rounds N] [--threads N]

Trains each changed recipe on tiny Shakespeare (90/10), from scratch, for so many steps of 2,048
characters (an experiment with another batch takes as many characters), and prints the loss on the
whole validation part and the speed. Without names it runs them all. With `--characters` only so
much of the training part is read, again and again. With several rounds each has its own seed, and
median and range are printed. docs/experiments.md tells what came out and what was made of it.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from escriba.charlm.device import choose_precision
from escriba.charlm.measure import measure
from escriba.charlm.network import CharLSTM
from escriba.charlm.training.run import Run, begin, take_step
from escriba.charlm.training.settings import Limit, Schedule, settle
from escriba.charlm.training.torch_engine import TorchBackend, TorchEngine, make_optimisers
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.encoded import Text
from escriba.corpora.windows import Reader
from escriba.ground.mistakes import ending
from escriba.records.recipe import NetworkRecipe, Recipe, TrainingRecipe, read_recipe
from support import shakespeare

PER_STEP = 2048  # characters


@dataclass(frozen=True)
class Experiment:
    """A change of the recipe's network or training, or of a run before its first step."""

    what: str
    network: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[Run, int], None] = lambda run, steps: None
    average: float = 0.0  # decay of a moving average of the weights, which is then measured


class Cosine(Schedule):
    """From the highest rate to 2 % of it, along a cosine."""

    def rate(self, step: int) -> float:
        share = min(1.0, step / (self.end or 1))
        falling = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share))
        return min(1.0, (step + 1) / self.warmup) * falling


def fall_all_the_way(run: Run, steps: int) -> None:
    run.schedule = run.schedule.falling(0, steps)


def fall_in_the_last(share: float) -> Callable[[Run, int], None]:
    def change(run: Run, steps: int) -> None:
        run.schedule = run.schedule.falling(round(steps * (1 - share)), round(steps * share))

    return change


def fall_along_a_cosine(run: Run, steps: int) -> None:
    run.schedule = Cosine(run.settings.warmup, 0, steps)


def tie(run: Run, steps: int) -> None:
    """One matrix for reading and for writing symbols."""
    network = engine_of(run).network
    nn.init.normal_(network.embedding.weight, std=0.1)
    network.head.weight = network.embedding.weight
    engine_of(run).optimisers = make_optimisers(engine_of(run).network, run.settings)


def remember(second: float) -> Callable[[Run, int], None]:
    def change(run: Run, steps: int) -> None:
        for group in engine_of(run).optimisers[-1].param_groups:
            group["betas"] = (0.9, second)

    return change


def write_nothing_first(run: Run, steps: int) -> None:
    nn.init.zeros_(engine_of(run).network.head.weight)


def engine_of(run: Run) -> TorchEngine:
    assert isinstance(run.engine, TorchEngine)
    return run.engine


def cells(run: Run) -> list[nn.RNNBase]:
    return [layer for layer in engine_of(run).network.layers if isinstance(layer, nn.RNNBase)]


def begin_as_torch(run: Run, steps: int) -> None:
    for layer in cells(run):
        layer.reset_parameters()


def open_the_forget_gate(run: Run, steps: int) -> None:
    """Gers et al. 2000; Jozefowicz et al. 2015."""
    hidden = run.network.hidden
    for layer in cells(run):
        nn.init.ones_(layer.bias_ih_l0[hidden : 2 * hidden])  # type: ignore[index]


def close_the_forget_gate(run: Run, steps: int) -> None:
    for layer in cells(run):
        nn.init.zeros_(layer.bias_ih_l0)  # type: ignore[arg-type]


def normalise(run: Run, steps: int) -> None:
    """Layer normalisation of what each layer reads (Ba et al. 2016), before it as in GPT-2."""
    for layer in cells(run):
        layer.register_module("norm", nn.LayerNorm(run.network.hidden))
        layer.register_forward_pre_hook(lambda own, given: (own.norm(given[0]), *given[1:]))
    engine_of(run).optimisers = make_optimisers(engine_of(run).network, run.settings)


def compile_network(run: Run, steps: int) -> None:
    engine_of(run).forward = torch.compile(engine_of(run).network)  # type: ignore[assignment]


EXPERIMENTS: Mapping[str, Experiment] = {
    "default": Experiment("the defaults"),
    "rate-4": Experiment("learning rate 0.004", training={"learning_rate": 0.004}),
    "rate-8": Experiment("learning rate 0.008", training={"learning_rate": 0.008}),
    "rate-16": Experiment("learning rate 0.016", training={"learning_rate": 0.016}),
    "rate-32": Experiment("learning rate 0.032", training={"learning_rate": 0.032}),
    "cosine": Experiment("the rate falls along a cosine", change=fall_along_a_cosine),
    "linear": Experiment("the rate falls from the start", change=fall_all_the_way),
    "late": Experiment("the rate falls in the last fifth", change=fall_in_the_last(0.2)),
    "muon": Experiment("Muon, rate 0.02", training={"optimiser": "muon"}),
    "muon-40": Experiment("Muon, rate 0.04", training={"optimiser": "muon", "learning_rate": 0.04}),
    "batch-16": Experiment("batch 16", training={"batch": 16}),
    "batch-64": Experiment("batch 64", training={"batch": 64}),
    "window-128": Experiment("16 streams, window 128", training={"batch": 16, "window": 128}),
    "dropout-0": Experiment("no dropout", network={"dropout": 0.0}),
    "dropout-10": Experiment("dropout 0.1", network={"dropout": 0.1}),
    "dropout-20": Experiment("dropout 0.2", network={"dropout": 0.2}),
    "dropout-30": Experiment("dropout 0.3", network={"dropout": 0.3}),
    "dropout-40": Experiment("dropout 0.4", network={"dropout": 0.4}),
    "dropout-50": Experiment("dropout 0.5", network={"dropout": 0.5}),
    "layers-1": Experiment("1 layer", network={"layers": 1}),
    "layers-2": Experiment("2 layers", network={"layers": 2}),
    "minute": Experiment(
        "2 layers, learning rate 0.016", network={"layers": 2}, training={"learning_rate": 0.016}
    ),
    "layers-3": Experiment("3 layers", network={"layers": 3}),
    "minute-24": Experiment(
        "2 layers, learning rate 0.024", network={"layers": 2}, training={"learning_rate": 0.024}
    ),
    "plain": Experiment("no residual connections", network={"residual": False}),
    "plain-closed": Experiment(
        "the same, and forget gates begin without bias",
        network={"residual": False},
        change=close_the_forget_gate,
    ),
    "layer-norm": Experiment("layer normalisation before each layer", change=normalise),
    "torch-init": Experiment("the layers begin as torch's", change=begin_as_torch),
    "open-gate": Experiment("forget gates begin open", change=open_the_forget_gate),
    "clip": Experiment("clip 0.3", training={"clip": 0.3}),
    "no-decay": Experiment("no weight decay", training={"weight_decay": 0.0}),
    "beta-95": Experiment("second beta 0.95", change=remember(0.95)),
    "beta-999": Experiment("second beta 0.999", change=remember(0.999)),
    "tied": Experiment("tied embeddings", change=tie),
    "zero-head": Experiment("a head that begins at zero", change=write_nothing_first),
    "average": Experiment("moving average of the weights, 0.99", average=0.99),
    "average-constant": Experiment(
        "the same at a constant rate", average=0.99, change=fall_in_the_last(0.001)
    ),
    "float32": Experiment("float32", training={"precision": "float32"}),
    "compile": Experiment("torch.compile", change=compile_network),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXPERIMENTS))
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--characters", type=int, help="of the training part (default: all)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    options = parser.parse_args()
    if unknown := set(options.names) - set(EXPERIMENTS):
        parser.error(f"unknown experiment {min(unknown)}; they are: {', '.join(EXPERIMENTS)}")
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        site = shakespeare.make_site(Path(folder), seed=1)
        recipe = read_recipe(site.models, shakespeare.NAME, site.root)
        corpus = read_corpus(recipe.corpus, site)
        text = corpus.train[: options.characters]
        for name in options.names or EXPERIMENTS:
            found = [
                conduct(EXPERIMENTS[name], recipe, corpus, text, options.steps, seed)
                for seed in range(1, options.rounds + 1)
            ]
            losses, speeds = zip(*found, strict=True)
            spread = f" ({min(losses):.4f} to {max(losses):.4f})" if len(losses) > 1 else ""
            print(
                f"{name:<17} {statistics.median(losses):.4f}{spread} nats/character "
                f"{statistics.median(speeds):>8,.0f} chars/s  {EXPERIMENTS[name].what}",
                flush=True,
            )


def conduct(
    experiment: Experiment, recipe: Recipe, corpus: Corpus, text: Text, steps: int, seed: int
) -> tuple[float, float]:
    """Train on a text: validation loss in nats per character, and characters per second."""
    changed = replace(
        recipe,
        network=NetworkRecipe(**experiment.network),
        training=TrainingRecipe(**{"seed": seed, "steps": steps, **experiment.training}),
    )
    settings = settle(changed, Limit(), symbols=len(text))
    device = torch.device("cpu")
    precision = choose_precision(device) if settings.precision == "auto" else settings.precision
    backend = TorchBackend(device, precision)
    run = begin(backend, changed.architecture(), len(corpus.vocabulary), settings)
    steps = steps * PER_STEP // (settings.batch * settings.window)
    run.schedule = run.schedule.over(steps)
    experiment.change(run, steps)
    averaged = copy.deepcopy(engine_of(run).network) if experiment.average else None
    reader = Reader(text, settings.batch, settings.window, seed)
    begun = time.perf_counter()
    for window in reader.read():
        if run.step == steps:
            break
        take_step(run, window)
        run.engine.forget()
        if averaged is not None:
            follow(averaged, run, experiment.average)
    speed = run.characters / (time.perf_counter() - begun)
    before = text[-1024:]
    return measure(averaged or engine_of(run).network, corpus.validation, before), speed


@torch.no_grad()
def follow(averaged: CharLSTM, run: Run, decay: float) -> None:
    """Move the average towards the weights; faster at the start, when they are not worth much."""
    decay = min(decay, 1 - 10 / (run.step + 10))
    for mean, weight in zip(
        averaged.parameters(), engine_of(run).network.parameters(), strict=True
    ):
        mean.lerp_(weight, 1 - decay)


if __name__ == "__main__":
    with ending():
        main()
