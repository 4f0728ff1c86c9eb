"""The commands. Each one reads its input, calls one function below, and says what came of it.

Imports stay inside the commands: `escriba --help` needs click alone, `escriba build --frozen`
neither torch nor numpy.
"""

from __future__ import annotations

from inspect import cleandoc
from pathlib import Path

import click

from escriba.cli.arguments import Location
from escriba.cli.corpora import corpus
from escriba.cli.documents import expand
from escriba.cli.models import evaluate, sample, train
from escriba.cli.shelf import models
from escriba.cli.site import build, new, serve
from escriba.cli.upkeep import check, explain, prune, refresh
from escriba.ground.language import tr


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


for _command in (
    new, build, serve, check, refresh, explain, prune, expand, sample, corpus, train, evaluate,
    models,
):  # fmt: skip
    cli.add_command(_command)


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
