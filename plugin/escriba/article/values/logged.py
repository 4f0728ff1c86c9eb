"""The values of a model's record of training: `log.largest-gradient`, `log.1000.loss`."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from escriba.ground.errors import Place, SourceError, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.numbers import round_to
from escriba.records.training import MOST, Moment, Record, Validation

PREFIX = "log."


def find_logged(record: Record, key: str, place: Place) -> int | Decimal:
    """The value of `log.key` in a record; `key` is what follows the prefix.

    Raises SourceError at `place` for an unknown key, a step that has no line, and a value that
    the record does not have.
    """
    first, _, rest = key.partition(".")
    numbered = first.isdecimal() and len(first) <= len(str(MOST))
    value: int | Decimal | None
    if numbered and rest in AT_STEP:
        lines = record.validations if rest == "validation" else record.stretches
        value = AT_STEP[rest](_at(record, lines, int(first), rest, place))
    elif key in WHOLE:
        value = WHOLE[key](record)
    else:
        known = [*WHOLE, *(f"1000.{name}" for name in AT_STEP)]
        hint = suggest(f"1000.{rest}" if numbered else key, known)
        raise SourceError(
            tr("unknown value '{key}'{hint}", key=shorten(PREFIX + key), hint=hint), place
        )
    if value is None or not Decimal(value).is_finite():
        raise SourceError(
            tr(
                "the record of the model '{name}' has no '{key}'",
                name=record.name,
                key=shorten(PREFIX + key),
            ),
            place,
        )
    return value


def _at(record: Record, lines: Sequence[Moment], step: int, key: str, place: Place) -> Moment:
    steps = [line.step for line in lines]
    index = bisect(steps, step)
    if index and steps[index - 1] == step:
        return lines[index - 1]
    near = ", ".join(str(s) for s in steps[max(0, index - 1) : index + 1])
    hint = " " + tr("(near: {near})", near=near) if near else ""
    raise SourceError(
        tr(
            "the record of the model '{name}' has no '{key}' at step {step}{hint}",
            name=record.name,
            key=key,
            step=step,
            hint=hint,
        ),
        place,
    )


def _best(read: Callable[[Validation], int | Decimal]) -> Callable[[Record], int | Decimal | None]:
    return lambda record: read(record.best) if record.best else None


WHOLE: Mapping[str, Callable[[Record], int | Decimal | None]] = {
    "steps": lambda record: record.end.step,
    "characters": lambda record: record.end.characters,
    "seconds": lambda record: record.end.seconds,
    "minutes": lambda record: round_to(record.end.seconds / 60, 6),
    "loss": lambda record: record.stretches[-1].loss if record.stretches else None,
    "clip": lambda record: record.clip,
    "clipped": lambda record: record.clipped,
    "gradient": lambda record: record.gradient,
    "largest-gradient": lambda record: record.largest,
    "best.validation": _best(lambda best: best.loss),
    "best.step": _best(lambda best: best.step),
    "best.characters": _best(lambda best: best.characters),
}
# Of the line of one step: `log.1000.loss` and so on.
AT_STEP: Mapping[str, Callable[[Any], int | Decimal | None]] = {
    "characters": lambda line: line.characters,
    "seconds": lambda line: line.seconds,
    "loss": lambda line: line.loss,
    "gradient": lambda line: line.gradient,
    "largest-gradient": lambda line: line.largest,
    "clipped": lambda line: line.clipped,
    "validation": lambda line: line.loss,
}
