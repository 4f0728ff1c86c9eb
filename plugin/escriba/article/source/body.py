"""The options that an author writes in a block, and where each of them stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

import yaml

from escriba.article.source.fences import Fence
from escriba.ground import schema
from escriba.ground.errors import Place
from escriba.ground.mistakes import Mistakes
from escriba.ground.yaml import compose, place_of

T = TypeVar("T")
F = TypeVar("F")


class Body:
    """The YAML of a fence. Raises SourceError for what is not YAML."""

    def __init__(self, fence: Fence):
        self.place = fence.place
        self.start = fence.start if fence.body.strip() else fence.place
        self.node = compose(fence.body, self.start)

    def build(self, kind: type[T]) -> T:
        """The options as a dataclass. Raises SourceError with every mistake."""
        return schema.build(kind, self.node, self.start, what="option")

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Where the value of each option stands."""
        return schema.places(self.node, self.start)

    def read(
        self, kind: type[T], find: Callable[[str, Place], F], *keys: str
    ) -> tuple[T, dict[str, F]]:
        """The options, and what `find` has of each model that some of them name.

        Raises EscribaError with all mistakes together: those of options, and those of models.
        """
        mistakes = Mistakes()
        found: dict[str, F] = {}
        with mistakes.collect():
            options = self.build(kind)
        for name, place in self.texts(*keys):
            with mistakes.collect():
                found[name] = find(name, place)
        mistakes.check()
        return options, found

    def texts(self, *keys: str) -> list[tuple[str, Place]]:
        """The words of some options, each with its place; of a list, those of its items.

        They are there even if other options are wrong, so that all mistakes can be told at once.
        """
        if not isinstance(self.node, yaml.MappingNode):
            return []
        found: list[tuple[str, Place]] = []
        for key, value in self.node.value:
            if key.value in keys:
                items = value.value if isinstance(value, yaml.SequenceNode) else [value]
                found += [
                    (str(item.value), place_of(self.start, item))
                    for item in items
                    if isinstance(item, yaml.ScalarNode)
                ]
        return found
