"""Pelican's reader of Markdown, with blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from pelican.readers import MarkdownReader

from escriba.article.context import MARK, Context, furnish
from escriba.article.extension import EscribaExtension
from escriba.ground.errors import Place

ASSETS = "assets/escriba"  # of the site


class Reader(MarkdownReader):
    """Markdown with blocks, their CSS and the script of playgrounds at its end. A run's own class
    has its context, and the set of the documents that must be read each time."""

    context: Context
    alive: set[Path]

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        head = Path(source_path).read_text("utf-8-sig", errors="replace").partition("\n\n")[0]
        named = re.search(r"^lang:[ \t]*(\S+)", head, re.M | re.I)
        lang = named[1] if named else self.context.lang
        own = replace(self.context, path=self.context.project.shown(Path(source_path)), lang=lang)
        before = len(own.mistakes.errors)
        extension = EscribaExtension(own)
        extensions = self.settings["MARKDOWN"]["extensions"]
        extensions.append(extension)  # for this document: settings are pickled into caches
        try:
            content, metadata = super().read(source_path)
        finally:
            extensions.remove(extension)
        with own.mistakes.collect(Place(own.path)):
            content = furnish(content, own, f"{self.settings['SITEURL']}/{ASSETS}/")
        if MARK in content or len(own.mistakes.errors) > before:
            self.alive.add(Path(source_path))
        return content, metadata
