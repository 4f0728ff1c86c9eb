"""What variables hold that is no plain value: things with fields, some of which take work; and how
they write a date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from escriba.ground.reads import Read, Reads

Make = Callable[[], object]


def _nothing() -> Mapping[str, object]:
    return {}


class Variables(Mapping[str, object]):
    """A thing with fields: those that are `fixed`, those that are `made` when they are first asked
    for, and, where a name is in neither, what `rest` makes.

    To Liquid it is one thing, whatever is in it: it is equal to itself alone, as text it is its
    title, and as JSON what is fixed. So things may lead to each other.

    What making a field has read is noted in `reads` each time that somebody asks for it.
    """

    def __init__(
        self,
        fixed: Mapping[str, object],
        made: Mapping[str, Make],
        rest: Callable[[], Mapping[str, object]] = _nothing,
        reads: Reads | None = None,
    ):
        self.fixed = fixed
        self._made = made
        self._kept: dict[str, tuple[object, tuple[Read, ...]]] = {}
        self._make_rest = rest
        self._reads = reads

    @property
    def _rest(self) -> Mapping[str, object]:
        rest = self._make("", self._make_rest)
        assert isinstance(rest, Mapping)
        return rest

    def __getitem__(self, key: str) -> object:
        if key in self._made:
            return self._make(key, self._made[key])
        return self.fixed[key] if key in self.fixed else self._rest[key]

    def _make(self, key: str, make: Make) -> object:
        if self._reads is None:
            if key not in self._kept:
                self._kept[key] = make(), ()
            return self._kept[key][0]
        if key not in self._kept:
            with self._reads.recording() as made:
                value = make()
            self._kept[key] = value, tuple(made)
        value, reads = self._kept[key]
        for read in reads:
            self._reads.note(*read)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._made or key in self.fixed or key in self._rest

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self.fixed, *self._made, *self._rest]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return str(self.fixed.get("title") or "")


def write_moment(date: datetime) -> str:
    """A date as Ruby writes it, in UTC if its author says no more: `2020-10-01 23:30:34 -0600`.

    Liquid compares and sorts such text, and its filters read it."""
    known = date if date.tzinfo else date.replace(tzinfo=UTC)
    return f"{known.year:04}-{known:%m-%d %H:%M:%S %z}"
