"""The models of a project, listed."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escriba.cli.output import tell, write
from escriba.ground.language import tr

if TYPE_CHECKING:
    from escriba.records.shelf import Entry


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON: a list, with all that is known.")
@click.pass_obj
def models(folder: Path, as_json: bool) -> None:
    """List the models: cell, size, validation loss, corpus."""
    from escriba.ground.project import find
    from escriba.records.shelf import list_models

    entries = list_models(find(folder))
    if as_json:
        write(json.dumps([e.to_dict() for e in entries], ensure_ascii=False, indent=2))
        return
    if not entries:
        tell(tr("there are no models here; `escriba new --model NAME` adds one"))
        return
    head = (
        tr("model"),
        tr("network"),
        tr("parameters"),
        tr("size"),
        tr("validation"),
        tr("engine"),
        tr("corpus"),
    )
    rows = [head, *(_describe(entry) for entry in entries)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True))
        write("  ".join(cells).rstrip())


def _describe(entry: Entry) -> tuple[str, ...]:
    corpus = entry.corpus or ""
    if entry.problem is not None:
        return entry.name, entry.problem, "", "", "", "", corpus
    if not entry.trained:
        return entry.name, tr("not trained"), "", "", "", "", corpus
    network = f"{entry.cell} {entry.layers} × {entry.hidden}"
    loss = entry.validation or "?"
    if entry.untrained:
        loss = tr("{loss}, untrained", loss=loss)
    if entry.begun_from:
        corpus = tr("{corpus}, from '{name}'", corpus=corpus, name=entry.begun_from)
    size = f"{(entry.bytes or 0) / 1e6:.1f} MB"
    parameters, engine = f"{entry.parameters:,}", entry.engine or "?"
    return entry.name, network, parameters, size, loss, engine, corpus


def _width(text: str) -> int:
    """The columns that a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
