"""How soon does escriba learn what nanoGPT's CPU recipe learns, and how much in the same time?

    python benchmarks/training.py --vs nanogpt-recipe [--rounds N] [--corpora FOLDER] [--threads N]
        [--engine exact|torch]

Trains that recipe on tiny Shakespeare (`support/nanogpt_recipe.py`; its final loss is published as
1.88) and then, from scratch, on the same cores and the same split, 90/10, escriba's:

* the shortest complete training that ends at 1.88 or less on the whole validation part, found in
  six trials, each from scratch and in the middle (of the logarithm of the time) of where it can
  still be, first between 1/32 and 1/2 of the peer's time; and the same for the peer's own final
  loss, where that is lower;
* one training scheduled for as many seconds as the peer took.

A training of a minute or less has `budget: 1 minute` in its recipe, and so two layers instead of
four. Evaluations are in neither's time, but in that of the last training, which validates as
escriba does by default. With several rounds each has its own seed, for both, and medians are
printed; `inf` is a loss that was not reached.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from escriba.charlm.evaluation.evaluate import evaluate
from escriba.charlm.training.train import train
from escriba.corpora.corpus import read_corpus
from escriba.ground.mistakes import ending
from escriba.records.recipe import Budget, Engine, read_recipe
from support import nanogpt_recipe
from support.shakespeare import NAME, make_site

MARK = 1.88  # nats per character: nanoGPT's README, CPU recipe, after 2,000 iterations
TRIALS = 6
NEVER = 10**9  # steps


@dataclass(frozen=True)
class Outcome:
    """A finished training: seconds, and its loss on the whole validation part."""

    seconds: float
    loss: float


@dataclass(frozen=True)
class Round:
    peer: nanogpt_recipe.Outcome
    to_mark: float  # seconds, or infinity
    to_peer: float  # seconds to the peer's own final loss, if that is below the mark
    equal: Outcome  # after the peer's time


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vs", choices=["nanogpt-recipe"], help="whom, of one; may be left out")
    parser.add_argument("--rounds", type=int, default=1, help="each with a seed of its own")
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--engine", choices=["exact", "torch"], default="torch", help="escriba's")
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, tiny Shakespeare")
    compare(options.rounds, options.engine)


def run(
    seconds: float, engine: Engine, *, seed: int = 1, validate_every: int | None = None
) -> Outcome:
    """One training of escriba's default recipe, scheduled for so many seconds (exact: for as many
    steps as these are for it)."""
    with tempfile.TemporaryDirectory() as name:
        budget: Budget = "1 minute" if seconds <= 60 else "10 minutes"
        site = make_site(Path(name), seed, budget, engine)
        minutes = seconds / 60
        result = train(site, NAME, minutes=minutes, device="cpu", validate_every=validate_every)
        return Outcome(result.seconds, evaluate(site, NAME, baselines=False)[0].nats)


def compare(count: int, engine: Engine) -> None:
    text, held_out, symbols = read_text()
    rounds = []
    for number in range(count):
        peer = nanogpt_recipe.train(text, held_out, symbols, seed=nanogpt_recipe.SEED + number)
        rounds.append(compete(peer, engine, seed=1 + number))
        report(rounds[-1:], f"round {1 + number}")
    if count > 1:
        report(rounds, f"median of {count} rounds")


def read_text() -> tuple[torch.Tensor, torch.Tensor, int]:
    """The training part (N,), the validation part (M,), and how many symbols there are."""
    with tempfile.TemporaryDirectory() as name:
        site = make_site(Path(name), seed=1)
        corpus = read_corpus(read_recipe(site.models, NAME, site.root).corpus, site)
        text, held_out = (
            torch.from_numpy(part[:].astype("int64")) for part in (corpus.train, corpus.validation)
        )
        return text, held_out, len(corpus.vocabulary)


def compete(peer: nanogpt_recipe.Outcome, engine: Engine, seed: int) -> Round:
    @cache
    def attempt(seconds: float) -> Outcome:
        return run(seconds, engine, seed=seed, validate_every=NEVER)

    bounds = peer.seconds / 32, peer.seconds / 2
    to_mark, to_peer = (shortest(*bounds, mark, attempt) for mark in (MARK, peer.loss))
    return Round(peer, to_mark, max(to_mark, to_peer), run(peer.seconds, engine, seed=seed))


def shortest(low: float, high: float, mark: float, attempt: Callable[[float], Outcome]) -> float:
    """The seconds of the shortest training that was seen to end at the mark; infinity if none."""
    best = math.inf
    for _ in range(TRIALS):
        middle = math.sqrt(low * high)
        outcome = attempt(middle)
        if outcome.loss <= mark:
            best, high = outcome.seconds, middle
        else:
            low = middle
    return best


def report(rounds: Sequence[Round], title: str) -> None:
    def show(label: str, value: Callable[[Round], float], form: str, note: str = "") -> float:
        found = sorted(value(r) for r in rounds)
        median = statistics.median(found)
        spread = f"({found[0]:{form}} to {found[-1]:{form}})" if len(found) > 1 else ""
        print(f"  {label:<58} {median:>8{form}}  {spread} {note}".rstrip(), flush=True)
        return median

    print(title)
    show("nanoGPT's recipe: seconds without its evaluations", lambda r: r.peer.seconds, ".1f")
    show("  with them", lambda r: r.peer.seconds + r.peer.evaluating, ".1f")
    show("  loss on the whole validation part", lambda r: r.peer.loss, ".4f")
    show("  loss by its own last estimate", lambda r: r.peer.estimate, ".4f", f"published {MARK}")
    show(f"escriba: seconds of a training that ends at {MARK}", lambda r: r.to_mark, ".1f")
    show("  share of the recipe's", lambda r: r.to_mark / r.peer.seconds, ".3f")
    show("  seconds of one that ends at the recipe's own loss", lambda r: r.to_peer, ".1f")
    show("  share of the recipe's", lambda r: r.to_peer / r.peer.seconds, ".3f")
    show("escriba: seconds of a training as long as the recipe's", lambda r: r.equal.seconds, ".1f")
    show("  loss on the whole validation part", lambda r: r.equal.loss, ".4f")


if __name__ == "__main__":
    with ending():
        main()
