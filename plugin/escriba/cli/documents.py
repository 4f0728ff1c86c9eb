"""Markdown documents for programs that cannot run Python."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from escriba.cli.arguments import Location
from escriba.cli.output import tell, write
from escriba.ground.language import plural, tr


@click.command()
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
    from escriba.ground.project import find
    from escriba.ground.streams import read_all
    from escriba.hosts.expand import expand_files, expand_stream

    project = find(folder)
    if not sources:
        data = read_all(sys.stdin.buffer)
        with shown_progress() as report:
            text = expand_stream(project, data, frozen=frozen, style=style, report=report, say=tell)
        sys.stdout.buffer.write(text)
        return
    if output is None:
        raise click.UsageError(tr("say with -o where the documents go"))
    at = address if address is not None else f"/{assets.as_posix()}/" if assets else ""
    with shown_progress() as report:
        count, changed = expand_files(
            project, sources, output, check=check, frozen=frozen,
            style=style, assets=assets, address=at, report=report, say=tell,
        )  # fmt: skip
    files = plural("{number} file", "{number} files", count)
    done = tr(
        "{written} written, {unchanged} unchanged", written=changed, unchanged=count - changed
    )
    write(f"{files}; {done}")
