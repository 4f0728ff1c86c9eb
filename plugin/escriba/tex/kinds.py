"""The kinds of tables and equations that there are, by the names of their environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

NUMBERED = frozenset((
    "equation", "align", "alignat", "xalignat", "flalign", "gather", "multline", "eqnarray",
    "numcases",
))  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of table: how its columns are aligned, over and over; what is around it; its style
    (display, text, script); whether it goes over the whole line. `native`: math-core has it."""

    columns: str = "c"
    left: str = ""
    right: str = ""
    style: str = "text"
    wide: bool = False
    native: bool = True
    given: str = ""  # what its columns are told by: `columns`, or an alignment in brackets: `side`
    words: bool = False  # whether all but the first column are words


_FENCES = {
    "": ("", ""), "p": ("(", ")"), "b": ("[", "]"), "B": ("{", "}"), "v": ("|", "|"),
    "V": ("‖", "‖"),
}  # fmt: skip
_ALIGNED = Kind("rl", style="display")
_WIDE = Kind("rl", style="display", wide=True)
KINDS: Mapping[str, Kind] = {
    **{f"{name}matrix": Kind("c", left, right) for name, (left, right) in _FENCES.items()},
    **{
        f"{name}matrix*": Kind("c", left, right, native=False, given="side")
        for name, (left, right) in _FENCES.items()
    },
    **{
        f"{name}smallmatrix{star}": Kind("c", left, right, style="script", native=False,
                                         given="side" if star else "")
        for name, (left, right) in _FENCES.items() for star in ("", "*")
    },
    "array": Kind(given="columns"),
    "darray": Kind(style="display", native=False, given="columns"),
    "tabular": Kind(native=False, given="columns"),
    "subarray": Kind(style="script", given="columns"),
    "crampedsubarray": Kind(style="script", native=False, given="columns"),
    "cases": Kind("l", "{"),
    "dcases": Kind("l", "{", style="display"),
    "rcases": Kind("l", "", "}"),
    "drcases": Kind("l", "", "}", style="display", native=False),
    "cases*": Kind("l", "{", native=False, words=True),
    "dcases*": Kind("l", "{", style="display", native=False, words=True),
    "numcases": Kind("l", style="display", wide=True, native=False),
    "aligned": _ALIGNED,
    "alignedat": replace(_ALIGNED, native=False),
    "split": replace(_ALIGNED, native=False),
    "gathered": Kind("c", style="display"),
    "multlined": Kind("c", style="display", native=False),
    "align": _WIDE,
    **{name: replace(_WIDE, native=False)
       for name in ("alignat", "xalignat", "xxalignat", "flalign")},
    "eqnarray": Kind("rcl", style="display", wide=True, native=False),
    "equation": Kind("c", style="display", wide=True),
    "gather": Kind("c", style="display", wide=True),
    "multline": Kind("m", style="display", wide=True),
}  # fmt: skip
# What stands by itself in a text, without delimiters around it.
ENVIRONMENTS = frozenset(
    (*KINDS, *(f"{name}*" for name in NUMBERED), "displaymath", "math", "subequations")
)
