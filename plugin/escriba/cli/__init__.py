"""The commands. Each one reads its input, calls one function below, and says what came of it.

Imports stay inside the commands: `escriba --help` needs click alone, `escriba build --frozen`
neither torch nor numpy.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from contextlib import suppress
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escriba.cli.arguments import Location, amount, device, integer, model_name, number, port, steps
from escriba.ground.errors import EscribaError
from escriba.ground.language import plural, tr
from escriba.ground.streams import Gone, tell
from escriba.ground.terminal import visible

if TYPE_CHECKING:
    from escriba.ground.project import Project


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="escriba", message="escriba %(version)s")
@click.option(
    "-C", "--project", "folder", type=Location(exists=True, file=False),
    default=".", help="The site's folder (default: this one, or the nearest above).",
)  # fmt: skip
@click.pass_context
def cli(context: click.Context, folder: Path) -> None:
    """A static blog generator whose posts hold exactly reproducible char-LSTM samples."""
    context.obj = folder


@cli.command()
@click.argument("folder", type=Location())
@click.option(
    "--lang", type=click.Choice(["en", "es"]), help="Its language (default: the terminal's)."
)
@click.option(
    "--model", metavar="NAME|none",
    help="The small model that comes with it: shakespeare, quijote, or none (default: the "
    "language's).",
)  # fmt: skip
@click.option("--no-model", is_flag=True, help="The same as --model none.")
@click.option(
    "--ci", type=click.Choice(["github", "gitlab"]), help="Also a workflow that publishes the site."
)
def new(folder: Path, lang: str | None, model: str | None, no_model: bool, ci: Any) -> None:
    """Make a new site in FOLDER, or of it: nothing that is there is changed.

    Of a Jekyll blog the settings are taken over. A folder that is a site already gets what --model
    and --ci name.
    """
    from escriba.ground.language import reading_language
    from escriba.site.new.blog import NO_MODEL, create

    if no_model and model not in (None, NO_MODEL):
        raise click.UsageError(tr("--model and --no-model exclude each other"))
    usual = "es" if reading_language() == "es" else "en"
    made = create(folder, lang or usual, model=NO_MODEL if no_model else model, ci=ci)
    for line in made.lines:
        _tell(line)
    command = "escriba serve"
    if folder.resolve() != Path.cwd():
        command = f"cd {shlex.quote(folder.as_posix())} && {command}"
    _print(tr("{folder}: {files}; now: {command}", folder=folder.as_posix(),
              files=plural("{number} new file", "{number} new files", len(made.written)),
              command=command))  # fmt: skip


@cli.command()
@click.option("--frozen", is_flag=True, help="For CI: train nothing, sample nothing.")
@click.option("--drafts", is_flag=True, help="Also build the drafts.")
@click.option("--unpublished", is_flag=True, help="Also build posts with 'published: false'.")
@click.option(
    "-o", "--output", type=Location(file=False),
    help="Where to write the site (default: 'output' of escriba.yml).",
)  # fmt: skip
@click.option(
    "--url", metavar="ADDRESS",
    help="Where the site will be, with its path: takes the place of 'url' and 'baseurl'.",
)  # fmt: skip
@click.pass_obj
def build(
    folder: Path, frozen: bool, drafts: bool, unpublished: bool, output: Path | None,
    url: str | None,
) -> None:  # fmt: skip
    """Build the site; new samples are made and frozen on the way."""
    from escriba.ground.progress import shown_progress
    from escriba.ground.project import publish_at
    from escriba.site.build import build as build_site

    begun = time.perf_counter()
    project = _find(folder)
    if url is not None:
        project = publish_at(project, url)
    with shown_progress() as report:
        result = build_site(
            project, frozen=frozen, drafts=drafts, unpublished=unpublished,
            output=output, report=report, say=_tell,
        )  # fmt: skip
    for warning in result.warnings:
        _tell(str(warning))
    seconds = time.perf_counter() - begun
    _print(tr("{result} in {seconds:.2f} s", result=result, seconds=seconds))


@cli.command()
@click.option("--port", type=port, default="8000", show_default=True)
@click.option("--drafts/--no-drafts", default=True, help="Show drafts (default: yes).")
@click.pass_obj
def serve(folder: Path, /, **options: Any) -> None:
    """Show the site at http://127.0.0.1:PORT/ and reload it on every change."""
    from escriba.ground.progress import shown_progress
    from escriba.site.serve import serve as serve_site

    def say(text: str) -> None:
        with suppress(Gone, EscribaError):  # the pages go on to say it
            _print(text)

    serve_site(folder, say=say, showing=shown_progress, **options)


