"""A stream: one sample in the making, as its runner (the kernel or the reference) knows it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from escriba.ground.errors import SourceError
from escriba.ground.language import tr
from escriba.records.model import Model
from escriba.records.vocabulary import Vocabulary, name_character
from escriba.sampling.request import Options
from escriba.sampling.until import RULES

BATCH = 8  # streams that run together, at most: as many as share the first cache


@dataclass(frozen=True)
class Stream:
    """Options in integers. `prompt` is one symbol or more; `length` symbols are to be drawn.

    `temperature` is in thousandths (0: the likeliest symbol), `top_p` and `min_p` in millionths;
    `top_k` 0, `top_p` 1000000 and `min_p` 0 leave all symbols in.
    """

    prompt: tuple[int, ...]
    length: int
    seed: int
    temperature: int
    top_k: int
    top_p: int
    min_p: int


class Batch(Protocol):
    """Streams on their way, each in a place of its own, from 0 to BATCH - 1."""

    def add(self, streams: Sequence[Stream]) -> list[int]:
        """Begin streams in places that are free; the places."""

    def advance(self, steps: int) -> dict[int, list[int]]:
        """Take so many steps and give what the stream in each place drew in them, [] where it has
        its length.

        A step reads one symbol of the prompt, or the one drawn before; the step that reads the
        prompt's last symbol is the first to draw.
        """

    def remove(self, place: int) -> None:
        """End a stream, before its length or after: its place is free again."""

    def move(self, place: int, other: Self) -> None:
        """Let a batch of a copy of this runner go on with a stream, in the same place there. Both
        batches are begun with the same room."""


class Runner(Protocol):
    """What can run a model's streams, one batch at a time."""

    def begin(self, room: int) -> Batch:
        """A batch of streams whose prompts and lengths have at most `room` symbols together."""

    def copy(self) -> Runner:
        """Another runner of the same model, which may work at the same time in another thread."""

    @property
    def logit_shift(self) -> int:
        """The shift of the logits."""

    def score(self, symbols: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """After each symbol, read one after the other, the logits (V,) of the next one, in integers
        at 2^logit_shift. A batch cannot go on after it."""


def free_places(taken: Container[int], count: int) -> list[int]:
    """The first places of a batch that are free, so many. Raises ValueError if there are fewer."""
    free = [place for place in range(BATCH) if place not in taken]
    if count > len(free):
        raise ValueError(f"{count} streams for {len(free)} free places of a batch")
    return free[:count]


def make_stream(model: Model, options: Options) -> Stream:
    """The stream of some options. Raises SourceError for a prompt that the model cannot read, and
    for an end that it can never write.

    An empty prompt starts as after the end of a document, or of a line, or with the vocabulary's
    first symbol.
    """
    vocabulary = model.vocabulary
    if options.until == "document" and vocabulary.mark is None:
        raise SourceError(
            tr(
                "the model '{name}' knows no end of a document: its corpus was not split by files "
                "(split-by: files)",
                name=model.name,
            )
        )
    if (strange := find_strange_end(vocabulary, options)) is not None:
        raise SourceError(
            tr(
                "'until' has the character {character}, which the model cannot write: it is not "
                "in its vocabulary of {size}: {symbols}",
                character=name_character(strange), size=len(vocabulary),
                symbols=vocabulary.listed(),
            )
        )  # fmt: skip
    prompt = tuple(vocabulary.encode(options.prompt)) or (vocabulary.start,)
    return Stream(
        prompt,
        options.length,
        options.seed,
        int(options.temperature.scaleb(3)),
        options.top_k or 0,
        1_000_000 if options.top_p is None else int(options.top_p.scaleb(6)),
        0 if options.min_p is None else int(options.min_p.scaleb(6)),
    )


def find_strange_end(vocabulary: Vocabulary, options: Options) -> str | None:
    """The first character of a literal `until` that the model can never write."""
    if options.until is None or options.until in RULES or options.until == "document":
        return None
    return vocabulary.find_strange(options.until)
