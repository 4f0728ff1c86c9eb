"""What is said of formulas whose marks are not read, and of those that have no end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from escriba.ground.errors import Problem
from escriba.ground.language import plural, tr
from escriba.ground.mapped import Locate, MappedText
from escriba.markup.math.delimiters import ALL, Delimiters, Finder, Found

# What a formula has and a price has not, for texts in which no formula is looked for.
_SIGNS = re.compile(r"\\[a-zA-Z]{2}|[\^_=]")
_LETTER = re.compile(r"[a-zA-Z](?:\([a-zA-Z]\))?")
_LISTED = 5  # places that a warning names


def find_unread(prose: Iterable[MappedText], locate: Locate) -> Problem | None:
    """What is said of formulas whose marks are not read, if a text has any."""
    kinds: dict[str, None] = {}
    found_at: list[int] = []
    for part in prose:
        text = part.text
        for found in Finder(text, ALL).all():
            if kind := _classify(found, text):
                kinds[kind] = None
                found_at.append(part.locate(found.start))
    if not found_at:
        return None
    places = [locate(at) for at in sorted(found_at)[:_LISTED]]
    listed = ", ".join(f"{place.line}:{place.column}" for place in places)
    message = plural(
        "this looks like a formula, and stays text",
        "these look like {number} formulas, and stay text: {places}",
        len(found_at),
        places=listed + (", …" if found_at[_LISTED:] else ""),
    )
    hint = tr(
        "'math: [{words}]' in escriba.yml reads them, 'math: []' says that they are none",
        words=", ".join(kinds),
    )
    return Problem(f"{message}; {hint}", places[0])


def find_unclosed(
    prose: Sequence[MappedText], delimiters: Delimiters, locate: Locate
) -> list[Problem]:
    """What is said of marks that are read, and begin no formula, as its end is missing."""
    found = sorted(
        part.locate(at) for part in prose for at in Finder(part.text, delimiters).unclosed()
    )
    message = tr("this begins a formula that has no end, and stays text")
    return [Problem(message, locate(at)) for at in sorted(found)[:_LISTED]]


def _classify(found: Found, text: str) -> str:
    """The setting that reads a formula; none for what may be something else."""
    mark = text[found.start : found.start + 2]
    kind = "dollars" if mark[0] == "$" else "environments" if mark[1].isalpha() else "brackets"
    doubled = text.startswith("\\\\", found.start)
    sure = doubled or (kind == "environments" and found.display) or _is_sure(found, text)
    return kind if sure else ""


def _is_sure(found: Found, text: str) -> bool:
    """Whether what stands between marks that prose has too is a formula."""
    tex = found.tex.strip()
    if text[found.start] != "$":
        return bool(_SIGNS.search(tex))
    before, after = text[found.start - 1 : found.start], text[found.end : found.end + 1]
    apart = not (found.start and before.isalnum()) and not after.isalnum()
    return apart and bool(_SIGNS.search(tex) or _LETTER.fullmatch(tex))
