"""A question: anything that a block asks of a model and that must be computed.

What determines its answer is in `to_dict`, and nothing else is: the model's digest, the version of
the arithmetic, the options. So equal questions have one digest, and one frozen answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from escriba.ground.errors import Place
from escriba.records.model import Model

if TYPE_CHECKING:
    from escriba.sampling.engine import Engine

End = Callable[[int, str], None]  # gets the number and the answer of a question that is answered
Advance = Callable[[int], None]  # gets how much less there is to do, in units of `cost`


class Question(Protocol):
    """What a model is asked. `cost` is how much work the answer is, in symbols."""

    kind: ClassVar[str]  # the name of its Kind, and of the folder of its answers

    @property
    def model(self) -> Model: ...
    @property
    def digest(self) -> str: ...
    @property
    def cost(self) -> int: ...

    def to_dict(self) -> dict[str, Any]:
        """What the digest covers, as plain values."""
        ...


class Header(Protocol):
    """The head of a frozen answer, as `schema` reads it; `text` is the SHA-256 of the answer."""

    @property
    def text(self) -> str: ...

    def to_dict(self) -> dict[str, Any]:
        """The question, as its own `to_dict` gives it."""
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of questions: how they are answered, and what is written of them.

    `check` raises SourceError for a question that the model cannot be asked. `answer` gives the
    answers to many questions to one model; it raises CorpusError for what only the corpus can tell,
    where that is not at hand. `free` are the keys of the header that hold any text.
    """

    header: type[Header]
    check: Callable[[Any], None]
    answer: Callable[[Engine, Sequence[Any], End, Advance], list[str]]
    free: tuple[str, ...] = ()


@dataclass(frozen=True)
class Use:
    """A block that asks a question, and where it stands; `words` is where that stands in it which
    a model may be unable to read, a prompt."""

    question: Question
    place: Place
    words: Place | None = None

    @property
    def digest(self) -> str:
        return self.question.digest
