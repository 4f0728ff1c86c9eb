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

from escriba.ground.schema.fields import Mistake, Range, Unlike, Words, raise_all
from escriba.ground.schema.scalars import parse_datetime, plain, split_words
from escriba.ground.schema.walk import build, places, read, read_file

__all__ = [
    "Mistake", "Range", "Unlike", "Words", "build", "parse_datetime", "places", "plain",
    "raise_all", "read", "read_file", "split_words",
]  # fmt: skip
