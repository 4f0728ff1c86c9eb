"""Errors with an address.

Everything that a person's input can get wrong is raised as one of these, holding
one `Problem` per mistake; only `cli` and hosts print them and exit.

    EscribaError               exit code
    ├── DefectError                 1   what nobody foresaw: `unforeseen` makes it
    ├── SourceError            3   posts, escriba.yml, recipes, templates, options
    ├── ModelError             4   a model is missing, truncated, or cannot run exactly
    ├── FrozenError            5   a frozen sample is missing, stale or edited
    ├── CorpusError            6   a corpus cannot be found, read, or is not the one named
    └── TrainingError          7   training cannot start or go on

Exit code 2 is click's (a wrong command line), 130 is Ctrl-C; 1 is also that of standard output
which cannot be written.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from escriba.ground.language import tr
from escriba.ground.terminal import visible_line

LISTED = 200  # characters of the names that a message lists, about
SHOWN = 80  # characters of a value in a message
LONGEST = 100  # characters of a word that names are compared with


@dataclass(frozen=True, order=True)
class Place:
    """A position in a file. Lines and columns count from 1; 0 is "not known"."""

    path: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        text = self.path.as_posix()
        if self.line:
            text += f":{self.line}"
            if self.column:
                text += f":{self.column}"
        return text

    def moved(self, lines: int, column: int = 0) -> Place:
        """The place `lines` further down in the same file."""
        return Place(self.path, self.line + lines, column)


@dataclass(frozen=True)
class Problem:
    """One mistake: one sentence, and where it is. As text it is one line that commands no
    terminal, whatever names and words are in it. `untrained` is the model whose training mends
    it."""

    message: str
    place: Place | None = None
    untrained: str = ""

    def __str__(self) -> str:
        return visible_line(f"{self.place}: {self.message}" if self.place else self.message)


class EscribaError(Exception):
    """Base of all errors that are not defects of escriba. Holds all mistakes found in one run.

    `warnings` are what was to be said besides, before the run came to its mistakes.
    """

    exit_code: ClassVar[int] = 1
    warnings: tuple[Problem, ...] = ()

    def __init__(self, problem: str | Problem | Iterable[Problem], place: Place | None = None):
        if isinstance(problem, str):
            problem = Problem(problem, place)
        self.problems = (problem,) if isinstance(problem, Problem) else tuple(problem)
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(
        self,
    ) -> tuple[type[EscribaError], tuple[tuple[Problem, ...]], dict[str, tuple[Problem, ...]]]:
        return type(self), (self.problems,), {"warnings": self.warnings}


class DefectError(EscribaError):
    """Something that nobody foresaw: of what escriba is made of, and not of what it reads."""

    exit_code = 1


class SourceError(EscribaError):
    """Something that an author wrote is wrong."""

    exit_code = 3


class ModelError(EscribaError):
    """A model is missing, damaged, or cannot be run exactly."""

    exit_code = 4


class FrozenError(EscribaError):
    """A frozen sample is missing, stale or edited."""

    exit_code = 5


class CorpusError(EscribaError):
    """A corpus cannot be found or read, or is not the one that the recipe names."""

    exit_code = 6


class TrainingError(EscribaError):
    """Training cannot start, or cannot go on."""

    exit_code = 7


def shorten(text: str) -> str:
    """As much of a value as a sentence can hold."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def suggest(word: str, allowed: Iterable[str], shown: Iterable[str] | None = None) -> str:
    """`" (did you mean 'x'?)"`, or what is allowed if nothing is near: `shown`, if that is much."""
    names = sorted(allowed)
    word = word[:LONGEST]  # no name is longer, and comparing takes time
    near = next(iter(difflib.get_close_matches(word, names, n=1)), None) or find_typo(word, names)
    if near:
        return " " + tr("(did you mean '{name}'?)", name=near)
    names = _list_some(sorted(shown) if shown is not None else names)
    return " " + tr("(allowed: {names})", names=", ".join(names)) if names else ""


def find_typo(word: str, known: Iterable[str]) -> str | None:
    """The name that a word is probably meant to be, if it looks like one: a letter more, less or
    changed, two of them exchanged, capitals. `subtitle` is no `title`, nor `author-name` an
    `author`."""
    plain = word[:LONGEST].lower().replace("_", "-")
    for name in sorted(known):
        other = name.lower().replace("_", "-")
        if plain == other or (len(other) > 3 and sorted(plain) == sorted(other)):
            return name
        near = abs(len(plain) - len(other)) <= max(1, len(other) // 4)
        if near and difflib.SequenceMatcher(None, plain, other).ratio() >= 0.8:
            return name
    return None


def _list_some(names: list[str]) -> list[str]:
    """As many names as a sentence can hold, and a mark for the rest."""
    room = LISTED
    for number, name in enumerate(names):
        room -= len(name) + 2
        if number and room < 0:
            return [*names[:number], "…"]
    return names
