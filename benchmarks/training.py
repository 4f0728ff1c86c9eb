"""How much a minute of training buys, on tiny Shakespeare, from scratch.

    python benchmarks/training.py [--corpora FOLDER] [--threads N]
    python benchmarks/training.py --vs nanogpt-recipe [--rounds N] [--corpora FOLDER] [--threads N]

The first makes two runs of the defaults: one scheduled for 60 s, one for 180 s (validation
included). A training of a minute or less has `budget: 1 minute` in its recipe, and so two layers
instead of four. The split is nanoGPT's, 90/10, so that its CPU recipe's final loss of 1.88 is a
mark on the same text. Prints the seconds until the validation loss is below 1.88 (estimated on
65,536 characters every 100 steps, as the curve goes by), and the loss on the whole validation part
at the end.

The second trains that recipe (`nanogpt_recipe.py`) and then, on the same cores, escriba's:

* the shortest complete training that ends at 1.88 or less on the whole validation part, found in
  six trials, each from scratch and in the middle (of the logarithm of the time) of where it can
  still be, first between 1/32 and 1/2 of the peer's time; and the same for the peer's own final
  loss, where that is lower;
* one training scheduled for as many seconds as the peer took.

Evaluations are in neither's time, but in that of the last training, which validates as escriba does
by default. With several rounds each has its own seed, for both, and medians are printed; `inf` is a
loss that was not reached.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nanogpt_recipe
import torch

from escriba.charlm.corpora.corpus import read_corpus
from escriba.charlm.evaluation.evaluate import evaluate
from escriba.charlm.training.log import FILE as LOG
from escriba.charlm.training.train import train
from escriba.ground import project
from escriba.ground.mistakes import ending
from escriba.ground.project import Project
from escriba.records.recipe import Budget, read_recipe

MARK = 1.88  # nats per character: nanoGPT's README, CPU recipe, after 2,000 iterations
TRIALS = 6
NEVER = 10**9  # steps
NAME = "shakespeare"
RECIPE = """
corpus:
  name: tiny Shakespeare
  split: [90, 10, 0]
  sources:
    - url: https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt
      sha256: 86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed
training:
"""


@dataclass(frozen=True)
class Outcome:
    """A finished training: seconds, log, and its loss on the whole validation part."""

    seconds: float
    log: list[dict[str, Any]]
    loss: float


@dataclass(frozen=True)
class Round:
    peer: nanogpt_recipe.Outcome
    to_mark: float  # seconds, or infinity
    to_peer: float  # seconds to the peer's own final loss, if that is below the mark
    equal: Outcome  # after the peer's time


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vs", choices=["nanogpt-recipe"], help="compare with this peer")
    parser.add_argument("--rounds", type=int, default=1, help="of the comparison")
    parser.add_argument("--corpora", help="folder that holds the corpus, to need no network")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.corpora:
        os.environ["ESCRIBA_CORPORA"] = options.corpora
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, tiny Shakespeare")
    if options.vs:
        compare(options.rounds)
        return
    for seconds in (60, 180):
        found = run(seconds, validate_every=100)
        curve = [line for line in found.log if "validation" in line]
        reached = next((line["seconds"] for line in curve if line["validation"] < MARK), None)
        when = "never" if reached is None else f"after {reached:.0f} s"
        last = curve[-1]
        print(
            f"schedule of {seconds:>3} s: below {MARK} {when}; validation loss at the end "
            f"{found.loss:.4f} nats/character; {last['characters'] / last['seconds']:,.0f} "
            "characters/s",
            flush=True,
        )


def run(seconds: float, *, seed: int = 1, validate_every: int | None = None) -> Outcome:
    """One training of escriba's default recipe, scheduled for so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        site = make_site(Path(name), seed, "1 minute" if seconds <= 60 else "10 minutes")
        minutes = seconds / 60
        result = train(site, NAME, minutes=minutes, device="cpu", validate_every=validate_every)
        text = (site.models / NAME / LOG).read_text("utf-8")
        log = [json.loads(line) for line in text.splitlines()]
        return Outcome(result.seconds, log, evaluate(site, NAME, baselines=False)[0].nats)


def make_site(root: Path, seed: int, budget: Budget = "10 minutes") -> Project:
    (root / "escriba.yml").write_text("title: benchmark\n")
    folder = root / "models" / NAME
    folder.mkdir(parents=True)
    (folder / "recipe.yml").write_text(f"{RECIPE.rstrip()}\n  seed: {seed}\n  budget: {budget}\n")
    return project.load(root)


def compare(count: int) -> None:
    text, held_out, symbols = read_text()
    rounds = []
    for number in range(count):
        peer = nanogpt_recipe.train(text, held_out, symbols, seed=nanogpt_recipe.SEED + number)
        rounds.append(compete(peer, seed=1 + number))
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


def compete(peer: nanogpt_recipe.Outcome, seed: int) -> Round:
    @cache
    def attempt(seconds: float) -> Outcome:
        return run(seconds, seed=seed, validate_every=NEVER)

    bounds = peer.seconds / 32, peer.seconds / 2
    to_mark, to_peer = (shortest(*bounds, mark, attempt) for mark in (MARK, peer.loss))
    return Round(peer, to_mark, max(to_mark, to_peer), run(peer.seconds, seed=seed))


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
