"""What a page is written on, and what is written for its variables, with a price."""

from __future__ import annotations

from io import StringIO

from escriba.markup.liquid.budget import Budget
from escriba.markup.liquid.marks import Marks
from escriba.markup.liquid.trace import Origin, Paper, Source
from escriba.templating.budget import VALUE, Spent, too_large


class CountedPaper(Paper):
    """The page itself: what is written on it is counted."""

    def __init__(self, source: Source, budget: Budget, marks: Marks):
        super().__init__(Origin(source, 0, False))
        self.budget = budget
        self.marks = marks

    def write(self, text: str) -> int:
        self.budget.write(len(text) + self.marks.weigh_copies(text))
        return super().write(text)


class Sheet(StringIO):
    """What is written for a variable."""

    def __init__(self, budget: Budget):
        super().__init__(newline="")
        self.budget = budget
        self.size = 0

    def write(self, text: str) -> int:
        self.budget.spend(len(text) // 8)
        self.size += len(text)
        if self.size > VALUE:
            raise Spent(too_large())
        return super().write(text)