@cli.command()
@click.option("--diff", is_flag=True, help="Show how frozen texts differ from what is written now.")
@click.pass_obj
def check(folder: Path, diff: bool) -> None:
    """Sample everything again and compare it, character for character, with what is frozen."""
    from escriba.ground.progress import shown_progress
    from escriba.upkeep.check import check as check_site

    project = _find(folder)
    differences: list[str] = []
    try:
        with shown_progress() as report:
            right = check_site(project, differences.append if diff else None, report, _tell)
    finally:
        with suppress(Gone):  # what is wrong counts, whoever reads how
            for difference in differences:
                _show_difference(difference)
    _print(str(right))


@cli.command()
@click.argument("names", nargs=-1, metavar="[POST|MODEL]...")
@click.pass_obj
def refresh(folder: Path, names: tuple[str, ...]) -> None:
    """Freeze anew what is missing, stale, of an older model, or edited.

    Without names everywhere; else only what these posts ask for, or these models write.
    """
    from escriba.ground.progress import shown_progress
    from escriba.upkeep.check import refresh as refresh_samples

    project = _find(folder)
    with shown_progress() as report:
        done = refresh_samples(project, names, report, _tell)
    _print(str(done))


@cli.command()
@click.argument("post")
@click.pass_obj
def explain(folder: Path, post: str) -> None:
    """Say of each block of POST what determines it, and whether a build would make it anew."""
    from escriba.upkeep.explain import explain as explain_post

    for block in explain_post(_find(folder), post, _tell):
        _print(str(block))


@cli.command()
@click.argument("sources", nargs=-1, metavar="[FILE|FOLDER]...", type=Location())
@click.option("-o", "--output", type=Location(file=False), help="Where they go.")
@click.option("--check", is_flag=True, help="For CI: write nothing, and fail if anything would be.")
@click.option("--frozen", is_flag=True, help="Sample nothing: what is not frozen is an error.")
@click.option("--style/--no-style", default=True, help="Put the blocks' CSS into each document.")
@click.option(
    "--assets",
    type=Location(file=False),
    help="Where the files of playgrounds go; without it they are samples.",
)
@click.option("--address", help="Of that folder in pages (default: /FOLDER/).")
@click.pass_obj
def expand(
    folder: Path, sources: tuple[Path, ...], output: Path | None, check: bool, frozen: bool,
    style: bool, assets: Path | None, address: str | None,
) -> None:  # fmt: skip
    """Write the blocks of Markdown documents out as HTML, for Jekyll, Hugo and the rest.

    Without documents, from standard input to standard output.
    """
    from escriba.ground.progress import shown_progress
    from escriba.ground.streams import read_all
    from escriba.hosts.expand import expand_files, expand_stream

    project = _find(folder)
    if not sources:
        data = read_all(sys.stdin.buffer)
        with shown_progress() as report:
            text = expand_stream(
                project, data, frozen=frozen, style=style, report=report, say=_tell
            )
        sys.stdout.buffer.write(text)
        return
    if output is None:
        raise click.UsageError(tr("say with -o where the documents go"))
    at = address if address is not None else f"/{assets.as_posix()}/" if assets else ""
    with shown_progress() as report:
        count, changed = expand_files(
            project, sources, output, check=check, frozen=frozen,
            style=style, assets=assets, address=at, report=report, say=_tell,
        )  # fmt: skip
    files = plural("{number} file", "{number} files", count)
    done = tr(
        "{written} written, {unchanged} unchanged", written=changed, unchanged=count - changed
    )
    _print(f"{files}; {done}")


@cli.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.pass_obj
def prune(folder: Path, dry_run: bool) -> None:
    """Remove the frozen samples that no post and no document uses."""
    from escriba.upkeep.check import prune as prune_samples

    project = _find(folder)
    for path in prune_samples(project, dry_run=dry_run, say=_tell):
        state = tr("unused") if dry_run else tr("removed")
        _print(f"{project.shown(path).as_posix()}: {state}")


@cli.command()
@click.argument("name", type=model_name)
@click.option("-p", "--prompt", default="", help="The text to go on from.")
@click.option("-n", "--length", type=integer, default="500", show_default=True, help="Characters.")
@click.option("-t", "--temperature", type=number, default="0.8", show_default=True)
@click.option("-s", "--seed", type=integer, default="1", show_default=True)
@click.option("--until", help="paragraph, sentence, or any text that ends the sample.")
@click.option("--top-k", type=integer, help="Only the K likeliest characters.")
@click.option("--top-p", type=number, help="Only the likeliest that together have probability P.")
@click.option("--min-p", type=number, help="Only those with P times the highest probability.")
@click.pass_obj
def sample(folder: Path, /, name: str, **values: Any) -> None:
    """Write text with the model NAME: the prompt, then what the model makes of it."""
    from escriba.sampling.engine import Engine
    from escriba.sampling.request import Options

    model = _read_model(_find(folder), name)
    options = Options(**values)
    model.vocabulary.encode(options.prompt)
    engine = Engine(model)
    _print(options.prompt, end="", bold=True)
    for piece in engine.stream(options):
        _print(piece, end="")
    _print()


