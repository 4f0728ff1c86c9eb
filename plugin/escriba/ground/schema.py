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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

from escriba.ground import files
from escriba.ground.errors import Place, Problem, SourceError, find_typo, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal, read_float, read_whole
from escriba.ground.yaml import compose, place_of

T = TypeVar("T")
_LOCATED = Place | None  # the type of a field that is where its mapping stands
What = Literal["key", "option"]  # what the keys of a mapping are called in messages


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both inclusive; `None` is no bound."""

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: float | Decimal) -> bool:
        number = Decimal(str(value))  # a float as it was written: 0.9 is within "to 0.9"
        return (self.low is None or number >= Decimal(str(self.low))) and (
            self.high is None or number <= Decimal(str(self.high))
        )

    def __str__(self) -> str:
        if self.high is None:
            return tr("at least {low}", low=self.low)
        if self.low is None:
            return tr("at most {high}", high=self.high)
        return tr("from {low} to {high}", low=self.low, high=self.high)


@dataclass(frozen=True)
class Words:
    """Marks a tuple of strings that may also be written as one string of words."""


@dataclass(frozen=True)
class Unlike:
    """Marks a field `extra` that takes no key which is probably meant to be another."""


class Mistake(Exception):  # noqa: N818 - internal: becomes a Problem with a place
    """A value that is not what its field wants, in words; caught by the walk.

    Of several, `raise_all` makes one; `key` is the field that a message is about.
    """

    def __init__(self, message: str, key: str = "", others: Sequence[Mistake] = ()):
        super().__init__(message)
        self.key = key
        self.others = tuple(others)


def raise_all(mistakes: Sequence[Mistake]) -> None:
    """Raise some mistakes as one, if there are any: what a dataclass finds in its fields."""
    if mistakes:
        raise Mistake(str(mistakes[0]), mistakes[0].key, mistakes[1:])


def split_words(text: str) -> tuple[str, ...]:
    """The words of a text: between its commas if it has any, between its spaces if not."""
    words = (word.strip() for word in text.split(",")) if "," in text else iter(text.split())
    return tuple(word for word in words if word)


def read(kind: type[T], text: str, start: Place, *, what: What = "key") -> T:
    """The dataclass `kind` from a YAML mapping. Raises SourceError with every mistake."""
    return build(kind, compose(text, start), start, what=what)


def read_file(kind: type[T], path: Path, shown: Path | None = None) -> T:
    """The dataclass `kind` from a YAML file; `shown` is the path that errors name."""
    place = Place(shown or path, 1)
    return read(kind, files.read_text(path, shown), place)


def build(kind: type[T], node: yaml.Node | None, start: Place, *, what: What = "key") -> T:
    """The dataclass `kind` from a node; `None` (an empty document) is an empty mapping."""
    problems: list[Problem] = []
    if node is None:
        node = yaml.MappingNode("tag:yaml.org,2002:map", [])
    value = _build_dataclass(kind, node, start, problems, what)
    if problems:
        raise SourceError(problems)
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


def parse_datetime(text: str) -> datetime:
    """A date as Jekyll, ISO 8601 and people write it, with the author's own offset, if any.

    `2020-10-01`, `2020-10-01 23:30`, `2020-10-01 23:30:34 -0600`, `2020-10-01T23:30:34Z`.
    Raises ValueError.
    """
    match = _DATE.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    year, month, day, hour, minute, second, zone = match.groups()
    tz = None
    if zone in ("Z", "UTC", "GMT"):
        tz = UTC
    elif zone:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        tz = timezone(-offset if zone[0] == "-" else offset)
    return datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
        tzinfo=tz,
    )  # fmt: skip


_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
    r"[ \t]*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def _build_dataclass(
    kind: type, node: yaml.Node, start: Place, problems: list[Problem], what: What
) -> Any:
    if not isinstance(node, yaml.MappingNode):
        found = _shown(node)
        if what == "option":
            problem = tr("expected 'option: value' lines, found {found}", found=found)
        else:
            problem = tr("expected 'key: value' lines, found {found}", found=found)
        problems.append(Problem(problem, place_of(start, node)))
        return None
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {f.name: f for f in dataclasses.fields(kind) if hints[f.name] != _LOCATED}
    allowed = [name.replace("_", "-") for name in fields if name != "extra"]
    unlike = any(isinstance(mark, Unlike) for mark in typing.get_args(hints.get("extra")))
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    lines: dict[str, int] = {}
    wrong: list[str] = []
    before = len(problems)
    for key, value in node.value:
        name = str(key.value).replace("-", "_")
        if name in fields and name != "extra":
            if name in values:
                problems.append(Problem(_twice(str(key.value), lines[name]), place_of(start, key)))
            lines[name] = place_of(start, key).line
            values[name], fault = _read_field(hints[name], key, value, start, problems)
            wrong += [name] if fault else []
        elif "extra" in fields and not (unlike and _is_meant(str(key.value), allowed)):
            extra[str(key.value)] = plain(value)
        else:
            problems.append(Problem(_unknown(str(key.value), allowed, what), place_of(start, key)))
    at = place_of(start, node) if node.start_mark else start
    for name, field in fields.items():
        if name not in values and _is_required(field) and name != "extra":
            problems.append(Problem(tr("'{name}' is missing", name=name.replace("_", "-")), at))
            wrong.append(name)
    if "extra" in fields:
        values["extra"] = extra
    for field in dataclasses.fields(kind):
        if field.name not in fields:
            values[field.name] = at
    if any(_is_required(fields[name]) for name in wrong):
        return None
    made, faults = _make(kind, {key: v for key, v in values.items() if key not in wrong})
    if len(problems) > before:  # which may be why two of the fields do not agree
        faults = [fault for fault in faults if fault.key and fault.key not in wrong]
    own = {str(key.value).replace("-", "_"): place_of(start, value) for key, value in node.value}
    problems += [Problem(str(fault), own.get(fault.key, at)) for fault in faults]
    return made if len(problems) == before else None


def _make(kind: type, values: Mapping[str, Any]) -> tuple[Any, list[Mistake]]:
    """A dataclass, or what it finds wrong in its fields, and in one beside another."""
    try:
        return kind(**values), []
    except Mistake as mistake:
        return None, [mistake, *mistake.others]


def _read_field(
    hint: Any, key: yaml.Node, value: yaml.Node, start: Place, problems: list[Problem]
) -> tuple[Any, bool]:
    """What a field's value is, and whether there is a mistake in it."""
    before = len(problems)
    found = None
    try:
        found = _convert(hint, value, start, problems)
    except Mistake as mistake:
        message = tr("'{key}' must be {wanted}", key=key.value, wanted=mistake)
        problems.append(Problem(message, place_of(start, value)))
    return found, len(problems) > before


