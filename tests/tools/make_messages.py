"""Makes the catalogues of messages, `plugin/escriba/locale/`, follow the code.

    make messages

collects what the code says (`tr`, `plural`, the help of the commands) into each `escriba.po`, takes
out what is said no more, and compiles the `.mo` files. `click.po` holds what click says by itself to
somebody who uses escriba; its English is click's.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

sys.path.insert(0, str(Path(__file__).parents[1]))  # where support lies

from escriba.ground.language import DOMAIN
from support.catalogues import DAY, collect_messages, find_catalogues, read_catalogue


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
