"""What an author should know of front matter that is in order, and may not say what is meant."""

from __future__ import annotations

from collections.abc import Collection

from yaml import MappingNode, Node, ScalarNode

from escriba.ground import schema
from escriba.ground.errors import Place, Problem, find_typo, shorten
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.yaml import place_of


def hint(node: Node, known: Collection[str], start: Place, mistakes: Mistakes) -> None:
    """Tell which keys are probably meant to be `known` ones, and where Jekyll would split the names
    of topics elsewhere. `node` is a mapping, else nothing is told."""
    for key, value in node.value if isinstance(node, MappingNode) else ():
        name = str(key.value)
        if name.replace("-", "_") not in known and (near := find_typo(name, known)):
            message = tr(
                "'{key}' is no key of escriba's, and is kept for templates alone (did you mean "
                "'{near}'?)",
                key=shorten(name), near=near,
            )  # fmt: skip
            mistakes.warn(Problem(message, place_of(start, key)))
        text = str(value.value) if isinstance(value, ScalarNode) else ""
        if name in ("tags", "categories") and "," in text:
            message = tr(
                "'{key}' is split at its commas, and Jekyll splits at spaces; write "
                "'{key}: [{words}]', which both read alike",
                key=name, words=shorten(", ".join(schema.split_words(text))),
            )  # fmt: skip
            mistakes.warn(Problem(message, place_of(start, value)))
