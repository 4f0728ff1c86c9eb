"""A site as a whole: made, built, shown."""

from __future__ import annotations

import gc
import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escriba.cli.arguments import Location, port
from escriba.cli.missing import list_untrained, train_missing
from escriba.cli.output import tell, write
from escriba.ground.errors import EscribaError
from escriba.ground.language import plural, tr
from escriba.ground.streams import Gone

if TYPE_CHECKING:
    from escriba.ground.project import Project
    from escriba.site.build import Result

LISTED = 8  # frozen texts that a build names


@click.command()
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
        tell(line)
    command = "escriba serve"
    if folder.resolve() != Path.cwd():
        command = f"cd {shlex.quote(folder.as_posix())} && {command}"
    write(tr("{folder}: {files}; now: {command}", folder=folder.as_posix(),
             files=plural("{number} new file", "{number} new files", len(made.written)),
             command=command))  # fmt: skip


@click.command()
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
@click.option(
    "--verify", is_flag=True,
    help="Build it once more, of nothing that was kept, and compare every byte.",
)  # fmt: skip
@click.pass_obj
def build(
    folder: Path, frozen: bool, drafts: bool, unpublished: bool, output: Path | None,
    url: str | None, verify: bool,
) -> None:  # fmt: skip
    """Build the site; new samples are made and frozen on the way."""
    from escriba.ground.project import find, publish_at
    from escriba.site.build import build as build_site

    begun = time.perf_counter()
    gc.freeze()  # what was imported stays, and no collection need look at it
    project = find(folder)
    if url is not None:
        project = publish_at(project, url)
    make = partial(
        build_site, project, frozen=frozen, drafts=drafts, unpublished=unpublished, output=output,
        say=tell,
    )  # fmt: skip
    result = _make(project, make, may_train=not frozen)
    for warning in result.warnings:
        tell(str(warning))
    if verify:
        from escriba.site.verify import verify as verify_site

        number = verify_site(project, drafts=drafts, unpublished=unpublished, output=output)
        tell(plural("{number} file is what a build from nothing makes, byte for byte",
                    "{number} files are what a build from nothing makes, byte for byte",
                    number))  # fmt: skip
    for path in result.frozen[:LISTED]:
        write(tr("{path}: frozen, to be reviewed", path=path.as_posix()))
    if len(result.frozen) > LISTED:
        write(tr("and {number} more", number=len(result.frozen) - LISTED))
    seconds = time.perf_counter() - begun
    write(tr("{result} in {seconds:.2f} s", result=result, seconds=seconds))


def _make(project: Project, make: Callable[..., Result], *, may_train: bool) -> Result:
    """What a build gives; if it lacks models that it can train, after that."""
    from escriba.ground.progress import shown_progress

    try:
        with shown_progress() as report:
            return make(report=report)
    except EscribaError as error:
        untrained = list_untrained(error) if may_train else set()
        if not untrained or not train_missing(project, untrained):
            raise
    with shown_progress() as report:
        return make(report=report)


@click.command()
@click.option("--port", type=port, default="8000", show_default=True)
@click.option("--drafts/--no-drafts", default=True, help="Show drafts (default: yes).")
@click.pass_obj
def serve(folder: Path, /, **options: Any) -> None:
    """Show the site at http://127.0.0.1:PORT/ and reload it on every change."""
    from escriba.ground.progress import shown_progress
    from escriba.site.serve import serve as serve_site

    def say(text: str) -> None:
        with suppress(Gone, EscribaError):  # the pages go on to say it
            write(text)

    serve_site(folder, say=say, showing=shown_progress, train=train_missing, **options)
