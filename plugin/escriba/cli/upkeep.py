"""What is frozen, over all of a project: checked, made anew, explained, cleared away."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from escriba.cli.output import show_difference, tell, write
from escriba.ground.language import tr
from escriba.ground.streams import Gone


@click.command()
@click.option("--diff", is_flag=True, help="Show how frozen texts differ from what is written now.")
@click.option(
    "--models", is_flag=False, flag_value="", metavar="[NAME]",
    help="Instead train exact models again, all or one, and compare every bit of their weights.",
)  # fmt: skip
@click.pass_obj
def check(folder: Path, diff: bool, models: str | None) -> None:
    """Sample everything again and compare it, character for character, with what is frozen."""
    from escriba.ground.progress import shown_progress
    from escriba.ground.project import find

    if models is not None:
        from escriba.upkeep.models import prove_models

        with shown_progress() as report:
            write(str(prove_models(find(folder), [models] if models else [], report)))
        return
    from escriba.upkeep.check import check as check_site

    project = find(folder)
    differences: list[str] = []
    try:
        with shown_progress() as report:
            right = check_site(project, differences.append if diff else None, report, tell)
    finally:
        with suppress(Gone):  # what is wrong counts, whoever reads how
            for difference in differences:
                show_difference(difference)
    write(str(right))


@click.command()
@click.argument("names", nargs=-1, metavar="[POST|MODEL]...")
@click.pass_obj
def refresh(folder: Path, names: tuple[str, ...]) -> None:
    """Freeze anew what is missing, stale, of an older model, or edited.

    Without names everywhere; else only what these posts ask for, or these models write.
    """
    from escriba.ground.progress import shown_progress
    from escriba.ground.project import find
    from escriba.upkeep.check import refresh as refresh_samples

    project = find(folder)
    with shown_progress() as report:
        done = refresh_samples(project, names, report, tell)
    write(str(done))


@click.command()
@click.argument("post")
@click.pass_obj
def explain(folder: Path, post: str) -> None:
    """Say of each block of POST what determines it, and whether a build would make it anew."""
    from escriba.ground.project import find
    from escriba.upkeep.explain import explain as explain_post

    for block in explain_post(find(folder), post, tell):
        write(str(block))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.pass_obj
def prune(folder: Path, dry_run: bool) -> None:
    """Remove the frozen samples that no post and no document uses."""
    from escriba.ground.project import find
    from escriba.upkeep.check import prune as prune_samples

    project = find(folder)
    for path in prune_samples(project, dry_run=dry_run, say=tell):
        state = tr("unused") if dry_run else tr("removed")
        write(f"{project.shown(path).as_posix()}: {state}")
