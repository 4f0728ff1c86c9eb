"""What `\\begin{array}{l|c@{}r}` says of its columns."""

from __future__ import annotations

from dataclasses import dataclass

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.formula import Formula
from escriba.tex.tokens import TexError

_MOST = 200  # columns that are asked for
_PLAIN = frozenset("lcr|: ")


@dataclass
class Column:
    """A column: how it is aligned (l, c, r), the lines at its sides, what stands in each cell
    before and after its own (stretches of tokens), and whether it touches its neighbours."""

    align: str = "c"
    left: str = ""
    right: str = ""
    before: tuple[tuple[int, int], ...] = ()
    after: tuple[tuple[int, int], ...] = ()
    flush_left: bool = False
    flush_right: bool = False


def is_plain(formula: Formula, start: int, end: int) -> bool:
    """Whether math-core reads it."""
    text = formula.structure.text(start, end)
    return set(text) <= _PLAIN and "||" not in text and not text.isspace()


def read_columns(formula: Formula, start: int, end: int) -> list[Column]:
    """The columns of an array. Raises TexError for what is no description of any."""
    reader = _Reader(formula)
    reader.read(start, end)
    return reader.columns


class _Reader:
    def __init__(self, formula: Formula):
        self.formula = formula
        self.columns: list[Column] = []
        self.next = Column()  # what is known of the column that comes

    def read(self, at: int, end: int, depth: int = 0) -> None:
        formula = self.formula
        while at < end:
            text = formula.tokens[at].text
            if text in "lcrpmbXw":
                self.add({"p": "l", "m": "l", "b": "l", "X": "l", "w": "c"}.get(text, text))
                at += 1
                if text in "pmb":
                    at = formula.argument(at, end, at - 1)[2]
            elif text in ("|", ":"):
                self.rule("solid" if text == "|" else "dashed")
                at += 1
            elif text in ("@", "!", ">", "<"):
                first, last, after = formula.argument(at + 1, end, at)
                self.between(text, first, last)
                at = after
            elif text == "*" and depth < 3:
                number, after = formula.word(at + 1, end, at)
                first, last, after = formula.argument(after, end, at)
                count = min(_MOST, int(number)) if number.isascii() and number.isdigit() else 1
                for _ in range(count):
                    self.read(first, last, depth + 1)
                at = after
            elif text.isspace():
                at += 1
            else:
                raise TexError(
                    tr("'{mark}' says nothing of a column; l, c, r, |, @{{}} do",
                       mark=shorten(text)), formula.at(at),
                )  # fmt: skip
        if len(self.columns) > _MOST:
            raise TexError(tr("an array has at most {most} columns", most=_MOST), formula.at(at))

    def add(self, align: str) -> None:
        self.next.align = align
        self.columns.append(self.next)
        self.next = Column()

    def rule(self, style: str) -> None:
        if self.columns:
            last = self.columns[-1]
            last.right = "double" if last.right else style
        else:
            self.next.left = "double" if self.next.left else style

    def between(self, mark: str, start: int, end: int) -> None:
        last = self.columns[-1] if self.columns else None
        if mark == ">":
            self.next.before += ((start, end),)
        elif mark == "<":
            if last:
                last.after += ((start, end),)
        elif last:
            last.after += ((start, end),)
            last.flush_right = self.next.flush_left = mark == "@"
        else:
            self.next.before += ((start, end),)
            self.next.flush_left = mark == "@"
