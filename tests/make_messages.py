"""The catalogues of messages, `plugin/escriba/locale/`, and how they follow the code.

    make messages

collects what the code says (`tr`, `plural`, the help of the commands) into each `escriba.po`, takes
out what is said no more, and compiles the `.mo` files. `click.po` holds what click says by itself to
somebody who uses escriba; its English is click's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import cleandoc
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from escriba.cli import cli
from escriba.ground.language import DOMAIN, LOCALE

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


def main() -> None:
    template = collect_messages()
    for path in find_catalogues(DOMAIN):
        catalog = read_catalogue(path)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        _write(path, catalog)
        missing = [message.id for message in catalog if message.id and not message.string]
        print(f"{path.parts[-3]}: {len(catalog)} messages, {len(missing)} to translate")
    for path in find_catalogues("click"):
        _write(path, read_catalogue(path))


def _write(path: Path, catalog: Catalog) -> None:
    catalog.project, catalog.version, catalog.revision_date = "escriba", "0", DAY
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "escriba"
    text = io.BytesIO()
    write_po(text, catalog, width=100, include_lineno=False, sort_output=True)
    path.write_bytes(text.getvalue())
    machine = io.BytesIO()
    write_mo(machine, catalog)
    path.with_suffix(".mo").write_bytes(machine.getvalue())


if __name__ == "__main__":
    main()
