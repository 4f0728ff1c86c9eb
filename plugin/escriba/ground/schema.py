"""Nodes of YAML → dataclasses, all mistakes at once, each with its place.

One walk serves `escriba.yml`, front matter, recipes and blocks. A field of a dataclass
may be `str`, `bool`, `int`, `float`, `Decimal`, `datetime`, `Path`, a `Literal`, another
dataclass, a union of these with `None`, a `tuple[X, ...]` or a `Mapping[str, X]` of them;
`Annotated[X, Range(a, b)]` bounds a number, and `Annotated[tuple[str, ...], Words()]` also accepts
one string, split on commas or else on spaces. A field named `extra` takes the keys that have no
field of their own, with `Unlike()` those that look like none of the others; without one an unknown
key is a mistake. A field of the type `Place | None` is no key: it gets the place where the mapping
stands, for mistakes that show later.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

from escriba.ground import files, scalars
from escriba.ground.changes import change
from escriba.ground.errors import Place, Problem, SourceError, find_typo, shorten, suggest
from escriba.ground.fields import Mistake, Range, Unlike, Words, field_of, key_of, raise_all
from escriba.ground.language import tr
from escriba.ground.scalars import parse_datetime, plain, split_words
from escriba.ground.yaml import NULL, compose, describe, place_of

__all__ = [
    "Mistake", "Range", "Unlike", "Words", "build", "parse_datetime", "places", "plain",
    "raise_all", "read", "read_file", "split_words",
]  # fmt: skip

T = TypeVar("T")
_LOCATED = Place | None  # the type of a field that is where its mapping stands
What = Literal["key", "option"]  # what the keys of a mapping are called in messages


def read(kind: type[T], text: str, start: Place, *, what: What = "key") -> T:
    """The dataclass `kind` from a YAML mapping. Raises SourceError with every mistake."""
    return build(kind, compose(text, start), start, what=what)


def read_file(
    kind: type[T], path: Path, shown: Path | None = None, changes: Sequence[str] = ()
) -> T:
    """The dataclass `kind` from a YAML file, with the `changes` of a command line (KEY=VALUE);
    `shown` is the path that errors name."""
    place = Place(shown or path, 1)
    node = compose(files.read_text(path, shown), place)
    return build(kind, change(kind, node, changes), place)


def build(kind: type[T], node: yaml.Node | None, start: Place, *, what: What = "key") -> T:
    """The dataclass `kind` from a node; `None` (an empty document) is an empty mapping."""
    walk = _Walk(start)
    if node is None:
        node = yaml.MappingNode("tag:yaml.org,2002:map", [])
    value = walk.build(kind, node, what)
    if walk.problems:
        raise SourceError(walk.problems)
    return typing.cast(T, value)


def places(node: yaml.Node | None, start: Place) -> Mapping[str, Place]:
    """Where the value of each top-level key stands, and, as `key[0]`, each item of one that is a
    list, for mistakes found after the walk."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    found = {str(key.value): place_of(start, value) for key, value in node.value}
    for key, value in node.value:
        if isinstance(value, yaml.SequenceNode):
            for number, item in enumerate(value.value):
                found.setdefault(f"{key.value}[{number}]", place_of(start, item))
    return found


class _Form:
    """The keys that a mapping may have to become a dataclass."""

    def __init__(self, kind: type):
        self.hints = typing.get_type_hints(kind, include_extras=True)
        self.located = [name for name, hint in self.hints.items() if hint == _LOCATED]
        fields = {f.name: f for f in dataclasses.fields(kind) if f.name not in self.located}
        self.has_extra = fields.pop("extra", None) is not None
        self.fields = fields
        self.allowed = [key_of(name) for name in fields]
        extra = typing.get_args(self.hints.get("extra"))
        self.unlike = any(isinstance(mark, Unlike) for mark in extra)

    def takes(self, key: str) -> bool:
        """Whether `extra` takes a key that has no field of its own."""
        return self.has_extra and not (self.unlike and self._is_meant(key))

    def _is_meant(self, key: str) -> bool:
        """Whether a key is probably meant to be another: `titel`, `language`, but not
        `author-name`."""
        longer = any(len(name) > 3 and key.startswith(name) for name in self.allowed)
        return bool(find_typo(key, self.allowed)) or (longer and not re.search("[-_.]", key))

    def requires(self, name: str) -> bool:
        field, missing = self.fields[name], dataclasses.MISSING
        return field.default is missing and field.default_factory is missing

    def find_missing(self, given: Mapping[str, Any]) -> Iterator[str]:
        return (name for name in self.fields if name not in given and self.requires(name))


@cache
def _find_form(kind: type) -> _Form:
    """The form of a dataclass: reading its hints takes as long as reading a text."""
    return _Form(kind)


