"""Variables that are not there: they show nothing, as in Jekyll, and somebody is told.

To ask whether a variable is there (`if`, the filter `default`) is no mistake; to show it, to go
over it and to make something of it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from liquid.token import Token
from liquid.undefined import Undefined

from escriba.ground.errors import Problem, find_typo, shorten
from escriba.ground.language import tr
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.liquid.pieces import MOST, Piece
from escriba.markup.liquid.trace import Source

ASKING = frozenset({"default", "size"})  # filters that ask whether something is there
_SETTING = frozenset({"assign", "capture", "decrement", "increment"})
_OWN = frozenset({"include", "forloop", "tablerowloop"})  # what these lack was not given
_WORD = re.compile(r"[\w-]+")


class Missing(Undefined):
    """A variable that is not there: its name with dots, and where it is asked for. One that nobody
    needs to be told of has no name."""

    __slots__ = ("source",)

    def __init__(self, name: str, token: Token | None, source: Source):
        super().__init__(name, token=token)
        self.source = source

    @property
    def at(self) -> int:
        """The position in its source."""
        return self.token.start_index if self.token else 0


class Absent(str):
    """The empty text that a filter made of such a variable."""

    missing: Missing

    @classmethod
    def of(cls, missing: Missing) -> Absent:
        text = cls()
        text.missing = missing
        return text


class Looped(Token):
    """A token of what a loop goes over."""


def name_path(path: Sequence[object]) -> str:
    """A variable's name with dots."""
    name = ""
    for segment in path:
        word = isinstance(segment, str) and _WORD.fullmatch(segment)
        name += (f".{segment}" if name else f"{segment}") if word else f"[{segment!r}]"
    return name


class Misses:
    """The variables of one page that are not there and should be, each place once."""

    def __init__(self, given: LiquidContext):
        self.given = given
        self.found: dict[tuple[int, int], Problem] = {}  # by source and position
        self._set: set[str] = set()  # names that some tag gives a value, be it reached or not

    def learn(self, pieces: Iterable[Piece]) -> None:
        """Note which variables a text sets."""
        for piece in pieces:
            word = _WORD.match(piece.expression)
            if piece.kind == "tag" and piece.value in _SETTING and word:
                self._set.add(word[0])

    def knows(self, source: Source, token: Token | None) -> bool:
        """Whether it is told already that there is nothing where a token asks for something."""
        return token is not None and (id(source), token.start_index) in self.found

    def tell(self, value: object, *, included: bool) -> None:
        """Note that a variable is shown that may not be there; `included`: by some include."""
        missing = value.missing if isinstance(value, Absent) else value
        if not isinstance(missing, Missing) or not missing.name or len(self.found) >= MOST:
            return
        root, _, key = missing.name.partition(".")
        optional = included and root == "page" and key in self.given.optional
        if root in _OWN or root in self._set or optional:
            return
        message = tr(
            "Liquid's '{name}' is not there, and shows nothing{hint}",
            name=shorten(missing.name), hint=self._hint(root, key),
        )  # fmt: skip
        place = missing.source.place(missing.at)
        self.found[id(missing.source), missing.at] = Problem(message, place)

    def _hint(self, root: str, key: str) -> str:
        known = {"page": self.given.page, "site": self.given.site}
        near = None
        if root in known:
            name = find_typo(key, known[root])
            near = f"{root}.{name}" if name else None
        elif name := find_typo(root, [*known, *self._set]):
            near = f"{name}.{key}" if key else name
        elif root in self.given.page:
            near = f"page.{root}"
        return " " + tr("(did you mean '{name}'?)", name=shorten(near)) if near else ""
