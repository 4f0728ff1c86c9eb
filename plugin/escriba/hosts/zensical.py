"""The Python-Markdown extension of escriba in Zensical, which has no plugins of its own.

Zensical gives each page an instance of Markdown, and tells it about the page in a preprocessor.
"""

from __future__ import annotations

import atexit
import posixpath
from contextlib import suppress
from pathlib import Path
from typing import Any

from markdown import Markdown

from escriba.article.expansion import find_front_matter
from escriba.article.extension import EscribaExtension
from escriba.article.source.fences import NAME
from escriba.ground.files import read_text

ASSETS = "assets/escriba"  # of the site
CACHE = ".cache"  # of Zensical


class ZensicalExtension(EscribaExtension):
    """Takes the options of `escriba`; those of the page it finds by itself."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        context: Any = md.preprocessors["rendering_context"]
        page, config = context.page, context.config
        root, path = Path(config["root_dir"]), Path(config["docs_dir"], page.path)
        head = find_front_matter(read_text(root / path, path))
        own: dict[str, Any] = {
            "root": self.getConfig("root") or str(root),
            "path": str(path),
            "line": 1 + head.count("\n"),
            "lang": page.meta.get("lang") or config["theme"].get("language") or "",
            "style": True,
            "assets": str(root / config["site_dir"] / ASSETS),
            # Zensical takes the address of a script to be seen from the page's source.
            "address": posixpath.relpath(ASSETS, posixpath.dirname(page.path) or ".") + "/",
        }
        for key, value in own.items():
            self.config[key][0] = value
        super().extendMarkdown(md)
        atexit.unregister(forget)  # once is enough
        atexit.register(forget, root / CACHE)


def forget(cache: Path) -> None:
    """Remove from Zensical's cache, which knows a page by its own file alone, all that have blocks:
    samples, models and the files of playgrounds are looked at by each build."""
    for entry in cache.glob("[0-9]*"):
        with suppress(OSError):
            if f"{NAME}-".encode() in entry.read_bytes():
                entry.unlink()


def makeExtension(**options: Any) -> ZensicalExtension:  # noqa: N802
    """The extension under the name of this module."""
    return ZensicalExtension(**options)
