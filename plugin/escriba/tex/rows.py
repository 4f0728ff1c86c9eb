"""What stands in a table: rows, cells, lines, and what numbers a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from escriba.ground.language import tr
from escriba.tex.formula import Formula
from escriba.tex.kinds import NUMBERED
from escriba.tex.lengths import to_em
from escriba.tex.text import show_text
from escriba.tex.tokens import TexError
from escriba.tex.words import read

ENDS = frozenset((r"\\", r"\cr", r"\newline", r"\tabularnewline"))
_LINES = {
    r"\hline": "solid", r"\hdashline": "dashed", r"\toprule": "solid", r"\midrule": "solid",
    r"\bottomrule": "solid", r"\firsthline": "solid", r"\lasthline": "solid",
}  # fmt: skip
_RANGE = re.compile(r"\s*(\d{1,3})\s*-\s*(\d{1,3})\s*")


@dataclass
class Row:
    """A row: where its cells begin and end, the lines above it (style, first and last column), the
    space below it in ems, and words that stand between it and the row before."""

    cells: list[tuple[int, int]] = field(default_factory=list)
    lines: list[tuple[str, int, int]] = field(default_factory=list)
    gap: float = 0.0
    words: str = ""

    @property
    def span(self) -> tuple[int, int]:
        return self.cells[0][0], self.cells[-1][1]


@dataclass(frozen=True)
class Tag:
    """What numbers an equation, as MathML, and the id of its place."""

    html: str
    id: str = ""


def read_rows(formula: Formula, start: int, end: int) -> list[Row]:
    """The rows of a stretch; the last has no cells if it is only lines. Raises TexError."""
    rows: list[Row] = []
    row, at = _begin(formula, start, end)
    begin = at
    while at < end:
        text = formula.tokens[at].text
        if text == "&":
            row.cells.append((begin, at))
            begin = at = at + 1
        elif text in ENDS:
            row.cells.append((begin, at))
            row.gap, at = _read_gap(formula, at + 1, end)
            rows.append(row)
            row, at = _begin(formula, at, end)
            begin = at
        else:
            at = formula.structure.step(at)
    if row.cells or formula.structure.skip(begin, end) < end or not rows:
        row.cells.append((begin, end))
    if row.cells or row.lines:
        rows.append(row)
    return rows


def _begin(formula: Formula, at: int, end: int) -> tuple[Row, int]:
    """A new row, with the lines that stand before it."""
    row = Row()
    while True:
        at = formula.structure.skip(at, end)
        text = formula.tokens[at].text if at < end else ""
        if text in _LINES:
            row.lines.append((_LINES[text], 1, 999))
            at += 1
        elif text in (r"\cline", r"\cdashline", r"\cmidrule"):
            named, after = formula.word(at + 1, end, at)
            match = _RANGE.fullmatch(named)
            if not match:
                raise TexError(
                    tr("'{command}' wants columns, as in {{2-3}}", command=text), formula.at(at)
                )
            style = "dashed" if text == r"\cdashline" else "solid"
            row.lines.append((style, int(match[1]), int(match[2])))
            at = after
        elif text in (r"\intertext", r"\shortintertext"):
            first, last, at = formula.argument(at + 1, end, at)
            row.words = show_text(formula, first, last)
        elif text in (r"\noalign", r"\rowcolor"):
            at = formula.argument(at + 1, end, at)[2]
        else:
            return row, at


def _read_gap(formula: Formula, at: int, end: int) -> tuple[float, int]:
    """The space that an end of a row asks for, as in `\\\\[6pt]`, and the position behind it."""
    _, at = formula.star(at, end)
    option = formula.structure.option(at, end)
    length = to_em(formula.structure.text(option[0], option[1])) if option else None
    return (0.0, at) if option is None or length is None else (length, option[2])


def read_tag(
    formula: Formula, start: int, end: int, *, numbered: bool, labelled: bool = False
) -> Tag | None:
    """What numbers a stretch: its own `\\tag`, the next number of the page, or nothing. It is
    `numbered` by itself, or if it is `labelled` and some formula of the page refers to it.

    Raises TexError for a label that another equation has, and for two tags.
    """
    shown: tuple[str, bool] | None = None  # and whether in parentheses
    labels: list[tuple[str, int]] = []
    structure, at = formula.structure, start
    while at < end:
        text = formula.tokens[at].text
        if text == r"\begin" and structure.name(at).rstrip("*") in NUMBERED:
            at = structure.step(at)
            continue
        if text in (r"\notag", r"\nonumber"):
            numbered = False
        elif text == r"\label":
            name, after = formula.word(at + 1, end, at)
            labels.append((name, formula.at(at)))
        elif text == r"\tag":
            if shown is not None:
                raise TexError(tr("an equation has one '\\tag' at most"), formula.at(at))
            star, after = formula.star(structure.skip(at + 1, end), end)
            first, last, _ = formula.argument(after, end, at)
            shown = show_text(formula, first, last), not star
        elif text in (r"\eqno", r"\leqno"):
            inside = structure.skip(at + 1, end)
            shown = show_text(formula, inside, end), False
        at += 1
    if shown is None:
        wanted = labelled and any(name in formula.page.wanted for name, _ in labels)
        if not numbered and not wanted:
            return None
        shown = f"<mtext>{formula.page.count()}</mtext>", True
    return _label(formula, labels, *shown)


def _label(
    formula: Formula, labels: Sequence[tuple[str, int]], shown: str, parentheses: bool
) -> Tag:
    name = ""
    words = read(shown)
    for label, at in labels:
        made = formula.page.label(label, words, at)
        name = name or made
    if not parentheses:
        return Tag(shown, name)
    inner = shown.removeprefix("<mtext>").removesuffix("</mtext>")
    if "<m" not in inner:
        return Tag(f"<mtext>({inner})</mtext>", name)
    return Tag(f"<mrow><mtext>(</mtext>{shown}<mtext>)</mtext></mrow>", name)
