"""What YAML's scalars say: text → values of Python's types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal, read_float, read_whole
from escriba.ground.yaml import NULL

_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
    r"[ \t]*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


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
    return None if node.tag == NULL else str(node.value)


def parse(kind: Any, text: str) -> Any:
    """The value of a type that a text says. Raises ValueError if it says none, and TypeError for a
    type that no text is read as."""
    if kind not in _PARSERS:
        raise TypeError(f"schema cannot read the type {kind!r}")
    return _PARSERS[kind](text)


def name(kind: Any) -> str:
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


def split_words(text: str) -> tuple[str, ...]:
    """The words of a text: between its commas if it has any, between its spaces if not."""
    words = (word.strip() for word in text.split(",")) if "," in text else iter(text.split())
    return tuple(word for word in words if word)


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


def _parse_bool(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("true", "yes", "on"):
        return True
    if lowered in ("false", "no", "off"):
        return False
    raise ValueError(text)


def _parse_path(text: str) -> Path:
    if "\0" in text:  # no file's name has one
        raise ValueError(text)
    return Path(text)


_PARSERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    Path: _parse_path,
    bool: _parse_bool,
    int: read_whole,
    float: read_float,
    Decimal: read_decimal,
    datetime: parse_datetime,
}
