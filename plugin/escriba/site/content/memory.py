"""What a process that renders again and again has made of entries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from escriba.ground.mistakes import Mistakes
from escriba.site.content.post import Post

Made = TypeVar("Made")


class Memory:
    """What was made, for as long as what it was made of is the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, object], tuple[object, Any]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._known

    def recall(
        self,
        kind: str,
        name: object,
        state: object,
        work: Callable[[], Made],
        stands: Callable[[Made], bool] = lambda made: True,
    ) -> Made:
        """What `work` makes of a state, or has made of an equal one and still `stands`. Raises what
        it does."""
        known = self._known.get((kind, name))
        if known is not None and known[0] == state and stands(known[1]):
            made: Made = known[1]
            return made
        self.forget(kind, name)
        made = work()
        self._known[kind, name] = state, made
        return made

    def same(self, kind: str, value: Made) -> Made:
        """A value; if an equal one was given before, that: the two are compared once, and not with
        each state that they are part of."""
        return self.recall(kind, "", value, lambda: value)

    def forget(self, kind: str, name: object) -> None:
        self._known.pop((kind, name), None)

    def read(
        self, shown: Path, state: object, mistakes: Mistakes, work: Callable[[], Post]
    ) -> Post:
        """The entry of a file in a state: what `work` gives, or has given."""
        before = len(mistakes.warnings)
        post = self.recall("entry", shown, state, work)
        if len(mistakes.warnings) > before:  # what was said must be said again
            self.forget("entry", shown)
        return post
