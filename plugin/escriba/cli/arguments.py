"""What the words of a command line may be: numbers within bounds, names of models, paths.

Each raises click.BadParameter, which is a wrong command line, for anything else; but a name that no
model can have is that of a model that is not there.
"""

from __future__ import annotations

import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from escriba.ground import streams
from escriba.ground.errors import ModelError, Place
from escriba.ground.files import DEEPEST, decode, read_text
from escriba.ground.language import tr
from escriba.ground.numbers import read_decimal, read_float, read_whole
from escriba.ground.terminal import visible_line

MOST = 1e9  # minutes, passes or seconds: 1,900 years
LONGEST = 255  # bytes of a file's name, on nearly every system
FARTHEST = 4000  # bytes of a path
PROMPT = 4 << 20  # bytes of a prompt that is read, at most


def number(text: str) -> Decimal:
    """A decimal number, kept as written: 0.7 is exactly 0.7."""
    try:
        return read_decimal(text)
    except ValueError:
        raise click.BadParameter(tr("'{text}' is not a number", text=_cut(text))) from None


def integer(text: str) -> int:
    """A whole number."""
    try:
        return read_whole(text)
    except ValueError:
        raise click.BadParameter(tr("'{text}' is not a whole number", text=_cut(text))) from None


def duration(text: str) -> float:
    """So many minutes or passes; zero and infinity are numbers that whoever takes them refuses."""
    if re.fullmatch(r"[+-]?(inf(inity)?|nan)", text, re.I):
        return float(text)
    try:
        return float(read_decimal(text))
    except ValueError:
        raise click.BadParameter(tr("'{text}' is not a number", text=_cut(text))) from None


def port(text: str) -> int:
    """The number of a port that a program can listen on."""
    value = integer(text)
    if not 1 <= value <= 65535:
        raise click.BadParameter(
            tr("'{text}' is not the number of a port, from 1 to 65535", text=_cut(text))
        )
    return value


def amount(text: str) -> float:
    """So many of something, whole or not."""
    try:
        value = read_float(text)
    except ValueError:
        raise click.BadParameter(tr("'{text}' is not a number", text=_cut(text))) from None
    if not 0 <= value <= MOST:
        raise click.BadParameter(_out_of_bounds(text))
    return value


def model_name(text: str) -> str:
    """The name of a model: that of its folder in `models/`, and no path. Raises ModelError."""
    size = len(os.fsencode(text)) if _is_encodable(text) else 0
    if not 0 < size <= LONGEST or text.startswith(".") or set(text) & set("/\\\0"):
        raise ModelError(
            tr(
                "there is no model '{name}': a model is known by its folder's name in models/",
                name=_cut(text),
            )
        )
    return text


def prompt(text: str) -> str:
    """A text, or that of a file, `@FILE`, or of standard input, `-`; after `@@` anything is a text.

    Raises SourceError for what cannot be read, is larger than PROMPT, or is not UTF-8.
    """
    if text.startswith("@@"):
        return text[2:]
    if text == "-":
        data = streams.read_all(sys.stdin.buffer, PROMPT)
        return decode(data, Place(Path("<stdin>"))).removeprefix("\ufeff")
    if text.startswith("@"):
        return read_text(Path(text[1:]), limit=PROMPT)
    return text


def device(text: str) -> str:
    """A device as torch names it."""
    if not re.fullmatch(r"(?!meta)[a-z]{1,20}(:[0-9]{1,3})?", text):
        raise click.BadParameter(
            tr("'{text}' is not a device such as cpu, cuda, cuda:1 or mps", text=_cut(text))
        )
    return text


class Location(click.Path):
    """A path that a file can have. `exists`: there is such a file, or such a folder."""

    def __init__(self, *, folder: bool = True, file: bool = True, exists: bool = False):
        super().__init__(path_type=Path, exists=exists, dir_okay=folder, file_okay=file)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """The path. Fails for an empty one, too long a name, and characters that none can have."""
        text = os.fspath(value)
        if not text:
            self.fail(tr("a path cannot be empty"), param, ctx)
        if "\0" in text or not _is_encodable(text):
            shown = _cut(text)
            self.fail(tr("'{path}' has a character that no path has", path=shown), param, ctx)
        for name in Path(text).parts:
            if len(os.fsencode(name)) > LONGEST:
                problem = tr(
                    "the name '{name}' is longer than the {longest} bytes that a name may have",
                    name=_cut(name),
                    longest=LONGEST,
                )
                self.fail(problem, param, ctx)
        if len(os.fsencode(text)) > FARTHEST or len(Path(text).parts) > DEEPEST:
            self.fail(tr("the path '{path}' is too long", path=_cut(text)), param, ctx)
        return super().convert(value, param, ctx)


def _out_of_bounds(text: str) -> str:
    return tr("'{text}' is not from 0 to {most:,.0f}", text=_cut(text), most=MOST)


def _is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # a lone surrogate, which is no byte of a name
        return False
    return True


def _cut(text: str) -> str:
    return visible_line(text if len(text) <= 60 else text[:60] + "…")
