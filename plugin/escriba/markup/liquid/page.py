"""A page on its way through python-liquid. Imported only on demand.

A page may be a stranger's, so nothing here is done without being counted (`budget`), and whatever
goes wrong, in python-liquid too, ends as one sentence with a place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from liquid import Environment
from liquid.ast import Node
from liquid.context import RenderContext
from liquid.exceptions import LiquidError, LiquidInterrupt
from liquid.parser import get_parser
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import UNDEFINED, Undefined

from escriba.ground import files
from escriba.ground.errors import EscribaError, Place, Problem, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.markup.liquid import budget
from escriba.markup.liquid.budget import Budget
from escriba.markup.liquid.context import LiquidContext, LiquidSourceError
from escriba.markup.liquid.filters import FILTERS, apply
from escriba.markup.liquid.marks import Marks
from escriba.markup.liquid.missing import ASKING, Absent, Looped, Misses, Missing, name_path
from escriba.markup.liquid.paper import CountedPaper, Sheet
from escriba.markup.liquid.pieces import Flaw, Piece, cut
from escriba.markup.liquid.tokens import Compared, Stream, group
from escriba.markup.liquid.trace import Origin, Source
from escriba.templating.budget import Spent, weigh

INCLUDES = 20  # files within each other


class JekyllError(LiquidError):
    """A mistake in the use of one of Jekyll's tags."""


