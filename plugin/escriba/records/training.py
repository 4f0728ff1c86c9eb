"""`models/<name>/training.jsonl`, read: how a training went, step by step.

One JSON object a line, each with `step` and `characters` (symbols read so far). Beside them:

    plan                                            how it was to be trained; once, at step 0
    seconds loss gradient largest clipped rate      what the steps since the last such line gave
    seconds validation                              a loss on the validation part
    sample prompt loss                              what the model wrote then

Logs of earlier versions have no `plan`, no `largest`, and samples without `prompt` and `loss`.
Numbers are read as decimals, so that no digit of a page depends on a machine's arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from escriba.ground.errors import ModelError, Place
from escriba.ground.files import exists, read_text
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal, read_json, round_to

FILE = "training.jsonl"
MOST = 10**18  # steps, or symbols read: no training has more


@dataclass(frozen=True)
class Moment:
    """A point of a training: steps done, symbols read, and seconds spent until then."""

    step: int
    characters: int
    seconds: Decimal


@dataclass(frozen=True)
class Stretch(Moment):
    """The steps that end at a moment. Norms are those of the gradient before clipping.

    `loss` is the mean training loss in nats per symbol, `gradient` the mean norm, `largest` the
    greatest (None in an old log), `clipped` the share of the steps that were clipped. A loss or
    norm that was not finite, which a log writes as null, is infinite.
    """

    loss: Decimal
    gradient: Decimal
    largest: Decimal | None
    clipped: Decimal


@dataclass(frozen=True)
class Validation(Moment):
    """The loss on the validation part, in nats per symbol, at a moment."""

    loss: Decimal


@dataclass(frozen=True)
class Writing(Moment):
    """What the model wrote at a moment, and its training loss of late, if it is known."""

    text: str
    prompt: str
    loss: Decimal | None


@dataclass(frozen=True)
class Record:
    """A model's training. `path` is how messages and pages name the file.

    `planned` says that the log tells how it was to be trained; if it does, `clip` is the norm
    above which gradients were clipped, or None if they never were.
    """

    name: str
    path: Path
    planned: bool
    clip: Decimal | None
    stretches: tuple[Stretch, ...]
    validations: tuple[Validation, ...]
    writings: tuple[Writing, ...]

    @property
    def end(self) -> Moment:
        """The last moment that was written down."""
        return max((*self.stretches, *self.validations, *self.writings), key=lambda m: m.step)

    @property
    def best(self) -> Validation | None:
        """The moment of the lowest validation loss, the first of equal ones."""
        return min(self.validations, key=lambda v: v.loss, default=None)

    @property
    def clipped(self) -> Decimal | None:
        """The share of all steps that were clipped; None if no step was written down."""
        return self._weigh([s.clipped for s in self.stretches])

    @property
    def gradient(self) -> Decimal | None:
        """The mean norm of the gradient over all steps."""
        return self._weigh([s.gradient for s in self.stretches])

    @property
    def largest(self) -> Decimal | None:
        """The greatest norm of the gradient at any step, if every line tells it."""
        found = [s.largest for s in self.stretches]
        norms = [norm for norm in found if norm is not None]
        return max(norms) if norms and len(norms) == len(found) else None

    def _weigh(self, values: list[Decimal]) -> Decimal | None:
        # Each line stands for the steps since the one before it.
        steps = [0, *(s.step for s in self.stretches)]
        if not values or not steps[-1]:
            return None
        if not all(value.is_finite() for value in values):
            return Decimal("Infinity")
        weights = [end - start for start, end in pairwise(steps)]
        total = sum((v * w for v, w in zip(values, weights, strict=True)), Decimal(0))
        return round_to(total / steps[-1], 6)


def read_record(folder: Path, shown: Path) -> Record:
    """The record of a model's folder; `shown` is how messages name the folder.

    Raises ModelError for a log that is missing, and for one that is damaged, with its line.
    """
    place = Place(shown / FILE)
    remedy = tr("train it with: escriba train {name}", name=folder.name)
    if not exists(folder / FILE):
        raise ModelError(
            tr(
                "the model '{name}' has no record of its training; {remedy}",
                name=folder.name,
                remedy=remedy,
            ),
            place,
        )
    reader = _Reader(place)
    for number, entry in _entries(read_text(folder / FILE, place.path, kind=ModelError), place):
        reader.take(entry, Place(place.path, number))
    if not (reader.stretches or reader.validations or reader.writings):
        raise ModelError(tr("the record holds no step; {remedy}", remedy=remedy), place)
    return Record(
        name=folder.name,
        path=place.path,
        planned=reader.planned,
        clip=reader.clip,
        stretches=tuple(reader.stretches),
        validations=tuple(reader.validations),
        writings=tuple(reader.writings),
    )


def _entries(text: str, place: Place) -> Iterator[tuple[int, Any]]:
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            yield number, read_json(line, read_decimal)
        except ValueError as error:
            if number == len(lines):
                return  # cut short by a kill, or still being written
            reason = error.msg if isinstance(error, json.JSONDecodeError) else error
            raise _damaged(
                tr("not JSON ({reason})", reason=reason), Place(place.path, number)
            ) from None


def _damaged(reason: str, place: Place) -> ModelError:
    return ModelError(
        tr("the log is damaged: {reason}; restore it, or train again", reason=reason), place
    )


class _Reader:
    """Sorts the entries of a log, in their order."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.planned = False
        self.clip: Decimal | None = None
        self.stretches: list[Stretch] = []
        self.validations: list[Validation] = []
        self.writings: list[Writing] = []
        self._last = (0, 0, Decimal(0))

    def take(self, entry: Any, place: Place) -> None:
        if not isinstance(entry, dict):
            raise _damaged(tr("expected an object"), place)
        self.place = place
        moment = self._moment(entry)
        if "plan" in entry:
            self._take_plan(entry["plan"])
        elif "sample" in entry:
            self._take_sample(entry, moment)
        elif "validation" in entry:
            self.validations.append(Validation(*moment, self._number(entry, "validation")))
        elif "loss" in entry:
            self.stretches.append(
                Stretch(
                    *moment,
                    loss=self._number(entry, "loss", endless=True),
                    gradient=self._number(entry, "gradient", endless=True),
                    largest=self._number(entry, "largest", endless=True)
                    if "largest" in entry
                    else None,
                    clipped=self._number(entry, "clipped"),
                )
            )

    def _moment(self, entry: Mapping[str, Any]) -> tuple[int, int, Decimal]:
        step, characters, seconds = self._last
        found = (
            self._count(entry, "step"),
            self._count(entry, "characters"),
            self._number(entry, "seconds") if "seconds" in entry else seconds,
        )
        if found[0] < step or found[1] < characters:
            raise _damaged(
                tr("step {step} comes after step {before}", step=found[0], before=step), self.place
            )
        self._last = found
        return found

    def _take_plan(self, plan: Any) -> None:
        if not isinstance(plan, dict):
            raise _damaged(tr("'plan' is not an object"), self.place)
        if "clip" in plan:
            self.planned = True
            self.clip = None if plan["clip"] is None else self._number(plan, "clip")

    def _take_sample(self, entry: Mapping[str, Any], moment: tuple[int, int, Decimal]) -> None:
        text, prompt = entry["sample"], entry.get("prompt", "")
        if not isinstance(text, str) or not isinstance(prompt, str):
            raise _damaged(tr("'sample' and 'prompt' must be text"), self.place)
        loss = self.stretches[-1].loss if self.stretches else None
        if entry.get("loss") is not None:
            loss = self._number(entry, "loss")
        self.writings.append(Writing(*moment, text, prompt, loss))

    def _count(self, entry: Mapping[str, Any], key: str) -> int:
        value = entry.get(key)
        if type(value) is not int or not 0 <= value <= MOST:
            raise _damaged(tr("'{key}' is missing or not a whole number", key=key), self.place)
        return value

    def _number(self, entry: Mapping[str, Any], key: str, *, endless: bool = False) -> Decimal:
        value = entry.get(key)
        if endless and key in entry and value is None:
            return Decimal("Infinity")
        if type(value) is int or isinstance(value, Decimal):
            number = Decimal(value)
            if number.is_finite() and number >= 0:
                return number
        raise _damaged(tr("'{key}' is missing or not a number", key=key), self.place)
