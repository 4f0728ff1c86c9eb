"""Pelican's two caches, of what readers give and of what generators make of it.

Both know a document by its own file alone. One with blocks is made of more: of samples and models,
and of mistakes that must be told by each run; and the files of its playground are written by the
run that reads it. So it is read each time, which costs about a millisecond.
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from pathlib import Path
from typing import Any

from escriba.article.context import MARK
from escriba.article.source.fences import NAME


def keep_out(alive: Set[Path], cacher: Any, folder: Path) -> None:
    """Let a cache neither take nor give the documents that are `alive`, or name escriba; paths are
    relative to the folder. What is no cache is left as it is."""

    def is_alive(name: str) -> bool:
        path = folder / name
        with suppress(OSError):
            return path in alive or NAME.encode() in path.read_bytes()
        return False

    def cache_data(name: str, data: Any) -> None:
        if not is_alive(name):
            store(name, data)

    def get_cached_data(name: str, default: Any = None) -> Any:
        found = default if is_alive(name) else fetch(name, default)
        return default if MARK in _html(found) else found

    if hasattr(cacher, "get_cached_data"):
        store, fetch = cacher.cache_data, cacher.get_cached_data
        cacher.cache_data, cacher.get_cached_data = cache_data, get_cached_data


def _html(found: Any) -> str:
    """Of an article, or of a reader's (content, metadata)."""
    return str(found[0] if isinstance(found, tuple) else getattr(found, "_content", ""))
