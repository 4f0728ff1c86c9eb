"""`_data/`: what an author keeps in files beside the posts, for Liquid and templates.

`_data/people/ana.yml` is `site.data.people.ana`. Files are YAML, JSON, or tables (CSV, TSV) whose
first row names the columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from escriba.ground import schema
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import read_text
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.numbers import read_json
from escriba.ground.project import Project
from escriba.ground.tree import list_files
from escriba.ground.yaml import compose

FOLDER = "_data"
LONGEST = 4 << 20  # characters of a file
CELLS = 100_000  # of a table
WHOLE = 16 << 20  # characters of all files


def read(project: Project) -> dict[str, object]:
    """All of the folder. Raises SourceError with every mistake in its files."""
    mistakes = Mistakes()
    found: dict[str, Any] = {}
    left = WHOLE
    folder = project.root / FOLDER
    for path in list_paths(project, mistakes):
        reader = _READERS[path.suffix.lower()]
        place = Place(project.shown(path), 1)
        with mistakes.collect(place):
            text = _read_text(path, place)
            left -= len(text)
            if left < 0:
                break
            value = reader(text, place)
            holder = found
            for name in path.relative_to(folder).parts[:-1]:
                inner = holder.setdefault(name, {})
                holder = holder[name] = inner if isinstance(inner, dict) else {}
            holder[path.stem] = value
    if left < 0:
        message = tr("has more than {number} MB of data, the most that is read", number=WHOLE >> 20)
        mistakes.add(SourceError(message, Place(project.shown(folder))))
    mistakes.check()
    return found


def list_paths(project: Project, mistakes: Mistakes | None = None) -> Iterator[Path]:
    """The files of the folder that are read."""
    collected = mistakes if mistakes is not None else Mistakes()
    for path in list_files(project.root / FOLDER, project, collected, _is_read):
        if path.suffix.lower() in _READERS:
            yield path


def _is_read(name: str) -> bool:
    return not name.startswith((".", "#"))


def _read_text(path: Path, place: Place) -> str:
    text = read_text(path, place.path)
    if len(text) > LONGEST:
        raise SourceError(
            tr("is longer than {longest} characters, the most that data may have", longest=LONGEST),
            place,
        )
    return text


def _read_yaml(text: str, place: Place) -> object:
    node = compose(text, place)
    return schema.plain(node) if node is not None else None


def _read_json(text: str, place: Place) -> object:
    try:
        return read_json(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        at = place.moved(line - 1, getattr(error, "colno", 0)) if line else place
        raise SourceError(
            tr("broken JSON: {reason}", reason=getattr(error, "msg", error)), at
        ) from None


def _read_table(text: str, place: Place, delimiter: str) -> object:
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    found: list[Mapping[str, str]] = []
    try:
        for row in rows:
            found.append({key: value for key, value in row.items() if key is not None})
            if len(found) * len(row) > CELLS:
                raise SourceError(
                    tr("more than {cells} values, the most that a table may have", cells=CELLS),
                    place.moved(rows.line_num - 1),
                )
    except csv.Error as error:
        at = place.moved(rows.line_num)
        raise SourceError(tr("a broken table: {reason}", reason=error), at) from None
    return found


_READERS: Mapping[str, Callable[[str, Place], object]] = {
    ".yml": _read_yaml,
    ".yaml": _read_yaml,
    ".json": _read_json,
    ".csv": lambda text, place: _read_table(text, place, ","),
    ".tsv": lambda text, place: _read_table(text, place, "\t"),
}
