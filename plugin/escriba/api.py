"""What programs and notebooks call: `escriba.load`, `escriba.train`. docs/python.md.

A door, as the commands are: it gives the same results, and raises what they print.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, get_args

from escriba.ground.errors import EscribaError, ModelError, Place, SourceError
from escriba.ground.files import is_dir, resolve
from escriba.ground.language import tr
from escriba.ground.project import find
from escriba.records import model as files
from escriba.records.library import find_model
from escriba.records.model import Network
from escriba.records.recipe import Budget
from escriba.records.vocabulary import Vocabulary
from escriba.sampling.engine import Engine
from escriba.sampling.reading import States, predict, watch
from escriba.sampling.request import OptionError, read_decimals, read_number, read_options
from escriba.sampling.stream import make_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from escriba.charlm.training.train import Result
    from escriba.sampling.reference import Integers

    Floats = NDArray[np.float64]

__all__ = ["EscribaError", "Model", "Sample", "States", "load", "train"]
Number = int | float | Decimal | str
Location = str | os.PathLike[str]

_HTML = (
    '<pre dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate">'
    "<strong>{prompt}</strong>{text}</pre>"
)


class How(TypedDict, total=False):
    """How a sample is drawn: the options of the block `sample`, docs/blocks.md."""

    length: int
    until: str | None
    temperature: Number
    top_k: int | None
    top_p: Number | None
    min_p: Number | None


@dataclass(frozen=True)
class Sample:
    """What a model wrote: `text` after `prompt`. As text it is both, as `escriba sample` prints
    them; a notebook shows the prompt in bold, in its own colours. `options` are the request's."""

    prompt: str
    text: str
    options: Mapping[str, Any]

    def __str__(self) -> str:
        return self.prompt + self.text

    def _repr_html_(self) -> str:
        return _HTML.format(prompt=escape(self.prompt), text=escape(self.text))


class Model:
    """A model that is loaded: it writes, and says what it makes of a text.

    Every text is read as a sample is written: after a prompt, of which an empty one is the end of a
    line. N is the number of its symbols, characters (in NFC, with LF) or bytes: those of
    `vocabulary.encode(text)`; V that of the vocabulary, L of the layers, H of the units of one. May
    be used by one thread at a time.
    """

    def __init__(self, model: files.Model):
        """Raises ModelError for a model that cannot be run exactly."""
        self._model = model
        self._engine = Engine(model)
        self.digest: str = model.digest  # while the file is the one that was loaded

    def __repr__(self) -> str:
        net = self.network
        return (
            f"<escriba.Model '{self.name}': {net.cell} {net.layers} × {net.hidden}, "
            f"{len(self.vocabulary)} symbols, {self.parameters:,} parameters>"
        )

    @property
    def name(self) -> str:
        """That of its folder."""
        return self._model.name

    @property
    def network(self) -> Network:
        """Its `cell`, `layers`, `hidden` and `residual`."""
        return self._model.network

    @property
    def vocabulary(self) -> Vocabulary:
        """Its `unit` and `symbols`, and `encode` and `decode`."""
        return self._model.vocabulary

    @property
    def parameters(self) -> int:
        """How many numbers training set."""
        return self._model.parameters

    @property
    def record(self) -> Mapping[str, Any]:
        """What its training wrote down: `corpus` and `training`."""
        return self._model.record

    def sample(
        self,
        prompt: str = "",
        *,
        length: int = 500,
        until: str | None = None,
        temperature: Number = 0.8,
        seed: int = 1,
        top_k: int | None = None,
        top_p: Number | None = None,
        min_p: Number | None = None,
    ) -> Sample:
        """What `escriba sample` writes for the same request, character for character.

        Raises SourceError for an option out of its range, and for a prompt or an end with
        characters that the model lacks.
        """
        return self.samples(
            1, prompt, seed=seed, length=length, until=until, temperature=temperature,
            top_k=top_k, top_p=top_p, min_p=min_p,
        )[0]  # fmt: skip

    def samples(
        self, number: int, prompt: str = "", *, seed: int = 1, **how: Unpack[How]
    ) -> list[Sample]:
        """So many samples, of the seeds from `seed` on; together they take much less time."""
        first = read_number("seed", seed)
        options = [
            read_options({**how, "prompt": prompt, "seed": first + each})
            for each in range(read_number("number", number))
        ]
        texts = self._engine.sample_many(options)
        return [
            Sample(each.prompt, text, each.to_dict())
            for each, text in zip(options, texts, strict=True)
        ]

    def scores(self, text: str, *, prompt: str = "") -> Floats:
        """(N,) the logarithm of the probability of each symbol of a text after all before it, in
        nats. Raises SourceError for characters that the model lacks."""
        import numpy as np

        symbols = np.array(self._encode(text), np.int64)
        parts, at = [np.empty(0)], 0
        for rows in self._predict(text, prompt):
            parts.append(rows[np.arange(len(rows)), symbols[at : at + len(rows)]])
            at += len(rows)
        return np.concatenate(parts)

    def distributions(self, text: str, *, prompt: str = "") -> Floats:
        """(N, V) the same of every symbol of the vocabulary that could have stood at each place."""
        import numpy as np

        return np.concatenate([np.empty((0, len(self.vocabulary))), *self._predict(text, prompt)])

    def loss(self, text: str, *, prompt: str = "") -> float:
        """The mean of -`scores`, in nats per symbol. Raises SourceError for a text without any."""
        scores = self.scores(text, prompt=prompt)
        if not len(scores):
            raise SourceError(tr("a text without symbols has no loss"))
        return -float(scores.mean())

    def states(self, text: str, *, prompt: str = "") -> States:
        """What the network holds after each symbol: `hidden` (L, N, H) and, of an lstm, `cells`
        (L, N, H), in the integers that it writes with, as numbers.

        Raises SourceError for characters that the model lacks, and ModelError if its file is not
        any more the one that was loaded.
        """
        return watch(self._integers, self._begin(prompt), self._encode(text))

    @cached_property
    def _integers(self) -> Integers:
        from escriba.sampling.quantised import quantise
        from escriba.sampling.reference import Integers

        integers = Integers(quantise(self._model))
        if files.read_file(self._model.path).digest != self.digest:
            raise ModelError(
                tr("its weights were changed meanwhile, by a training perhaps; run this again"),
                Place(self._model.path),
            )
        return integers

    def _begin(self, prompt: str) -> tuple[int, ...]:
        return make_stream(self._model, read_options({"prompt": prompt})).prompt

    def _encode(self, text: str) -> list[int]:
        if not isinstance(text, str):
            raise SourceError(tr("expected text, not {value!r}", value=text))
        return self.vocabulary.encode(text, "text")

    def _predict(self, text: str, prompt: str) -> Iterator[Floats]:
        return predict(self._engine, self._begin(prompt), self._encode(text))


