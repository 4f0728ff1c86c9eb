"""The Pelican plugin. Pelican drops an article whose reader fails and goes on; so nothing fails
here before all have been read, and then a site with mistakes is not written."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import Any

from pelican import signals  # type: ignore[attr-defined]

from escriba.article.blocks.panels import Panels
from escriba.article.context import open_context
from escriba.ground import project
from escriba.ground.errors import EscribaError
from escriba.ground.mistakes import ending
from escriba.hosts.pelican.caches import keep_out
from escriba.hosts.pelican.reader import ASSETS, Reader


class Door:
    """What one run of Pelican knows. Pelican's settings would be pickled with every tag; so this
    hangs on the Pelican object, and signals, which hold it weakly, tell it of others' runs, too.

    Options are the settings ESCRIBA_ROOT (of `escriba.yml`) and ESCRIBA_FROZEN. Pelican loads every
    plugin that it finds, so a site without blocks needs no `escriba.yml`.
    """

    def __init__(self, pelican: Any):
        self.settings = settings = pelican.settings
        frozen, lang = bool(settings.get("ESCRIBA_FROZEN")), settings["DEFAULT_LANG"]
        with ending():
            site = project.find(Path(settings.get("ESCRIBA_ROOT", Path.cwd())), needed=False)
            self.context = open_context(site, frozen=frozen, lang=lang, panels=Panels())
        self.alive: set[Path] = set()  # documents with a block, a value or a mistake
        signals.readers_init.connect(self.join)
        signals.generator_init.connect(self.shield)
        signals.all_generators_finalized.connect(self.check)
        signals.finalized.connect(self.write)

    def join(self, readers: Any) -> None:
        if readers.settings is self.settings:
            own = type("Reader", (Reader,), {"context": self.context, "alive": self.alive})
            readers.reader_classes |= dict.fromkeys(Reader.file_extensions, own)

    def shield(self, generator: Any) -> None:
        if generator.settings is self.settings:
            for cacher in (generator, generator.readers):
                keep_out(self.alive, cacher, Path(generator.path))

    def check(self, generators: Any) -> None:
        """All has been read, and nothing written. While Pelican watches, it goes on to do so."""
        if generators[0].settings is not self.settings:
            return
        try:
            self.context.mistakes.check()
        except EscribaError as error:
            logging.getLogger(__name__).error("%s", error)
            if not any(re.fullmatch(r"-[a-zA-Z]*r[a-zA-Z]*|--autoreload", a) for a in sys.argv[1:]):
                sys.exit(error.exit_code)

    def write(self, pelican: Any) -> None:
        if pelican.settings is self.settings and self.context.panels is not None:
            with ending():
                self.context.panels.write(Path(pelican.output_path, ASSETS))


def begin(pelican: Any) -> None:
    pelican.escriba = Door(pelican)


def register() -> None:
    signals.initialized.connect(begin)