def _is_meant(key: str, allowed: list[str]) -> bool:
    """Whether a key is probably meant to be another: `titel`, `language`, but not `author-name`."""
    longer = any(len(name) > 3 and key.startswith(name) for name in allowed)
    return bool(find_typo(key, allowed)) or (longer and not re.search("[-_.]", key))


def _is_required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _twice(key: str, first: int) -> str:
    return tr("'{key}' is given twice (first in line {first})", key=shorten(key), first=first)


def _unknown(name: str, allowed: list[str], what: What) -> str:
    shown = shorten(name)
    hint = suggest(shown, allowed)
    if what == "option":
        return tr("unknown option '{name}'{hint}", name=shown, hint=hint)
    return tr("unknown key '{name}'{hint}", name=shown, hint=hint)


def plain(node: yaml.Node) -> Any:
    """The plain value of a node (dates stay text): for keys that escriba does not know."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    for tag, parse in (("bool", _parse_bool), ("int", read_whole), ("float", read_float)):
        if node.tag == f"tag:yaml.org,2002:{tag}":
            try:
                return parse(node.value)
            except ValueError:
                return str(node.value)
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _convert(hint: Any, node: yaml.Node, start: Place, problems: list[Problem]) -> Any:
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        base, *marks = typing.get_args(hint)
        words = any(isinstance(mark, Words) for mark in marks)
        if words and isinstance(node, yaml.ScalarNode):
            null = node.tag == "tag:yaml.org,2002:null"
            return () if null else split_words(str(node.value))
        value = _convert(base, node, start, problems)
        for mark in marks:
            if isinstance(mark, Range) and value is not None and value not in mark:
                raise _unfit(str(mark), node)
        return value
    if origin in (Union, types.UnionType):
        return _convert_union(hint, node, start, problems)
    if origin is Literal:
        choices = typing.get_args(hint)
        if isinstance(node, yaml.ScalarNode) and node.value in choices:
            return node.value
        raise _unfit(tr("one of {names}", names=", ".join(choices)), node)
    if origin is tuple:
        item = typing.get_args(hint)[0]
        if node.tag == "tag:yaml.org,2002:null":
            return ()
        if not isinstance(node, yaml.SequenceNode):
            raise _unfit(tr("a list"), node)
        return tuple(_convert(item, child, start, problems) for child in node.value)
    if origin is Mapping:
        if not isinstance(node, yaml.MappingNode):
            raise _unfit(tr("'name: value' lines"), node)
        value = typing.get_args(hint)[1]
        return {str(k.value): _convert(value, v, start, problems) for k, v in node.value}
    if dataclasses.is_dataclass(hint):
        return _build_dataclass(typing.cast(type, hint), node, start, problems, "key")
    return _convert_scalar(hint, node)


def _convert_union(hint: Any, node: yaml.Node, start: Place, problems: list[Problem]) -> Any:
    members = typing.get_args(hint)
    if type(None) in members and node.tag == "tag:yaml.org,2002:null":
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
            return _convert(member, node, start, problems)
        except Mistake as mistake:
            wanted.append(str(mistake))
    found = _but(node)
    wanted = [words.removesuffix(found) for words in wanted] or [tr("something else")]
    raise _unfit(tr(" or ").join(wanted), node)


def _convert_scalar(hint: Any, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        raise _unfit(_name(hint), node)
    text = str(node.value)
    null = node.tag == "tag:yaml.org,2002:null"
    try:
        if hint is Any:
            return plain(node)
        if null:
            raise ValueError
        if hint is str:
            return text
        if hint is Path:
            if "\0" in text:  # no file's name has one
                raise ValueError
            return Path(text)
        if hint is bool:
            return _parse_bool(text)
        if hint is int:
            return read_whole(text)
        if hint is float:
            return read_float(text)
        if hint is Decimal:
            return read_decimal(text)
        if hint is datetime:
            return parse_datetime(text)
    except ValueError:
        raise _unfit(_name(hint), node) from None
    raise TypeError(f"schema cannot read the type {hint!r}")


def _name(kind: Any) -> str:
    """What a value of a type is called."""
    names = {
        str: tr("text"),
        Path: tr("a path"),
        bool: tr("true or false"),
        int: tr("a whole number"),
        float: tr("a number"),
        Decimal: tr("a number"),
        datetime: tr("a date such as 2020-10-01 or 2020-10-01 23:30:34 -0600"),
    }
    return names.get(kind, tr("a value"))


def _unfit(wanted: str, node: yaml.Node) -> Mistake:
    return Mistake(wanted + _but(node))


def _but(node: yaml.Node) -> str:
    return tr(", not {found}", found=_shown(node))


def _parse_bool(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("true", "yes", "on"):
        return True
    if lowered in ("false", "no", "off"):
        return False
    raise ValueError(text)


def _shown(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return tr("a mapping")
    if isinstance(node, yaml.SequenceNode):
        return tr("a list")
    if node.tag == "tag:yaml.org,2002:null":
        return tr("nothing")
    return f"'{shorten(' '.join(str(node.value).split()))}'"
