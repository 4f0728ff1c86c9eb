"""Jinja for templates that may be a stranger's: they see what `policy` allows, and all that they do
is counted.

A template that wants more than one page may have ends in one sentence, as one that is wrong does.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import StrictUndefined, TemplateRuntimeError, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.loaders import BaseLoader
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from escriba.ground.language import tr
from escriba.ground.numbers import DIGITS
from escriba.templating import guard, meter
from escriba.templating.budget import VALUE, Budget, Spent, too_large, too_long
from escriba.templating.compiled import Compiled
from escriba.templating.guard import Guard
from escriba.templating.policy import Helper, may_call, may_see

_COMPILERS = ("jinja2.compiler", "jinja2.nodes", meter.__name__, guard.__name__, __name__)
PAGE = 64 << 20  # characters of a page
RANGE = 100_000  # numbers


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of a theme: everything is escaped, and nothing may be undefined."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def __init__(
        self,
        loader: BaseLoader,
        filters: dict[str, Any],
        trusted: Path,
        cache: Path | None,
        note: Callable[[str], None] = lambda name: None,
    ):
        """Templates in the folder `trusted` are kept in `cache` once they are compiled; `note` is
        told the name of each that is asked for, and `watched`, by the types of objects, which of
        their attributes are."""
        self._note = note
        self.watched: dict[type, Callable[[Any, str], None]] = {}
        self.guard = Guard()
        self.trusted = trusted
        self.compiled = Compiled(cache, _COMPILERS) if cache is not None else None
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            finalize=self.guard.write,
        )
        self.filters = self.guard.filters(self.filters | filters)
        self.tests = self.guard.tests(self.tests)
        del self.globals["lipsum"]  # different each time
        self.globals["range"] = Helper(_count)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Give what is rendered inside the steps of one page."""
        before = self.guard.budget
        message = tr("this template is too much work for one page; let it do less")
        self.guard.budget = Budget(message)
        try:
            yield
        finally:
            self.guard.budget = before

    # What is asked for is noted.

    def _load_template(self, name: str, globals: Any) -> Any:
        self._note(name)
        return super()._load_template(name, globals)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if watch := self.watched.get(type(obj)):
            watch(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str) and (watch := self.watched.get(type(obj))):
            watch(obj, argument)
        return super().getitem(obj, argument)

    # A template becomes a program.

    def compile(
        self,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        kept = self.compiled
        if kept is None or filename is None or not Path(filename).is_relative_to(self.trusted):
            return super().compile(source, name, filename, *args, **kwargs)
        if (code := kept.get(source, filename)) is None:
            code = super().compile(source, name, filename)
            kept.put(source, filename, code)
        return code

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        line = 1
        try:
            parser = Parser(self, source, name, filename)
            try:
                tree = parser.parse()
            finally:
                line = parser.stream.current.lineno
            meter.check(tree, name, filename)
        except RecursionError:
            raise TemplateSyntaxError(meter.too_deep(), line, name, filename) from None
        except ValueError:
            raise TemplateSyntaxError(too_long(), line, name, filename) from None
        tree = meter.meter(tree)
        tree.set_environment(self)
        return tree

    def _compile(self, source: str, filename: str) -> CodeType:
        try:
            with warnings.catch_warnings():  # of Python, about a program that nobody wrote
                warnings.simplefilter("ignore", SyntaxWarning)
                return super()._compile(source, filename)
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            line = _find_line(source, getattr(error, "lineno", None) or 0)
            raise TemplateSyntaxError(meter.too_deep(), line, None, filename) from None

    # What it does is looked at.

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return may_see(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
        kind = type(obj).__name__
        message = tr("a template may not use '{name}' of {kind}", name=attribute, kind=kind)
        return self.undefined(message, name=attribute, obj=obj, exc=SecurityError)

    def is_safe_callable(self, obj: Any) -> bool:
        return may_call(obj)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        # The names are Jinja's, so that those of keyword arguments are free.
        if isinstance(__obj, Undefined):
            return __obj()  # which tells what it is
        if not may_call(__obj):
            raise SecurityError(tr("a template may not call {kind}", kind=type(__obj).__name__))
        __self.guard.check_call(__obj, args, kwargs)
        return __self.guard.admit(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        self.guard.look(left)
        self.guard.look(right)
        if operator == "*":
            _check_product(left, right)
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            if left.bit_length() * right > 4 * DIGITS:
                raise Spent(too_large())
        elif operator == "%" and isinstance(left, str):
            self.guard.check_percents(left, right)
        return self.guard.admit(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Any:
        wrapped = super().wrap_str_format(value)
        return wrapped and Helper(self.guard.format(value.__self__, wrapped))

    def concat(self, pieces: Iterable[str]) -> str:
        """What has been written, as one text: a page, a block, or what a macro gives."""
        kept, size = [], 0
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size > PAGE:
                number = PAGE >> 20
                raise Spent(tr("a page of more than {number} MB, the most that one may have",
                               number=number))  # fmt: skip
        self.guard.spend(size // 8)
        return "".join(kept)


def _count(*args: int) -> range:
    numbers = range(*args)
    if len(numbers[: RANGE + 1]) > RANGE:
        raise TemplateRuntimeError(tr("a range of more than {most} numbers", most=RANGE))
    return numbers


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (str, bytes, list, tuple)) and isinstance(other, int):
            size = len(one) * other * (1 if isinstance(one, (str, bytes)) else 8)
            if size > VALUE:
                raise Spent(too_large())


def _find_line(source: str, line: int) -> int:
    """The line of the template for a line of the program made of it, by the table at its end."""
    table = re.search(r"^debug_info = '([^']*)'", source, re.M)
    pairs = [pair.split("=") for pair in table[1].split("&")] if table and table[1] else []
    return max((int(mine) for mine, theirs in pairs if int(theirs) <= line), default=1)
