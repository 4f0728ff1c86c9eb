"""What is said of formulas whose marks are not read, and where references are."""

from __future__ import annotations

import re
from bisect import bisect_right

from escriba.ground.errors import Place, Problem
from escriba.ground.language import plural, tr
from escriba.markup.math.delimiters import ALL, Delimiters, Finder, Found
from escriba.markup.math.places import without_code

# What a formula has and a price has not, for texts in which no formula is looked for.
_SIGNS = re.compile(r"\\[a-zA-Z]{2}|[\^_=]")
_LETTER = re.compile(r"[a-zA-Z](?:\([a-zA-Z]\))?")
_REFERENCE = re.compile(r"\\(?:eq)?ref\s*\{([^{}]*)\}")
_LISTED = 5  # places that a warning names


def find_unread(body: str, start: Place) -> Problem | None:
    """What is said of formulas whose marks are not read, if a text has any."""
    if "$" not in body and "\\" not in body:
        return None
    text = without_code(body)
    kinds: dict[str, None] = {}
    found_at: list[int] = []
    for found in Finder(text, ALL).all():
        mark = text[found.start : found.start + 2]
        kind = "dollars" if mark[0] == "$" else "environments" if mark[1].isalpha() else "brackets"
        doubled = text.startswith("\\\\", found.start)
        if doubled or (kind == "environments" and found.display) or _is_sure(found, text):
            kinds[kind] = None
            found_at.append(found.start)
    if not found_at:
        return None
    places = [_locate(text, at, start) for at in found_at[:_LISTED]]
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


def find_unclosed(body: str, delimiters: Delimiters, start: Place) -> list[Problem]:
    """What is said of marks that are read, and begin no formula, as its end is missing."""
    if "\\" not in body:
        return []
    text = without_code(body)
    places = list(Finder(text, delimiters).unclosed())[:_LISTED]
    message = tr("this begins a formula that has no end, and stays text")
    return [Problem(message, _locate(text, at, start)) for at in places]


def _is_sure(found: Found, text: str) -> bool:
    """Whether what stands between marks that prose has too is a formula."""
    tex = found.tex.strip()
    if text[found.start] != "$":
        return bool(_SIGNS.search(tex))
    before, after = text[found.start - 1 : found.start], text[found.end : found.end + 1]
    apart = not (found.start and before.isalnum()) and not after.isalnum()
    return apart and bool(_SIGNS.search(tex) or _LETTER.fullmatch(tex))


def find_references(text: str, start: Place) -> dict[str, Place]:
    """The place of the first reference to each label."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[str, Place] = {}
    for match in _REFERENCE.finditer(text):
        line = bisect_right(lines, match.start()) - 1
        place = start.moved(line, match.start() - lines[line] + 1)
        found.setdefault(match[1].strip(), place)
    return found


def _locate(text: str, at: int, start: Place) -> Place:
    """The place of a position in a text."""
    return start.moved(text.count("\n", 0, at), at - text.rfind("\n", 0, at))
