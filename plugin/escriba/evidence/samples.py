"""The questions of the kind `samples`: what a model writes, as `sampling.request` asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from escriba.evidence.question import Advance, End, Kind
from escriba.sampling.request import Request, decimal_text

if TYPE_CHECKING:
    from escriba.sampling.engine import Engine


@dataclass(frozen=True)
class SampleHeader:
    """The head of a frozen sample. `text` is the SHA-256 of the text."""

    model: str
    arithmetic: str
    prompt: str
    length: int
    temperature: Decimal
    seed: int
    text: str
    until: str | None = None
    top_k: int | None = None
    top_p: Decimal | None = None
    min_p: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """The request of this header, as in `Request.to_dict`."""
        return {
            name: decimal_text(value) if isinstance(value, Decimal) else value
            for name, value in vars(self).items()
            if value is not None and name != "text"
        }


def check(request: Request) -> None:
    """Raise SourceError for a prompt that the model cannot read."""
    from escriba.sampling.stream import make_stream

    make_stream(request.model, request.options)


def sample(engine: Engine, requests: Sequence[Request], end: End, advance: Advance) -> list[str]:
    """The texts of some requests to one model."""
    return engine.sample_many([request.options for request in requests], end, advance)


SAMPLES = Kind(SampleHeader, check, sample, free=("prompt", "until"))
