"""YAML with addresses: text → nodes with positions → dataclasses, all mistakes at once.

One walk serves `escriba.yml`, front matter, recipes and blocks. A field of a dataclass
may be `str`, `bool`, `int`, `float`, `Decimal`, `datetime`, `Path`, a `Literal`, another
dataclass, a union of these with `None`, or a `tuple[X, ...]` of them; `Annotated[X, Range(a, b)]`
bounds a number, and `Annotated[tuple[str, ...], Words()]` also accepts one string, split on
spaces, as Jekyll does. A field named `extra` takes the keys that have no field of their own;
without one an unknown key is a mistake.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

from escriba.errors import Place, Problem, SourceError, suggest
from escriba.language import tr

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
T = TypeVar("T")
What = Literal["key", "option"]  # what the keys of a mapping are called in messages


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both inclusive; `None` is no bound."""

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: float | Decimal) -> bool:
        return (self.low is None or value >= Decimal(str(self.low))) and (
            self.high is None or value <= Decimal(str(self.high))
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


class Mistake(Exception):  # noqa: N818 - internal: becomes a Problem with a place
    """A value that is not what its field wants, in words; caught by the walk."""


def compose(text: str, start: Place) -> yaml.Node | None:
    """The node tree of one YAML document; `start` is the place of its first line.

    Raises SourceError for broken syntax and for duplicate keys, with their places.
    """
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(start, mark) if mark else start
        raise SourceError(
            tr("broken YAML: {reason}", reason=error.problem or error.context), place
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        character = error.character
        shown = f"U+{character:04X}" if isinstance(character, int) else repr(character)
        raise SourceError(
            tr("broken YAML: the character {shown} is not allowed", shown=shown), start.moved(line)
        ) from None
    if node is not None:
        problems: list[Problem] = []
        _find_duplicates(node, start, problems)
        if problems:
            raise SourceError(problems)
    return node


def read(kind: type[T], text: str, start: Place, *, what: What = "key") -> T:
    """The dataclass `kind` from a YAML mapping. Raises SourceError with every mistake."""
    return build(kind, compose(text, start), start, what=what)


def read_file(kind: type[T], path: Path, shown: Path | None = None) -> T:
    """The dataclass `kind` from a YAML file; `shown` is the path that errors name."""
    place = Place(shown or path, 1)
    return read(kind, read_text(path, shown), place)


def read_text(path: Path, shown: Path | None = None) -> str:
    """A file's text: UTF-8 with or without BOM, line ends as LF.

    Raises SourceError, with the line, for a file that cannot be read or is not UTF-8.
    """
    text = decode(read_bytes(path, shown), Place(shown or path)).removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, shown: Path | None = None) -> bytes:
    """A file's bytes. Raises SourceError for a file that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise SourceError(
            tr("cannot be read: {reason}", reason=reason), Place(shown or path)
        ) from None


def decode(data: bytes, place: Place) -> str:
    """A text as it is, in UTF-8. Raises SourceError, with the line, for one that is not."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        raise SourceError(
            tr(
                "not UTF-8: the byte 0x{byte:02x} is not part of any character; save the file "
                "as UTF-8",
                byte=data[error.start],
            ),
            Place(place.path, line, error.start - (before.rfind(b"\n") + 1) + 1),
        ) from None


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
    """Where the value of each top-level key stands, for mistakes found after the walk."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): place_of(start, value) for key, value in node.value}


def place_of(start: Place, node: yaml.Node) -> Place:
    """Where a node stands in a text that begins at `start`."""
    return _place(start, node.start_mark)


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
    r"[ \t]*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)


def _place(start: Place, mark: Any) -> Place:
    # A block's YAML starts at column 1 of its own line, so only lines are shifted.
    return Place(start.path, start.line + mark.line, mark.column + 1)


def _find_duplicates(node: yaml.Node, start: Place, problems: list[Problem]) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    first = seen[key.value]
                    problems.append(
                        Problem(
                            tr(
                                "'{key}' is given twice (first in line {first})",
                                key=key.value,
                                first=first,
                            ),
                            _place(start, key.start_mark),
                        )
                    )
                seen.setdefault(key.value, start.line + key.start_mark.line)
            _find_duplicates(value, start, problems)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _find_duplicates(item, start, problems)


def _build_dataclass(
    kind: type, node: yaml.Node, start: Place, problems: list[Problem], what: What
) -> Any:
    if not isinstance(node, yaml.MappingNode):
        found = _shown(node)
        if what == "option":
            problem = tr("expected 'option: value' lines, found {found}", found=found)
        else:
            problem = tr("expected 'key: value' lines, found {found}", found=found)
        problems.append(Problem(problem, _place(start, node.start_mark)))
        return None
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {f.name: f for f in dataclasses.fields(kind)}
    allowed = [name.replace("_", "-") for name in fields if name != "extra"]
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value).replace("-", "_") if isinstance(key, yaml.ScalarNode) else ""
        if name in fields and name != "extra":
            try:
                values[name] = _convert(hints[name], value, start, problems)
            except Mistake as mistake:
                values[name] = None
                at = _place(start, value.start_mark)
                problems.append(
                    Problem(tr("'{key}' must be {wanted}", key=key.value, wanted=mistake), at)
                )
        elif "extra" in fields:
            extra[str(key.value)] = plain(value)
        else:
            at = _place(start, key.start_mark)
            shown = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            hint = suggest(shown, allowed)
            if what == "option":
                problem = tr("unknown option '{name}'{hint}", name=shown, hint=hint)
            else:
                problem = tr("unknown key '{name}'{hint}", name=shown, hint=hint)
            problems.append(Problem(problem, at))
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if name not in values and required and name != "extra":
            at = _place(start, node.start_mark) if node.start_mark else start
            problems.append(Problem(tr("'{name}' is missing", name=name.replace("_", "-")), at))
    if "extra" in fields:
        values["extra"] = extra
    if problems:
        return None
    try:
        return kind(**values)
    except Mistake as mistake:  # a dataclass may check its fields against each other
        at = _place(start, node.start_mark) if node.start_mark else start
        problems.append(Problem(str(mistake), at))
        return None


def plain(node: yaml.Node) -> Any:
    """The plain value of a node (dates stay text): for keys that escriba does not know."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    for tag, parse in (("bool", _parse_bool), ("int", int), ("float", float)):
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
            return () if null else tuple(str(node.value).split())
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
            return Path(text)
        if hint is bool:
            return _parse_bool(text)
        if hint is int:
            return int(text.replace("_", ""))
        if hint is float:
            return float(text)
        if hint is Decimal:
            number = Decimal(text)
            if not number.is_finite():
                raise ValueError
            return number
        if hint is datetime:
            return parse_datetime(text)
    except (ValueError, InvalidOperation):
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
    return tr("nothing") if node.tag == "tag:yaml.org,2002:null" else f"'{node.value}'"
