"""What may be done for one page by a template, be it Jinja's or Liquid's.

A line of a template can ask for a billion loops, or for a text as long as a disk. So what is done
is counted, in steps of about 30 ns, and what is made is weighed, in characters. The counts do not
depend on the machine: a page that is refused on one is refused on all.
"""

from __future__ import annotations

from escriba.ground.language import tr
from escriba.ground.numbers import DIGITS

STEPS = 1 << 26  # of one page
VALUE = 16 << 20  # characters of one value
ITEM = 64  # characters that an item of a list counts for


class Spent(Exception):  # noqa: N818 - not wrong in itself, but too much of it
    """More was asked for than one page may have, in one sentence."""


class Budget:
    """The steps that are left; `too_much` is what is said when none is."""

    def __init__(self, too_much: str):
        self.steps = STEPS
        self.too_much = too_much

    def spend(self, steps: int) -> None:
        """Take some away. Raises Spent."""
        self.steps -= steps
        if self.steps < 0:
            raise Spent(self.too_much)


def weigh(value: object, *, deep: bool = False) -> int:
    """About how many characters a value has, items of lists at ITEM more; of what dicts hold, only
    if `deep`. Raises Spent above VALUE, and for numbers of more than DIGITS digits."""
    total = 0
    rest: list[object] = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            total += len(each)
        elif isinstance(each, (list, tuple)):
            total += ITEM * len(each)
            if total <= VALUE:
                rest += each
        elif isinstance(each, range):
            total += ITEM * max(0, each.stop - each.start)  # len() is for less than 63 bits
        elif isinstance(each, int):
            total += 1 + each.bit_length() // 3
            if each.bit_length() > 4 * DIGITS:
                raise Spent(too_long())
        elif deep and isinstance(each, dict):
            total += ITEM * len(each)
            if total <= VALUE:
                rest += [*each.keys(), *each.values()]
        else:
            total += 8
        if total > VALUE:
            raise Spent(too_large())
    return total


def too_long() -> str:
    """What is said of a number of more than DIGITS digits."""
    return tr("a number of more than {digits} digits, the most that one may have", digits=DIGITS)


def too_large() -> str:
    """What is said of a value above VALUE."""
    return tr("a value larger than {number} MB, the most that one may be", number=VALUE >> 20)
