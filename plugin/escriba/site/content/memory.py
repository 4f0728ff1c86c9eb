"""The entries that a process has read, which reads them again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from escriba.ground.mistakes import Mistakes
from escriba.site.content.post import Post


class Memory:
    """The entries that were read, for as long as their files and the settings are the same."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, Post]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._known

    def read(
        self, shown: Path, state: object, mistakes: Mistakes, work: Callable[[], Post]
    ) -> Post:
        """The entry of a file in a state: what `work` gives, or has given. Raises what it does."""
        if known := self._known.get(shown):
            if known[0] == state:
                return known[1]
            del self._known[shown]
        before = len(mistakes.warnings)
        post = work()
        if len(mistakes.warnings) == before:  # what was said must be said again
            self._known[shown] = state, post
        return post
