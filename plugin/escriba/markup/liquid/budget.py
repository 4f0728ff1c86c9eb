"""The prices of Liquid, and what it may add to a page and keep in variables."""

from __future__ import annotations

from escriba.ground.language import tr
from escriba.templating.budget import VALUE, Spent
from escriba.templating.budget import Budget as Steps

WRITTEN = 2 << 20  # characters that Liquid may add to a page
KEPT = 4 * VALUE  # of all variables together
ITEMS = 1_000_000  # that one loop goes over
COMPARED = 100  # that a range in a condition may have

# In steps.
STEP = 32  # a tag or an output
LOOKUP = 32  # a variable
SEGMENT = 16  # of its name, between dots
MISS = 64  # more, for one that is not there
FILTER = 128
ITEM = 32  # of a list that a filter goes through
MARKDOWN = 1 << 14
HIGHLIGHT = 1 << 12
COLOURS = 256  # for a character of code that is highlighted again
INCLUDE = 1 << 10


class Budget(Steps):
    """What is left for one page, whose source has a `length`. All methods raise Spent."""

    def __init__(self, length: int):
        super().__init__(tr("this page's Liquid is too much work; let its loops do less"))
        self.room = WRITTEN + length
        self.kept = 0

    def write(self, characters: int) -> None:
        """Count what is written into the page."""
        self.room -= characters
        if self.room < 0:
            number = WRITTEN >> 20
            raise Spent(tr("Liquid adds more than {number} MB of text to this page", number=number))

    def keep(self, weight: int) -> None:
        """Count what is kept in variables; what is kept no more is negative."""
        self.kept += weight
        if self.kept > KEPT:
            number = KEPT >> 20
            raise Spent(
                tr("the variables of this page's Liquid are larger than {number} MB", number=number)
            )
