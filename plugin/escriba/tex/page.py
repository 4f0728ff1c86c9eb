"""What the formulas of one page have in common: macros, colours, numbers, and labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.macros import Macros
from escriba.tex.tokens import TexError

_REFERENCE = re.compile(r"\\(?:eq)?ref\s*\{([^{}]*)\}")
_WORD = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Label:
    """A labelled equation: its number as text, without parentheses, and its id in the page."""

    shown: str
    id: str


@dataclass
class Page:
    """Formulas are translated in the order of the page. `wanted` are the labels that any of them
    refers to; `taken` says which ids the page has already."""

    macros: Macros = field(default_factory=Macros)
    wanted: frozenset[str] = frozenset()
    taken: Callable[[str], bool] = lambda name: False
    colours: dict[str, str] = field(default_factory=dict)
    number: int = 0
    labels: dict[str, Label] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    missing: dict[str, None] = field(default_factory=dict)
    _references: list[tuple[str, bool]] = field(default_factory=list)
    _mark: str = "\U0010fffd"

    def count(self) -> str:
        """The number of the next equation."""
        self.number += 1
        return str(self.number)

    def label(self, name: str, shown: str, at: int) -> str:
        """Give the equation of this number a name; its id. Raises TexError if another has it."""
        if name in self.labels:
            raise TexError(
                tr("the label '{name}' is given twice; choose another", name=shorten(name)), at
            )
        word = "eq-" + (_WORD.sub("-", name.removeprefix("eq:")).strip("-").lower() or "1")
        made, count = word, 1
        while made in self.ids or self.taken(made):
            count += 1
            made = f"{word}-{count}"
        self.ids.add(made)
        self.labels[name] = Label(shown, made)
        return made

    def refer(self, name: str, *, parentheses: bool) -> str:
        """A mark in the place of a reference, which `resolve` fills in."""
        self._references.append((name, parentheses))
        return f"{self._mark}{len(self._references) - 1}{self._mark}"

    def resolve(self, html: str) -> str:
        """HTML with its references, once all formulas are translated; those to nothing are noted
        in `missing`."""
        return re.sub(f"{self._mark}([0-9]+){self._mark}", self._link, html)

    def _link(self, match: re.Match[str]) -> str:
        name, parentheses = self._references[int(match[1])]
        label = self.labels.get(name)
        if label is None:
            self.missing[name] = None
        shown = label.shown if label else "??"
        if parentheses and not shown.startswith("("):
            shown = f"({shown})"
        shown = escape(shown, quote=False)
        return f'<a href="#{escape(label.id)}">{shown}</a>' if label else shown


def find_references(sources: Iterable[str]) -> frozenset[str]:
    """The labels that any of some formulas refers to."""
    return frozenset(
        match[1].strip() for source in sources for match in _REFERENCE.finditer(source)
    )