@cli.command()
@click.argument("name", type=model_name)
@click.option("--minutes", type=amount, help="End after so many minutes.")
@click.option("--epochs", type=amount, help="End after so many passes.")
@click.option("--steps", type=steps, help="End after so many steps.")
@click.option("--budget", type=click.Choice(["1 minute", "10 minutes", "1 hour", "best"]))
@click.option("--restart", is_flag=True, help="Begin again instead of going on.")
@click.option("--force", is_flag=True, help="Take the new weights though they are no better.")
@click.option(
    "--device", type=device, help="cpu, cuda, cuda:1, mps (default: the fastest there is)."
)
@click.option(
    "--checkpoint-every", type=amount, default="60", show_default=True,
    help="Seconds between checkpoints.",
)  # fmt: skip
@click.pass_obj
def train(folder: Path, /, name: str, **options: Any) -> None:
    """Train the model NAME by its recipe, going on from where it stopped. Needs torch.

    Weights that the model has already give way to better ones alone. A limit given here takes the
    place of the recipe's. With several processes or machines:
    torchrun --nproc-per-node=2 -m escriba train NAME
    """
    _need_torch()
    from escriba.charlm.training.display import show_result, shown, stopping
    from escriba.charlm.training.train import train as train_model

    project = _find(folder)
    with stopping() as stop, shown(name) as display:
        result = train_model(
            project, name,
            report=display.moment, reading=display.reading, stop=stop, **options,
        )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":
        show_result(name, result)
        if result.verdict.standing is not None and result.verdict.taken:
            _tell_stale(project, name)
    if not result.finished:
        raise click.exceptions.Exit(130)  # what happened is told already


@cli.command()
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
    """Measure the model NAME on its validation and test parts. Needs torch.

    The loss per character and per byte, beside that of n-grams counted on the training part, and
    by class of character. Recorded in models/NAME/evaluation.yml, for inline values.
    """
    if text is None and (skip_unknown or record is not None):
        raise click.UsageError(tr("--skip-unknown and --record need --text"))
    _need_torch()
    from escriba.charlm.evaluation.evaluate import Outsider, find_outdated, write_evaluation
    from escriba.charlm.evaluation.evaluate import evaluate as evaluate_model
    from escriba.charlm.evaluation.report import print_scores
    from escriba.ground.progress import shown_progress
    from escriba.records.evaluation import check_name

    project = _find(folder)
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
        outdated = find_outdated(model, scores, project.shown(model))
        path = write_evaluation(model, scores, project.shown(model))
        _print(tr("written to {path}", path=project.shown(path).as_posix()))
        if outdated:
            tell(tr("removed from it, as of other weights: {parts}", parts=", ".join(outdated)))


def translate(command: click.Command) -> None:
    """Put the help of a command, of its options and of the commands below into the reader's
    language."""
    if command.help:
        command.help = tr(cleandoc(command.help))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = tr(parameter.help)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            translate(below)


def _tell(text: str) -> None:
    """Say something that is no result: for whom a command waits."""
    tell(visible(text))


def _show_difference(text: str) -> None:
    """Print a unified diff, in colours where there are any."""
    colours = {"-": "red", "+": "green", "@": "cyan"}
    for line in text.split("\n"):
        _print(line, fg=colours.get(line[:1]))


def _print(text: str = "", end: str = "\n", **style: Any) -> None:
    """Print text: on a terminal in a style, and nothing in it is obeyed; elsewhere as it is."""
    if sys.stdout.isatty():
        text = visible(text)
        styled = click.style(text, **style) if text and any(style.values()) else text
        click.echo(styled + end, nl=False)
    else:
        sys.stdout.write(text + end)  # click would take out what looks like a colour
        sys.stdout.flush()


def _tell_stale(project: Project, name: str) -> None:
    """Say that frozen samples of a model are of the weights that it had before."""
    from escriba.evidence.ledger import FOLDER

    if any((project.models / name / FOLDER).glob("*.txt")):
        _tell(tr("models/{name}: its frozen samples are of the weights before; write them anew "
                 "with: escriba refresh {name}", name=name))  # fmt: skip


def _find(folder: Path) -> Project:
    from escriba.ground.project import find

    return find(folder)


def _read_model(project: Project, name: str) -> Any:
    from escriba.ground.errors import ModelError, suggest
    from escriba.ground.files import is_dir
    from escriba.records.model import read_model

    path = project.admit(project.models / name, kind=ModelError)
    if not is_dir(path):
        known = [p.name for p in project.models.glob("*") if is_dir(p)]
        raise ModelError(
            tr("there is no model '{name}'{hint}", name=name, hint=suggest(name, known))
        )
    return read_model(path, project.shown(path))


def _need_torch() -> None:
    import importlib.util

    from escriba.ground.errors import TrainingError
    from escriba.ground.install import name_command

    if importlib.util.find_spec("torch") is None:
        command = name_command("train")
        raise TrainingError(tr("this needs torch; install it with: {command}", command=command))
