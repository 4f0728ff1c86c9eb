"""Does a training that is killed at any moment, and gone on with, end in the same bytes?

    python benchmarks/kills.py [--trainings N] [--checkpoint-every SECONDS] [--jobs N]
        [--engine exact|torch]

Trains a small network on a generated text without interruption, then N times more with `escriba
train` killed (kill -9) at least once: at a moment drawn over the length of the uninterrupted run,
its start left out, and one time in four at the next moment when a file is being written. What is
gone on with is killed again one time in three. In the end weights, record and log must be those of
the uninterrupted training, but for the seconds in them. Prints where the kills fell and what
differed; exits with 1 if anything did. The same seed draws the same moments.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from escriba.records.model import read_model

NAME = "short"
RECIPE = """
corpus:
  sources: [{file: text.txt}]
network: {layers: 2, hidden: 64, dropout: 0.1}
training: {engine: ENGINE, epochs: EPOCHS, batch: 16, window: 32, precision: float32}
"""
CHARACTERS = 40_000
AGAIN = 1 / 3  # chance that what is gone on with is killed again
AIMED = 1 / 4  # chance that a kill waits until a file is being written
POLL = 0.0005  # seconds
WRITING, BEFORE, BETWEEN = "while writing", "before the first checkpoint", "between checkpoints"


@dataclass(frozen=True)
class Ending:
    """What a finished training left, without the seconds."""

    weights: str  # the model's digest
    record: str
    log: str

    def differences(self, other: Ending) -> list[str]:
        names = [field.name for field in fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]


@dataclass(frozen=True)
class Length:
    """Seconds from the start of an uninterrupted process: to its first step, to its end."""

    start: float
    end: float


@dataclass(frozen=True)
class Outcome:
    """A training that was killed: where the kills fell, and what is not as it should be."""

    kills: tuple[str, ...]
    differences: tuple[str, ...]
    drafts: int  # half-written files that were left behind


@dataclass(frozen=True)
class Site:
    """A folder with one recipe, and how to train it."""

    root: Path
    command: tuple[str, ...]
    threads: int

    @property
    def model(self) -> Path:
        return self.root / "models" / NAME

    def start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {"OMP_NUM_THREADS": str(self.threads)}
        return subprocess.Popen(
            self.command, cwd=self.root, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def drafts(self) -> set[Path]:
        """Files being written now, or left half-written (`escriba.ground.atomic` names them)."""
        return {path for path in self.model.rglob(".*") if path.is_file()}

    def ending(self) -> Ending:
        model = read_model(self.model)
        lines = (self.model / "training.jsonl").read_text("utf-8").splitlines()
        log = [without_seconds(json.loads(line)) for line in lines]
        return Ending(model.digest, json.dumps(without_seconds(model.record)), json.dumps(log))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trainings", type=int, default=100)
    parser.add_argument("--epochs", type=float, default=10, help="length of each; of 62 steps")
    parser.add_argument("--checkpoint-every", type=float, default=0.25, metavar="SECONDS")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trainings side by side")
    parser.add_argument("--threads", type=int, default=1, help="of each training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["exact", "torch"], default="torch")
    options = parser.parse_args()
    command = [sys.executable, "-m", "escriba", "train", NAME]
    command += ["--checkpoint-every", str(options.checkpoint_every)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def make(root: str) -> Site:
            recipe = RECIPE.replace("EPOCHS", f"{options.epochs:g}").replace(
                "ENGINE", options.engine
            )
            return make_site(folder / root, tuple(command), options.threads, recipe)

        length, expected = run_whole(make("whole"))
        print(f"uninterrupted: {length.end:.1f} s, of which {length.start:.1f} s to start")

        def trial(number: int) -> Outcome:
            draw = random.Random(f"{options.seed} {number}")
            while True:
                site = make(str(number))
                outcome = interrupt(site, length, expected, draw)
                shutil.rmtree(site.root)
                if outcome.kills:
                    return outcome

        with ThreadPoolExecutor(options.jobs) as pool:
            outcomes = list(shown(pool.map(trial, range(options.trainings)), options.trainings))
    sys.exit(report(outcomes))


def make_site(root: Path, command: tuple[str, ...], threads: int, recipe: str) -> Site:
    site = Site(root, command, threads)
    site.model.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: kills\n")
    (root / "text.txt").write_text(make_text())
    (site.model / "recipe.yml").write_text(recipe)
    return site


def make_text() -> str:
    """Sentences of invented words, always the same."""
    draw = random.Random(1)
    syllables = [a + b for a in "bcdlmnprst" for b in "aeiou"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(300)]
    text = ""
    while len(text) < CHARACTERS:
        text += " ".join(draw.choices(words, k=draw.randint(3, 9))).capitalize() + ".\n"
    return text[:CHARACTERS]


def run_whole(site: Site) -> tuple[Length, Ending]:
    begun = time.perf_counter()
    process = site.start()
    while process.poll() is None and not (site.model / "training.jsonl").exists():
        time.sleep(POLL)
    start = time.perf_counter() - begun
    finish(process)
    return Length(start, time.perf_counter() - begun), site.ending()


def interrupt(site: Site, length: Length, expected: Ending, draw: random.Random) -> Outcome:
    """Train to the end, with kills on the way; without any if the training was quicker."""
    kills: list[str] = []
    while not kills or draw.random() < AGAIN:
        fell = kill(site, draw.uniform(length.start, length.end), draw.random() < AIMED)
        if fell is None:
            break
        kills.append(fell)
    else:
        finish(site.start())
    differences = site.ending().differences(expected)
    return Outcome(tuple(kills), tuple(differences), len(site.drafts()))


def kill(site: Site, after: float, aimed: bool) -> str | None:
    """Train, and kill after so many seconds: where it fell, or None if training was over."""
    earlier = site.drafts()
    process = site.start()
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        while aimed and process.poll() is None and site.drafts() <= earlier:
            time.sleep(POLL)
        process.kill()
    if finish(process):
        return None
    log = site.model / "training.jsonl"
    cut = log.exists() and log.stat().st_size and log.read_bytes()[-1:] != b"\n"
    if cut or site.drafts() - earlier:
        return WRITING
    return BETWEEN if any((site.model / "checkpoint").glob("[!.]*")) else BEFORE


def finish(process: subprocess.Popen[bytes]) -> bool:
    """Wait for the end: true if the process came to it by itself, false if it was killed."""
    _, message = process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        sys.exit(f"escriba train ended with {process.returncode}:\n{message.decode()}")
    return process.returncode == 0


def without_seconds(value: Any) -> Any:
    """The same JSON, without the keys named `seconds`."""
    if isinstance(value, dict):
        return {key: without_seconds(each) for key, each in value.items() if key != "seconds"}
    return [without_seconds(each) for each in value] if isinstance(value, list) else value


def shown(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    """The same, with a line on standard error for each."""
    for number, outcome in enumerate(outcomes, start=1):
        found = f"differs in {', '.join(outcome.differences)}" if outcome.differences else "same"
        print(f"{number}/{count}: killed {', '.join(outcome.kills)}: {found}", file=sys.stderr)
        yield outcome


def report(outcomes: list[Outcome]) -> int:
    """Print the sums; the exit code."""
    kills = Counter(kill for outcome in outcomes for kill in outcome.kills)
    wrong = Counter(name for outcome in outcomes for name in outcome.differences)
    different = sum(bool(outcome.differences) for outcome in outcomes)
    print(f"{len(outcomes)} trainings, {kills.total()} kills")
    for place in (BEFORE, BETWEEN, WRITING):
        print(f"  {place:<28} {kills[place]:>4}")
    print(f"ended as the uninterrupted one  {len(outcomes) - different} of {len(outcomes)}")
    for name, number in wrong.items():
        print(f"  other {name:<22} {number:>4}")
    print(f"half-written files left behind  {sum(outcome.drafts for outcome in outcomes)}")
    return 1 if different else 0


if __name__ == "__main__":
    main()