class Page(RenderContext):
    """What is known while a page is rendered, and what may still be spent on it."""

    def __init__(self, source: Source, given: LiquidContext, tags: Environment):
        super().__init__(BoundTemplate(tags, []), globals={"site": given.site, "page": given.page})
        self.source = source  # the file that is being read
        self.given = given
        self.budget = Budget(len(source.text))
        self.over = False  # nothing of it is left
        self.marks = Marks()
        self.paper = CountedPaper(source, self.budget, self.marks)
        self.within: list[tuple[str, Place]] = []  # the includes: name, and place of the tag
        self.included: dict[Path, tuple[list[Node], Source]] = {}
        self.origins: dict[tuple[int, int, bool, Place | None], Origin] = {}
        self.highlighted: set[tuple[int, int]] = set()
        self.weights: dict[int, tuple[int, object]] = {}
        self.sizes: dict[str, int] = {}
        self.misses = Misses(given)

    # What python-liquid asks of a context, with a price.

    @property
    def disabled_tags(self) -> list[str]:
        """Every node looks here before it is rendered."""
        self.budget.spend(budget.STEP)
        return []

    @disabled_tags.setter
    def disabled_tags(self, names: list[str]) -> None:
        pass

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        self.budget.spend(max(budget.LOOKUP, budget.SEGMENT * len(path)))
        value = super().get(path, token=token, default=default)
        if isinstance(value, Undefined) and not isinstance(value, Missing):
            self.budget.spend(budget.MISS)
            known = self.misses.knows(self.source, token)
            value = Missing("" if known else self._name(path), token, self.source)
        if isinstance(token, Compared):
            self.budget.spend(self._weigh(value) // 8)
        elif isinstance(token, Looped):
            self.miss(value)
        return value

    def _name(self, path: list[object]) -> str:
        """The name of a variable that is not there; none for what a list has too few items for, and
        for what would be in one that is there and is nothing."""
        holder: object = self
        try:
            holder = self.scope[str(path[0])]
            for segment in path[1:]:
                holder = self.get_item(holder, segment)
        except (KeyError, TypeError, IndexError):
            pass
        return "" if holder is None or isinstance(holder, list) else name_path(path)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(self._filter, name, super().filter(name, token))

    def _filter(
        self,
        name: str,
        function: Callable[..., object],
        value: object,
        *arguments: object,
        **named: object,
    ) -> object:
        result = apply(self.budget, name, function, value, *arguments, **named)
        if name in ASKING:
            return result
        for each in (*arguments, *named.values()):
            self.miss(each)
        missing = value.missing if isinstance(value, Absent) else value
        if isinstance(missing, Missing) and result == "":
            return Absent.of(missing)  # another filter may still ask for it
        self.miss(missing)
        return result

    def miss(self, value: object) -> None:
        """Tell that a variable is not there, if that is what the value is."""
        if isinstance(value, (Missing, Absent)):
            self.misses.tell(value, included=bool(self.within))

    def assign(self, key: str, val: Any) -> None:
        weight = weigh(val)
        self.budget.keep(weight - self.sizes.get(key, 0))
        self.sizes[key] = weight
        super().assign(key, val)

    def cycle(self, key: object, length: int) -> int:
        self.budget.keep(weigh(key))
        return super().cycle(key, length)

    def stopindex(self, key: str, index: int | None = None) -> int:
        # A loop says here up to where it goes, before it makes a list of what it goes over.
        if index is not None and index > budget.ITEMS:
            raise Spent(
                tr(
                    "a loop over more than {number} items, the most that one may have",
                    number=budget.ITEMS,
                )
            )
        return super().stopindex(key, index)

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        return Sheet(self.budget)

    def _weigh(self, value: object) -> int:
        """The weight of a value with all that is in it; that of a list or a dict is kept, since
        none changes while a page is rendered."""
        if not isinstance(value, (list, dict)):
            return weigh(value)
        if id(value) not in self.weights:
            self.weights[id(value)] = weigh(value, deep=True), value
        return self.weights[id(value)][0]

    def stand(self, token: Token, *, copied: bool = False) -> None:
        """Say that what is written next comes from a token, or is the text that begins there."""
        outer = self.within[0][1] if self.within else None
        key = id(self.source), token.start_index, copied, outer
        if key not in self.origins:  # a loop comes here a million times
            self.origins[key] = Origin(self.source, token.start_index, copied, outer)
        self.paper.origin = self.origins[key]

    # Reading.

    def parse(self, pieces: Sequence[Piece], mistakes: Mistakes) -> Iterator[Node]:
        """The nodes of a text; a block that has a mistake is left out."""
        self.misses.learn(pieces)
        for stream in map(partial(Stream.of, self.source.text), group(pieces)):
            nodes: list[Node] = []
            with mistakes.collect(), self.failures(stream.current):
                nodes = get_parser(self.env).parse(stream)
            yield from nodes

    def include(
        self, name: str, path: Path, parameters: dict[str, object], token: Token, buffer: TextIO
    ) -> None:
        """Render a file in the place of a tag. Raises SourceError, Spent, LiquidInterrupt."""
        if len(self.within) >= INCLUDES:
            raise JekyllError(self._circle(name), token=token)
        outer = self.source
        self.within.append((name, outer.place(token.start_index)))
        try:
            nodes, self.source = self._read(path)
            self.budget.spend(budget.INCLUDE + len(self.source.text) // 4)
            with self.extend({"include": parameters}):
                for node in nodes:
                    with self.failures(node.token):
                        node.render(self, buffer)
        finally:
            self.source = outer
            self.within.pop()

    def _read(self, path: Path) -> tuple[list[Node], Source]:
        if path not in self.included:
            shown = self.given.shown(path)
            self.given.admit(path)
            self.source = Source(files.read_text(path, shown), Place(shown, 1))
            pieces, flaws = cut(self.source.text)
            if flaws:
                raise self.refuse(*flaws)
            mistakes = Mistakes()
            nodes = list(self.parse(pieces, mistakes))
            mistakes.check()
            self.included[path] = nodes, self.source
        return self.included[path]

    def _circle(self, name: str) -> str:
        names = [name for name, _ in self.within]
        if name in names:
            names = names[len(names) - 1 - names[::-1].index(name) :]
        return tr(
            "includes stand more than {most} deep within each other: {names}",
            most=INCLUDES, names=" → ".join([*names, name]),
        )  # fmt: skip

    # What goes wrong.

    @contextmanager
    def failures(self, token: Token) -> Iterator[None]:
        """Make one sentence, with a place, of whatever goes wrong inside, at `token` or near it.

        What an include has spent, or wants to leave, is told by whoever includes it.
        """
        at = token.start_index
        try:
            yield
        except EscribaError:
            raise
        except (Spent, LiquidInterrupt) as error:
            if self.within:
                raise
            self.over = isinstance(error, Spent)
            stray = tr("Liquid's '{name}' stands in no loop", name=error)
            raise self.refuse(Flaw(str(error) if self.over else stray, at)) from None
        except LiquidError as error:
            if error.token and error.token.start_index >= 0:
                at = error.token.start_index
            raise self.refuse(Flaw(_say(error), at)) from None
        except RecursionError:
            raise self.refuse(Flaw(tr("Liquid that is too deeply nested"), at)) from None
        except Exception as error:  # python-liquid's own, on a value that it did not expect
            raise self.refuse(Flaw(tr("Liquid: {reason}", reason=error), at)) from None

    def refuse(self, *flaws: Flaw) -> LiquidSourceError:
        """The error of mistakes in the file that is being read."""
        problems = []
        for flaw in flaws:
            message = flaw.message
            if self.within:
                where = self.within[-1][1]
                message = tr("{reason} (included in {place})", reason=message, place=where)
            problems.append(Problem(message, self.source.place(flaw.at)))
        return LiquidSourceError(problems)


_UNKNOWN_FILTER = re.compile(r"unknown filter '(\w+)'")


def _say(error: LiquidError) -> str:
    """One sentence out of python-liquid's error."""
    message = str(error.message).strip().rstrip(".")
    if isinstance(error, JekyllError):
        return message
    if match := _UNKNOWN_FILTER.match(message):
        hint = suggest(match[1], FILTERS)
        return tr("unknown Liquid filter '{name}'{hint}", name=match[1], hint=hint)
    return tr("Liquid: {reason}", reason=message[:1].lower() + message[1:])
