"""What a kind of block is: what it asks, and what a page shows of the answers.

A block is read in two steps. `ask` reads its options and its models, tells all that is wrong with
them, and says which questions have to be answered. `show`, once they are, makes the values that the
block's template sees. Between the two, the questions of a whole site are answered together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from escriba.article.blocks.panels import Panels
from escriba.article.source.body import Body
from escriba.evidence.question import Question, Use
from escriba.records.library import Library


class Asked(Protocol):
    """What a block asks; `uses` are its questions, with places that count within its body."""

    @property
    def uses(self) -> tuple[Use, ...]: ...


class Known(Protocol):
    """The answers to questions that were asked."""

    def __getitem__(self, question: Question) -> str: ...


@dataclass(frozen=True)
class Page:
    """What a block sees of the page that shows it. `panels` collects what playgrounds need in a
    browser; without it they are samples."""

    answers: Known
    words: Mapping[str, str]  # of the theme, in the page's language
    lang: str
    panels: Panels | None = None


@dataclass(frozen=True)
class View:
    """A template, `blocks/<name>.html`, and the values that it sees, besides the page's own."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


A = TypeVar("A", bound=Asked)


@dataclass(frozen=True)
class Block(Generic[A]):
    """A kind of block. Both functions raise EscribaError, with places that count within its body:
    `ask` with all mistakes of a block."""

    ask: Callable[[Body, Library], A]
    show: Callable[[A, Page], Iterable[View]]
