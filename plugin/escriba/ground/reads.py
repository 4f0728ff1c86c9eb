"""What a result is made of, noted while it is made.

Whoever gives something to those who make results - a file, a model, a frozen answer, a template,
an entry - notes it here, under its kind and its name. So nobody lists by hand what a page needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

# The names of files and folders are the paths that messages show, in POSIX form; whether anything
# is there is part of what was read, and of a folder the names in it.
FILE, FOLDER = "file", "folder"

Read = tuple[str, str]  # kind and name


class Reads:
    """Notes what is read, for each result that is being made. One thread's."""

    def __init__(self) -> None:
        self._open: list[dict[Read, None]] = []

    def note(self, kind: str, name: str) -> None:
        """Something was read, or looked for: it is part of all that is being made."""
        for made in self._open:
            made[kind, name] = None

    @contextmanager
    def recording(self) -> Iterator[dict[Read, None]]:
        """What is read inside, in the order of first reading; it grows until the end."""
        made: dict[Read, None] = {}
        self._open.append(made)
        try:
            yield made
        finally:
            self._open.pop()
