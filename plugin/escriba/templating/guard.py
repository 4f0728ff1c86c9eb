"""Looks at each value before and after a template does something with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, wraps
from string import Formatter
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2 import TemplateRuntimeError
from jinja2.environment import TemplateModule
from jinja2.filters import make_attrgetter, sync_do_join
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, markup_join, str_join
from jinja2.utils import pass_context, pass_eval_context

from escriba.ground.language import tr
from escriba.templating import meter
from escriba.templating.budget import VALUE, Budget, Spent, too_large, weigh
from escriba.templating.policy import find_object

WIDEST = 10_000  # that a text may be padded to, indented by or cut into

# In steps.
NODE = 3
CALL = 64
MACRO = 400  # or a block, a loop within itself, or what is between `call` and `endcall`
ITEM = 16  # of a list that a filter goes through

WRAP = 512  # for a character of a text that is wrapped

Function = Any  # a filter or a test, as Jinja's tables have them

# Filters and methods that go by a number of columns, parts or digits, which may be a billion.
_COUNTING = frozenset({"batch", "center", "indent", "round", "slice", "tojson", "truncate",
                       "wordwrap", "ljust", "rjust", "zfill"})  # fmt: skip
# Filters that are given our own objects, or lists of them, and do not make text of them.
_OPAQUE = frozenset({"attr", "batch", "count", "d", "default", "first", "groupby", "items", "last",
                     "length", "list", "map", "max", "min", "reject", "rejectattr", "reverse",
                     "select", "selectattr", "slice", "sort", "sum", "unique"})  # fmt: skip
_WITHOUT = frozenset({"pprint", "random"})  # what they give is different each time
_NUMBER = re.compile(r"\d+")
_PERCENT = re.compile(r"%(?:\([^()%]*\))?[^a-zA-Z%]*")


class Guard:
    """What one environment has left to spend, and the prices."""

    def __init__(self) -> None:
        self.budget: Budget | None = None  # while a template is compiled, none is

    def spend(self, steps: int) -> None:
        if self.budget is not None:
            self.budget.spend(steps)

    def look(self, value: Any) -> Any:
        """The same value, paid for as if all of it were read."""
        # Most values are short texts, and each of a page comes by here.
        if isinstance(value, str) and len(value) <= VALUE:
            steps = NODE + len(value) // 8
        else:
            steps = NODE + _weigh(value) // (8 if isinstance(value, str) else 2)
        if self.budget is not None:
            self.budget.spend(steps)
        return value

    admit = look

    def write(self, value: Any) -> Any:
        """The same value, which is about to become text."""
        if not isinstance(value, str):
            self.refuse_objects(value)
        return self.look(value)

    def refuse_objects(self, *values: Any) -> None:
        """Raise TemplateRuntimeError if there is an object of ours in the values."""
        for value in values:
            if (found := find_object(value)) is not None:
                kind = type(found).__name__
                raise TemplateRuntimeError(
                    tr("{kind} is an object and no text; write what it holds", kind=kind)
                )

    def filters(self, known: Mapping[str, Function]) -> dict[str, Function]:
        """Jinja's filters and others, each with a look at what it gets and gives."""
        own = {**known, "join": pass_eval_context(partial(self._join_items))}
        guarded = {name: self._watch(name, f) for name, f in own.items() if name not in _WITHOUT}
        guarded[meter.STEP] = pass_context(partial(self._step))
        guarded[meter.LOOK] = pass_context(partial(self._look))
        guarded[meter.JOIN] = pass_context(partial(self._join))
        return guarded

    def tests(self, known: Mapping[str, Function]) -> dict[str, Function]:
        """Jinja's tests, each with a look at what it gets."""
        return {name: self._watch(name, function, test=True) for name, function in known.items()}

    def _watch(self, name: str, function: Function, *, test: bool = False) -> Function:
        first = 0 if getattr(function, "jinja_pass_arg", None) is None else 1

        @wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            values = args[first:]
            for value in (*values, *kwargs.values()):
                self.look(value)
                if isinstance(value, (list, tuple, dict, range)):
                    self.spend(ITEM * len(value))
            if not test:
                self._check_filter(name, values, kwargs)
            return self.admit(function(*args, **kwargs))

        return watched

    def _check_filter(self, name: str, values: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        others = [*values[1:], *kwargs.values()]
        if name in _COUNTING:
            check_counts(name, others)
        if name == "wordwrap":
            self.spend(WRAP * _weigh(values[0]))
        if name == "replace":
            _check_replace(values, kwargs)
        elif name == "format" and values:
            self.check_percents(str(values[0]), others)
        if name not in _OPAQUE and name != "join":
            self.refuse_objects(*values, *others)

    def _join_items(
        self, eval_ctx: Any, value: Iterable[Any], d: str = "", attribute: str | None = None
    ) -> str:
        if attribute is not None:
            value = map(make_attrgetter(eval_ctx.environment, attribute), value)
        return sync_do_join(eval_ctx, self.check_size(value, str(d)), d)

    def _step(self, context: Context, weight: int) -> str:
        self.spend(NODE * weight)
        return ""

    def _look(self, context: Context, value: Any) -> Any:
        return self.look(value)

    def _join(self, context: Context, pieces: list[Any]) -> str:
        self.refuse_objects(pieces)
        self.look(pieces)
        join = markup_join if context.eval_ctx.autoescape else str_join
        return join(pieces)

    def check_call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Look at what a function or a method of a value is called with."""
        self.spend(CALL)
        for value in (*args, *kwargs.values()):
            self.look(value)
        if isinstance(function, (Macro, BlockReference, LoopContext)):
            self.spend(MACRO)
        if not isinstance(function, (BuiltinMethodType, MethodType)):
            return
        owner, name = function.__self__, function.__name__
        self.look(owner)
        if isinstance(owner, str) and name in _COUNTING:
            check_counts(name, [*args, *kwargs.values()])
        elif isinstance(owner, str) and name == "replace":
            _check_replace([owner, *args], kwargs)
        elif isinstance(owner, str) and name == "join" and args:
            self.check_size(args[0], owner)

    def check_size(self, pieces: Any, between: str) -> list[Any]:
        """Pieces that are to become one text, as a list. Raises Spent if that is too large."""
        kept, size = [], 0
        for piece in pieces:
            kept.append(piece)
            size += _weigh(piece) + len(between)
            if size > VALUE:
                raise Spent(too_large())
        self.refuse_objects(kept)
        self.spend(size // 8)
        return kept

    def check_percents(self, text: str, values: Any) -> None:
        """Refuse a text for `%` that asks for too much room."""
        self.refuse_objects(values)
        for match in _PERCENT.finditer(text):
            if "*" in match[0] or _is_wide(match[0].rpartition(")")[2]):
                raise _too_wide(match[0])

    def format(self, text: str, function: Callable[..., str]) -> Callable[..., str]:
        """`str.format` of a text, as Jinja wraps it, for a template."""

        def fill_in(*args: Any, **kwargs: Any) -> str:
            self.refuse_objects(*args, *kwargs.values())
            for _, _, spec, _ in Formatter().parse(text):
                if spec and ("{" in spec or _is_wide(spec)):
                    raise _too_wide(spec)
            try:
                return function(*args, **kwargs)
            except (KeyError, IndexError) as error:
                name = error.args[0] if isinstance(error, KeyError) else ""
                raise TemplateRuntimeError(
                    tr("the text has the field '{name}', which is not given", name=f"{{{name}}}")
                ) from None

        return fill_in


def check_counts(name: str, numbers: Iterable[Any]) -> None:
    """Refuse a number of columns, parts or digits that asks for too much room."""
    if any(isinstance(number, (int, float)) and abs(number) > WIDEST for number in numbers):
        raise TemplateRuntimeError(
            tr("'{name}' with a number above {most}, the largest for it", name=name, most=WIDEST)
        )


def _check_replace(values: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    text, old, new = (*map(str, values), *map(str, kwargs.values()), "", "", "")[:3]
    if text.count(old) * len(new) > VALUE:
        raise Spent(too_large())


def _is_wide(spec: str) -> bool:
    return any(len(number) > 4 or int(number) > WIDEST for number in _NUMBER.findall(spec))


def _too_wide(spec: str) -> TemplateRuntimeError:
    return TemplateRuntimeError(
        tr("the format '{spec}' may ask for more than {most} places", spec=spec, most=WIDEST)
    )


def _weigh(value: Any) -> int:
    if isinstance(value, TemplateModule):
        return sum(map(len, value._body_stream))
    return weigh(value, deep=True)
