"""What a command line changes in a file of YAML: `network.hidden=64`, or `hidden=64` where one
mapping alone has that key. A change is read, bounded and refused as what stands in the file is."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from escriba.ground.errors import Place, SourceError, shorten, suggest
from escriba.ground.fields import key_of
from escriba.ground.language import tr
from escriba.ground.yaml import NULL, compose


def change(kind: type, node: yaml.Node | None, changes: Sequence[str]) -> yaml.Node | None:
    """The node of a dataclass with every `KEY=VALUE` in it. Raises SourceError for what is none."""
    if not changes:
        return node
    if node is None:
        node = _make_mapping()
    if not isinstance(node, yaml.MappingNode):
        return node  # which is refused later
    paths = _list_keys(kind)
    for written in changes:
        place = Place(Path(f"--set {shorten(written)}"))
        key, equals, text = written.partition("=")
        if not equals:
            raise SourceError(tr("write KEY=VALUE, such as hidden=64"), place)
        if key not in paths:
            raise SourceError(
                tr("unknown key '{name}'{hint}", name=shorten(key), hint=suggest(key, paths)), place
            )
        value = compose(text, place) or yaml.ScalarNode(NULL, "")
        _mark(value, place)
        _put(node, paths[key], value, place)
    return node


def _list_keys(kind: type) -> Mapping[str, Sequence[str]]:
    """The path of each key, by its whole name, and by its last word where that is of one alone."""
    found = {".".join(path): path for path in _walk(kind, ())}
    last = [path[-1] for path in found.values()]
    short = {p[-1]: p for p in found.values() if last.count(p[-1]) == 1}
    return {**short, **found}


def _walk(kind: type, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        path = (*above, key_of(field.name))
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from _walk(typing.cast(type, hint), path)
        else:
            yield path


def _put(node: yaml.MappingNode, path: Sequence[str], value: yaml.Node, place: Place) -> None:
    first, *rest = path
    own = next((pair for pair in node.value if pair[0].value == first), None)
    if not rest:
        node.value = [pair for pair in node.value if pair is not own]
        node.value.append((_make_key(first, place), value))
        return
    if own is None or own[1].tag == NULL:
        node.value = [pair for pair in node.value if pair is not own]
        own = (_make_key(first, place), _make_mapping())
        _mark(own[1], place)
        node.value.append(own)
    if isinstance(own[1], yaml.MappingNode):
        _put(own[1], rest, value, place)


def _make_mapping() -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", [])


def _make_key(name: str, place: Place) -> yaml.ScalarNode:
    key = yaml.ScalarNode("tag:yaml.org,2002:str", name)
    _mark(key, place)
    return key


def _mark(node: yaml.Node, place: Place) -> None:
    """Let a node, and what is in it, stand at a place of its own."""
    setattr(node, "place", place)  # noqa: B010, which PyYAML knows nothing of
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _mark(item, place)
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                _mark(part, place)
