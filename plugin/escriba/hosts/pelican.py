"""The Pelican plugin. Pelican drops an article whose reader fails and goes on; so nothing fails
here before all have been read, and then a site with mistakes is not written."""

from __future__ import annotations

import logging
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pelican import signals  # type: ignore[attr-defined]
from pelican.readers import MarkdownReader

from escriba import project
from escriba.article.context import furnish, open_context
from escriba.article.extension import EscribaExtension
from escriba.article.panels import Panels
from escriba.errors import EscribaError, Place, ending

ASSETS = "assets/escriba"  # of the site
OWN = "ESCRIBA_STATE"  # of one run, among its settings


class Reader(MarkdownReader):
    """Markdown with blocks, their CSS and the script of playgrounds at its end."""

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        context, extension = self.settings[OWN]
        head = Path(source_path).read_text("utf-8-sig", errors="replace").partition("\n\n")[0]
        named = re.search(r"^lang:[ \t]*(\S+)", head, re.M | re.I)
        lang = named[1] if named else context.lang
        extension.settings = replace(context, path=context.shown(Path(source_path)), lang=lang)
        content, metadata = super().read(source_path)
        with context.mistakes.collect(Place(extension.settings.path)):
            content = furnish(content, context, f"{self.settings['SITEURL']}/{ASSETS}/")
        return content, metadata


def begin(pelican: Any) -> None:
    """Options are the settings ESCRIBA_ROOT (of `escriba.yml`) and ESCRIBA_FROZEN. Pelican loads
    every plugin that it finds, so a site without blocks needs no `escriba.yml`."""
    settings = pelican.settings
    frozen, lang = bool(settings.get("ESCRIBA_FROZEN")), settings["DEFAULT_LANG"]
    with ending():
        site = project.find(Path(settings.get("ESCRIBA_ROOT", Path.cwd())), needed=False)
        context = open_context(site, frozen=frozen, lang=lang, panels=Panels())
    extension = EscribaExtension(context)
    settings["MARKDOWN"].setdefault("extensions", []).append(extension)
    settings[OWN] = context, extension


def join(readers: Any) -> None:
    readers.reader_classes |= dict.fromkeys(Reader.file_extensions, Reader)


def check(generators: Any) -> None:
    """All has been read, and nothing written. While Pelican watches, it goes on to do so."""
    try:
        generators[0].settings[OWN][0].mistakes.check()
    except EscribaError as error:
        logging.getLogger(__name__).error("%s", error)
        if not any(re.fullmatch(r"-[a-zA-Z]*r[a-zA-Z]*|--autoreload", a) for a in sys.argv[1:]):
            sys.exit(error.exit_code)


def write(pelican: Any) -> None:
    with ending():
        pelican.settings[OWN][0].panels.write(Path(pelican.output_path, ASSETS))


def register() -> None:
    signals.initialized.connect(begin)
    signals.readers_init.connect(join)
    signals.all_generators_finalized.connect(check)
    signals.finalized.connect(write)