def load(name: Location, *, project: Location = ".") -> Model:
    """A model: that of a name in a project, found from the folder `project` as the commands find
    it; or that of a path, of a weights file or of a model's folder. What is a Path, begins with a
    dot, ends in .safetensors or has a slash is a path.

    Raises ModelError for one that is not there, is damaged or cannot be run exactly, and
    SourceError for a project that is not there or has mistakes.
    """
    from escriba.cli.arguments import model_name

    text = os.fspath(name)
    parted = "/" in text or os.sep in text or text.startswith(".")
    if isinstance(name, str) and not parted and not text.endswith(".safetensors"):
        return Model(find_model(find(Path(project)), model_name(name)))
    path = Path(text)
    if is_dir(path):
        return Model(files.read_model(path if path.name else resolve(path)))
    return Model(files.read_file(path))


def train(
    name: str,
    *,
    project: Location = ".",
    quiet: bool = False,
    minutes: float | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    budget: Budget | None = None,
    restart: bool = False,
    force: bool = False,
    device: str | None = None,
    checkpoint_every: float = 60.0,
) -> Result:
    """Train the model of that name in a project, as `escriba train` does with the same options; how
    it goes is shown on standard error, unless `quiet`.

    At Ctrl-C, or when a notebook interrupts, what is done is kept, and the result is not
    `finished`. Raises ModelError, SourceError, CorpusError and TrainingError.
    """
    from escriba.charlm.training.train import train as train_model
    from escriba.cli.arguments import model_name
    from escriba.cli.display import shown

    found = find(Path(project))
    with _stopping() as stop, shown(name, quiet=quiet) as display:
        return train_model(
            found, model_name(name), restart=restart, force=force, device=device,
            minutes=None if minutes is None else float(read_decimals("minutes", minutes)),
            epochs=None if epochs is None else float(read_decimals("epochs", epochs)),
            steps=None if steps is None else read_number("steps", steps), budget=_budget(budget),
            checkpoint_every=float(read_decimals("checkpoint-every", checkpoint_every)),
            report=display.moment, reading=display.reading, began=display.began,
            wrote=display.wrote, stop=stop,
        )  # fmt: skip


def _stopping() -> AbstractContextManager[Callable[[], bool]]:
    """What tells of Ctrl-C, which the main thread alone can hear."""
    from escriba.cli.display import stopping

    alone = threading.current_thread() is threading.main_thread()
    return stopping() if alone else nullcontext(lambda: False)


def _budget(value: Budget | None) -> Budget | None:
    if value not in (None, *get_args(Budget)):
        names = ", ".join(map(repr, get_args(Budget)))
        raise OptionError(
            tr("'budget' must be one of {names}, not '{value}'", names=names, value=value)
        )
    return value
