"""A model that writes: options → text, in exact integer arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from escriba.model import Model
from escriba.sampling.request import Options


class Engine:
    """A model, loaded and ready to sample."""

    def __init__(self, model: Model):
        self.model = model

    def sample(self, options: Options) -> str:
        """The text that some options give, without the prompt."""
        return self.sample_many([options])[0]

    def sample_many(self, options: Sequence[Options]) -> list[str]:
        """The texts of several options, sampled together."""
        raise RuntimeError("the kernel is not built")

    def stream(self, options: Options) -> Iterator[str]:
        """The text piece by piece, as it is written."""
        yield self.sample(options)
