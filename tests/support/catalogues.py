"""The catalogues of messages, `plugin/escriba/locale/`, and what the code says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import cleandoc
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from escriba.cli import cli
from escriba.ground.language import LOCALE

KEYWORDS = {"tr": None, "plural": (1, 2)}
DAY = datetime(2026, 11, 27, tzinfo=UTC)  # a catalogue's header needs one


def find_catalogues(domain: str) -> list[Path]:
    return sorted(LOCALE.glob(f"*/LC_MESSAGES/{domain}.po"))


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def collect_messages() -> Catalog:
    """What escriba says, with the files that say it."""
    catalog = Catalog(creation_date=DAY)
    found = extract_from_dir(LOCALE.parent, [("**.py", "python")], keywords=KEYWORDS)
    for name, _, message, _, _ in found:
        catalog.add(message, locations=[(f"plugin/escriba/{name}", 0)])
    for text in _read_help(cli):
        catalog.add(text, locations=[("plugin/escriba/cli", 0)])
    return catalog


def _read_help(command: click.Command) -> Iterator[str]:
    if command.help:
        yield cleandoc(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _read_help(below)
