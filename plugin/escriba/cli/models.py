"""One model: what it writes, its training, its measures."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escriba.cli.arguments import (
    Location,
    amount,
    device,
    duration,
    integer,
    model_name,
    number,
    prompt,
)
from escriba.cli.output import tell, write
from escriba.ground.language import tr

if TYPE_CHECKING:
    from escriba.ground.project import Project


@click.command()
@click.argument("name", type=model_name)
@click.option(
    "-p", "--prompt", type=prompt, default="",
    help="The text to go on from; @FILE is a file's, - standard input's, @@TEXT always TEXT.",
)  # fmt: skip
@click.option("-n", "--length", type=integer, default="500", show_default=True, help="Characters.")
@click.option("-t", "--temperature", type=number, default="0.8", show_default=True)
@click.option("-s", "--seed", type=integer, default="1", show_default=True)
@click.option("--until", help="paragraph, sentence, document, or any text that ends the sample.")
@click.option("--top-k", type=integer, help="Only the K likeliest characters.")
@click.option("--top-p", type=number, help="Only the likeliest that together have probability P.")
@click.option("--min-p", type=number, help="Only those with P times the highest probability.")
@click.pass_obj
def sample(folder: Path, /, name: str, **values: Any) -> None:
    """Write text with the model NAME: the prompt, then what the model makes of it."""
    from escriba.ground.project import find
    from escriba.records.library import find_model
    from escriba.sampling.engine import Engine
    from escriba.sampling.request import Options
    from escriba.sampling.stream import make_stream

    model = find_model(find(folder), name)
    options = Options(**values)
    make_stream(model, options)  # before anything is written
    engine = Engine(model)
    write(options.prompt, end="", bold=True)
    for piece in engine.stream(options):
        write(piece, end="")
    write()


@click.command()
@click.argument("name", type=model_name)
@click.option("--minutes", type=duration, help="End after so many minutes.")
@click.option("--epochs", type=duration, help="End after so many passes.")
@click.option("--steps", type=integer, help="End after so many steps.")
@click.option("--budget", type=click.Choice(["1 minute", "10 minutes", "1 hour", "best"]))
@click.option(
    "--from", "start", type=model_name, metavar="NAME",
    help="Begin with the weights of that model (with NAME itself: go on from them).",
)  # fmt: skip
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE",
    help="Another value for a key of the recipe, such as hidden=64 or training.seed=2.",
)  # fmt: skip
@click.option("--restart", is_flag=True, help="Begin again instead of going on.")
@click.option("--force", is_flag=True, help="Take the new weights though they are no better.")
@click.option(
    "--device", type=device, help="cpu, cuda, cuda:1, mps (default: the fastest there is)."
)
@click.option(
    "--checkpoint-every", type=amount, default="60", show_default=True,
    help="Seconds between checkpoints.",
)  # fmt: skip
@click.option(
    "--log", "logs", multiple=True, type=click.Choice(["csv", "tensorboard"]),
    help="Also keep training.csv, or a folder for TensorBoard, beside training.jsonl.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it trains.")
@click.pass_obj
def train(folder: Path, /, name: str, quiet: bool, **options: Any) -> None:
    """Train the model NAME by its recipe, going on from where it stopped.

    Weights that the model has already give way to better ones alone. A limit given here takes the
    place of the recipe's. With several processes or machines:
    torchrun --nproc-per-node=2 -m escriba train NAME
    """
    since = time.monotonic()
    from escriba.charlm.training.engine import told_once
    from escriba.charlm.training.train import train as train_model
    from escriba.cli.display import show_result, shown, stopping
    from escriba.ground.project import find

    project = find(folder)
    with told_once(), stopping() as stop, shown(name, quiet=quiet) as display:
        result = train_model(
            project, name, report=display.moment, reading=display.reading, began=display.began,
            wrote=display.wrote, stop=stop, since=since, **options,
        )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":
        again = (part for part in sys.argv[1:] if part != "--restart")
        show_result(name, result, shlex.join(["escriba", *again]))
        if result.verdict.standing is not None and result.verdict.taken:
            _tell_stale(project, name)
    if not result.finished:
        raise click.exceptions.Exit(stop.code or 130)  # what happened is told already


@click.command()
@click.argument("name", type=model_name)
@click.option(
    "--text", type=Location(exists=True, folder=False),
    help="Measure on this text file (UTF-8) instead.",
)  # fmt: skip
@click.option("--skip-unknown", is_flag=True, help="Leave out characters that the model lacks.")
@click.option("--record", metavar="PART", help="Record the text's measures under this name.")
@click.option("--baselines/--no-baselines", default=True, help="Also n-grams (default: yes).")
@click.option(
    "--device", type=device, help="cpu, cuda, cuda:1, mps (default: the fastest there is)."
)
@click.pass_obj
def evaluate(
    folder: Path, name: str, text: Path | None, skip_unknown: bool, record: str | None,
    baselines: bool, device: str | None,
) -> None:  # fmt: skip
    """Measure the model NAME on its validation and test parts.

    The loss per character and per byte, beside that of n-grams counted on the training part, and
    by class of character. Recorded in models/NAME/evaluation.yml, for inline values.
    """
    if text is None and (skip_unknown or record is not None):
        raise click.UsageError(tr("--skip-unknown and --record need --text"))
    from escriba.charlm.evaluation.evaluate import Outsider
    from escriba.charlm.evaluation.evaluate import evaluate as evaluate_model
    from escriba.cli.scores import print_scores
    from escriba.ground.progress import shown_progress
    from escriba.ground.project import find
    from escriba.records.evaluation import FILE, check_name, write_parts

    project = find(folder)
    if record is not None:
        check_name(record)
    outsider = Outsider(text, record or text.name, skip_unknown) if text else None
    with shown_progress() as report:
        scores = evaluate_model(
            project, name, outsider, baselines=baselines, device=device, report=report
        )
    print_scores(scores, name)
    if text is None or record:
        model = project.models / name
        parts = {score.part: score.to_dict() for score in scores}
        outdated = write_parts(model, scores[0].model, parts, project.shown(model))
        write(tr("written to {path}", path=project.shown(model / FILE).as_posix()))
        if outdated:
            tell(tr("removed from it, as of other weights: {parts}", parts=", ".join(outdated)))


def _tell_stale(project: Project, name: str) -> None:
    """Say that frozen samples of a model are of the weights that it had before."""
    from escriba.evidence.ledger import KINDS

    if any(any((project.models / name / kind).glob("*.txt")) for kind in KINDS):
        tell(tr("models/{name}: its frozen samples are of the weights before; write them anew "
                "with: escriba refresh {name}", name=name))  # fmt: skip
