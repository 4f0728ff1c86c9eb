"""Lengths of TeX in ems, as a page has them: 10 pt are one."""

from __future__ import annotations

import re

_EMS = {
    "em": 1.0, "ex": 0.431, "pt": 0.1, "pc": 1.2, "px": 0.0625, "in": 7.227, "cm": 2.845,
    "mm": 0.2845, "mu": 1 / 18, "bp": 0.10037, "dd": 0.107, "cc": 1.284, "sp": 0.0,
}  # fmt: skip
_LENGTH = re.compile(
    r"\s*([+-]?\s*(?:\d{1,9}(?:[.,]\d{0,9})?|[.,]\d{1,9}))\s*(true)?\s*([a-z]{2})\s*"
)
_NAMED = {r"\jot": 0.3, r"\baselineskip": 1.2, r"\textwidth": 20.0, r"\linewidth": 20.0}


def to_em(text: str) -> float | None:
    """A length such as `6pt` or `-1.5 ex` in ems; None for what is none."""
    if text.strip() in _NAMED:
        return _NAMED[text.strip()]
    match = _LENGTH.fullmatch(text)
    if not match or match[3] not in _EMS:
        return None
    number = float(match[1].replace(" ", "").replace(",", "."))
    return max(-100.0, min(100.0, number * _EMS[match[3]]))


def written(em: float) -> str:
    """A length as an attribute has it."""
    return f"{em:.4f}".rstrip("0").rstrip(".") + "em"
