"""A stream: one sample in the making, as its runner (the kernel or the reference) knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from escriba.model import Model
from escriba.sampling.request import Options

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
    """Up to BATCH streams on their way."""

    def advance(self, steps: int) -> list[list[int]]:
        """Take so many steps and give what each stream drew in them: [] once it has ended.

        A step reads one symbol of the prompt, or the one drawn before; the step that reads the
        prompt's last symbol is the first to draw.
        """

    def stop(self, index: int) -> None:
        """End a stream before its length."""


class Runner(Protocol):
    """What can run a model's streams, one batch at a time."""

    def begin(self, streams: Sequence[Stream]) -> Batch: ...

    def copy(self) -> Runner:
        """Another runner of the same model, which may work at the same time in another thread."""


def make_stream(model: Model, options: Options) -> Stream:
    """The stream of some options. Raises SourceError for a prompt that the model cannot read.

    An empty prompt starts as after the end of a line, or with the vocabulary's first symbol.
    """
    vocabulary = model.vocabulary
    prompt = tuple(vocabulary.encode(options.prompt)) or (vocabulary.indices.get("\n", 0),)
    return Stream(
        prompt,
        options.length,
        options.seed,
        int(options.temperature.scaleb(3)),
        options.top_k or 0,
        1_000_000 if options.top_p is None else int(options.top_p.scaleb(6)),
        0 if options.min_p is None else int(options.min_p.scaleb(6)),
    )
