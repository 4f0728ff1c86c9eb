"""The models of playgrounds, packed for a reader's browser, from one build to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from escriba.ground.reads import Reads
from escriba.site.incremental.base import BASE
from escriba.site.incremental.cache import PANEL, Cache, Kept, pack
from escriba.site.output.contents import sign


class Packs:
    """What is kept of a project, by the digests of its models. All of it is read at once: a copy of
    this process cannot read from the cache."""

    def __init__(self, reads: Reads, cache: Cache):
        self._cache = cache
        self._trace = {(BASE, "*"): reads.digest(BASE, "*")}
        self._all = cache.load(PANEL)
        self._kept = {name: each for name, each in self._all.items() if each.trace == self._trace}
        self._new: dict[str, bytes] = {}

    def find(self, model: str, make: Callable[[], bytes]) -> bytes:
        """The file of the model with that digest, made if it is not kept."""
        if model in self._kept:
            return self._kept[model].read()
        if model not in self._new:
            self._new[model] = make()
        return self._new[model]

    def keep(self, models: Iterable[str]) -> None:
        """Keep what was made, and nothing of other models than these."""
        new = {
            name: Kept(self._trace, {}, pack(data), sign(data)) for name, data in self._new.items()
        }
        if new:
            self._cache.keep(PANEL, new)
        if gone := self._all.keys() - set(models):
            self._cache.forget(PANEL, gone)
