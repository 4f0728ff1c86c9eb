"""What a line is made of: the parts that the grammar finds, before they become elements.

Nothing is done yet when a part is found, as what it is within may turn out not to be an element
at all, and is then read again: formulas are translated, HTML is parsed and definitions are used
only for the parts that stay (`tree`). All positions are offsets in the text of the block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shown:
    """Characters that stand for others: what a backslash leaves, a character that is no entity."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A quote, a symbol or an entity: `text`, after what stands up to `at`.

    It is shown as text but divides what stands around it: no abbreviation goes across it.
    """

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """What stands for HTML that was made before."""

    mark: str


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line that the author wants to be one."""


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, which goes from `start` to `end` without its marks."""

    tex: str
    start: int
    end: int
    display: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """HTML that is left as it is, from `start` to `end`; none for an extension that shows
    nothing."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comment:
    """`{::comment}`, which is one in HTML."""

    text: str


@dataclass(frozen=True, slots=True)
class Autolink:
    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """The mark of a footnote."""

    name: str


@dataclass(frozen=True, slots=True)
class Struck:
    """`~~text~~`, a text of its own: nothing that begins outside ends in it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AttributeList:
    """`{: …}` directly after a part, with what stands between the colon and the brace."""

    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """An element with parts of its own, from `start` to `end`, read in `context`.

    `attributes` are those of an element of HTML, whose values are at `places`; emphasis has None.
    """

    tag: str
    start: int
    end: int
    context: int
    attributes: Mapping[str, str] | None = None
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads: `url` and `title` are stretches of the text; or `name` is defined."""

    url: tuple[int, int] = (0, 0)
    title: tuple[int, int] | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link whose text goes from `start` to `end`."""

    start: int
    end: int
    context: int
    target: Target


@dataclass(frozen=True, slots=True)
class Image:
    """An image; what stands from `start` to `end` describes it, and is not read."""

    start: int
    end: int
    target: Target


Node = (
    Shown | Mark | Marked | Break | Code | Formula | Raw | Comment | Autolink | Note | Struck
    | AttributeList | Span | Link | Image
)  # fmt: skip
