"""What a template may see and call: a list of what is allowed, since templates may be a stranger's.

Of escriba's own objects a template sees what they hold, and none of their methods; of Python's it
has those that give a value back and touch nothing else.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference
from jinja2.utils import Cycler, Joiner, Namespace

# What Jinja itself gives to a template; it hides what must be hidden with an underscore.
_JINJA = (
    BlockReference, Cycler, Joiner, LoopContext, Macro, Namespace, TemplateModule,
    TemplateReference,
)  # fmt: skip
_GLOBALS = (dict, Namespace, Cycler, Joiner)

_METHODS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "capitalize casefold center count endswith find format format_map index isalnum isalpha "
          "isascii isdecimal isdigit islower isnumeric isspace istitle isupper join ljust lower "
          "lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition "
          "rsplit rstrip split splitlines startswith strip striptags swapcase title unescape "
          "upper zfill"),
    ((list, tuple, range), "count index"),
    (Mapping, "get items keys values"),
    (date, "date isocalendar isoformat isoweekday strftime time timestamp toordinal weekday"),
    (time, "isoformat strftime"),
    ((int, float, Decimal), "is_finite is_infinite is_integer is_nan"),
    (PurePath, "as_posix"),
)  # fmt: skip
_ALL = frozenset[str]({"*"})
_DATA = (*(kind for kind, _ in _METHODS), bytes, frozenset, set)


@dataclass(frozen=True)
class Helper:
    """A function that templates are given to call."""

    call: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)


def offer(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a template is given, with those that are functions for it to call."""
    return {
        name: Helper(value) if isinstance(value, types.FunctionType) else value
        for name, value in values.items()
    }


def may_see(obj: object, name: str, value: object) -> bool:
    """Whether a template may use the attribute of an object, which has this value."""
    if name.startswith("_") or isinstance(obj, type):
        return False
    kind: Any = type(obj)
    methods = _find_methods(kind)
    if methods is None or methods is _ALL:
        return methods is _ALL
    return name in methods or not callable(value)


@lru_cache(1024)
def _find_methods(kind: Any) -> frozenset[str] | None:
    """The methods of an object of a kind that a template may use; None if it may see nothing of
    it, not even what it holds."""
    if issubclass(kind, _JINJA):
        return _ALL
    if issubclass(kind, Helper):
        return None
    if dataclasses.is_dataclass(kind):
        return frozenset()
    return next((frozenset(names.split()) for of, names in _METHODS if issubclass(kind, of)), None)


def may_call(obj: object) -> bool:
    """Whether a template may call an object."""
    if isinstance(obj, (Macro, BlockReference, LoopContext, Joiner, Helper)):
        return True
    if isinstance(obj, (types.BuiltinMethodType, types.MethodType)):
        owner = obj.__self__
        return not isinstance(owner, (type, types.ModuleType)) and may_see(owner, obj.__name__, obj)
    return any(obj is known for known in _GLOBALS)


def find_object(value: object) -> object:
    """The object of ours in a value, if there is one: it has no text that belongs into a page."""
    rest: list[object] = [value]
    while rest:
        each = rest.pop()
        if dataclasses.is_dataclass(each):
            return each
        if isinstance(each, (list, tuple, set, frozenset)):
            rest += each
        elif isinstance(each, dict):
            rest += [*each.keys(), *each.values()]
    return None