class _Walk:
    """Over nodes of a text that begins at `start`; what is wrong in them is in `problems`."""

    def __init__(self, start: Place):
        self.start = start
        self.problems: list[Problem] = []

    def place(self, node: yaml.Node) -> Place:
        return place_of(self.start, node)

    def tell(self, message: str, node: yaml.Node) -> None:
        self.problems.append(Problem(message, self.place(node)))

    def build(self, kind: type, node: yaml.Node, what: What) -> Any:
        """A dataclass from a mapping, None if anything is wrong in it."""
        if not isinstance(node, yaml.MappingNode):
            self.tell(_not_mapping(node, what), node)
            return None
        before = len(self.problems)
        form = _find_form(kind)
        values, wrong = self.read_keys(form, node, what)
        at = self.place(node) if node.start_mark else self.start
        for name in form.find_missing(values):
            message = tr("'{name}' is missing", name=key_of(name))
            self.problems.append(Problem(message, at))
            wrong.append(name)
        values |= dict.fromkeys(form.located, at)
        if any(map(form.requires, wrong)):
            return None
        made, faults = _make(kind, {key: v for key, v in values.items() if key not in wrong})
        if len(self.problems) > before:  # which may be why two of the fields do not agree
            faults = [fault for fault in faults if fault.key and fault.key not in wrong]
        own = {field_of(str(key.value)): self.place(value) for key, value in node.value}
        self.problems += [Problem(str(fault), own.get(fault.key, at)) for fault in faults]
        return made if len(self.problems) == before else None

    def read_keys(
        self, form: _Form, node: yaml.MappingNode, what: What
    ) -> tuple[dict[str, Any], list[str]]:
        """What the fields get from a mapping, by name, and which of them have a mistake in it."""
        values: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        lines: dict[str, int] = {}
        wrong: list[str] = []
        for key, value in node.value:
            written = str(key.value)
            name = field_of(written)
            if name in form.fields:
                if name in values:
                    self.tell(_twice(written, lines[name]), key)
                lines[name] = self.place(key).line
                values[name], fault = self.read_field(form.hints[name], key, value)
                wrong += [name] if fault else []
            elif form.takes(written):
                extra[written] = plain(value)
            else:
                self.tell(_unknown(written, form.allowed, what), key)
        if form.has_extra:
            values["extra"] = extra
        return values, wrong

    def read_field(self, hint: Any, key: yaml.Node, value: yaml.Node) -> tuple[Any, bool]:
        """What a field's value is, and whether there is a mistake in it."""
        before = len(self.problems)
        found = None
        try:
            found = self.convert(hint, value)
        except Mistake as mistake:
            self.tell(tr("'{key}' must be {wanted}", key=key.value, wanted=mistake), value)
        return found, len(self.problems) > before

    def convert(self, hint: Any, node: yaml.Node) -> Any:
        """The value of a type that a node has. Raises Mistake."""
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            return self.convert_annotated(hint, node)
        if origin in (Union, types.UnionType):
            return self.convert_union(hint, node)
        if origin is Literal:
            choices = typing.get_args(hint)
            if isinstance(node, yaml.ScalarNode) and node.value in choices:
                return node.value
            raise _unfit(tr("one of {names}", names=", ".join(choices)), node)
        if origin is tuple:
            item = typing.get_args(hint)[0]
            if node.tag == NULL:
                return ()
            if not isinstance(node, yaml.SequenceNode):
                raise _unfit(tr("a list"), node)
            return tuple(self.convert(item, child) for child in node.value)
        if origin is Mapping:
            if not isinstance(node, yaml.MappingNode):
                raise _unfit(tr("'name: value' lines"), node)
            value = typing.get_args(hint)[1]
            return {str(k.value): self.convert(value, v) for k, v in node.value}
        if dataclasses.is_dataclass(hint):
            return self.build(typing.cast(type, hint), node, "key")
        return _convert_scalar(hint, node)

    def convert_annotated(self, hint: Any, node: yaml.Node) -> Any:
        base, *marks = typing.get_args(hint)
        words = any(isinstance(mark, Words) for mark in marks)
        if words and isinstance(node, yaml.ScalarNode):
            return () if node.tag == NULL else split_words(str(node.value))
        value = self.convert(base, node)
        for mark in marks:
            if isinstance(mark, Range) and value is not None and value not in mark:
                raise _unfit(str(mark), node)
        return value

    def convert_union(self, hint: Any, node: yaml.Node) -> Any:
        members = typing.get_args(hint)
        if type(None) in members and node.tag == NULL:
            return None
        members = tuple(m for m in members if m is not type(None))
        wanted = []
        for member in members:
            base = member
            while typing.get_origin(base) is typing.Annotated:
                base = typing.get_args(base)[0]
            mapping = dataclasses.is_dataclass(base)
            sequence = typing.get_origin(base) is tuple and not isinstance(node, yaml.ScalarNode)
            if mapping != isinstance(node, yaml.MappingNode) and len(members) > 1 and not sequence:
                continue
            try:
                return self.convert(member, node)
            except Mistake as mistake:
                wanted.append(str(mistake))
        found = _but(node)
        wanted = [words.removesuffix(found) for words in wanted] or [tr("something else")]
        raise _unfit(tr(" or ").join(wanted), node)


def _make(kind: type, values: Mapping[str, Any]) -> tuple[Any, list[Mistake]]:
    """A dataclass, or what it finds wrong in its fields, and in one beside another."""
    try:
        return kind(**values), []
    except Mistake as mistake:
        return None, [mistake, *mistake.others]


def _convert_scalar(hint: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        if hint is Any:
            return plain(node)
        if node.tag != NULL:
            with suppress(ValueError):
                return scalars.parse(hint, str(node.value))
    raise _unfit(scalars.name(hint), node)


def _not_mapping(node: yaml.Node, what: What) -> str:
    found = describe(node)
    if what == "option":
        return tr("expected 'option: value' lines, found {found}", found=found)
    return tr("expected 'key: value' lines, found {found}", found=found)


def _twice(key: str, first: int) -> str:
    return tr("'{key}' is given twice (first in line {first})", key=shorten(key), first=first)


def _unknown(name: str, allowed: list[str], what: What) -> str:
    shown = shorten(name)
    hint = suggest(shown, allowed)
    if what == "option":
        return tr("unknown option '{name}'{hint}", name=shown, hint=hint)
    return tr("unknown key '{name}'{hint}", name=shown, hint=hint)


def _unfit(wanted: str, node: yaml.Node) -> Mistake:
    return Mistake(wanted + _but(node))


def _but(node: yaml.Node) -> str:
    return tr(", not {found}", found=describe(node))
