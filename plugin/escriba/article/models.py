"""The models of a project, each file read once per build."""

from __future__ import annotations

from pathlib import Path

from escriba.errors import Place, SourceError, suggest
from escriba.model import Model, read_model


class Models:
    """The folders of `models/` by name. `shown` is how errors name that folder.

    May be used by several threads: the worst that can happen is that a header is read twice.
    """

    def __init__(self, folder: Path, shown: Path | None = None):
        self.folder = folder
        self.shown = shown or folder
        self._read: dict[str, Model] = {}

    def names(self) -> list[str]:
        """The names of the models that the project has, trained or not."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        )

    def get(self, name: str, place: Place) -> Model:
        """The model of that name, asked for at a place.

        Raises SourceError at the place if there is no such folder, and ModelError if there is
        one without whole weights.
        """
        if name not in self._read:
            names = self.names()
            if name not in names:
                hint = suggest(name, names) or f" ({self.shown.as_posix()}/ has none)"
                raise SourceError(f"unknown model '{name}'{hint}", place)
            self._read[name] = read_model(self.folder / name, self.shown / name)
        return self._read[name]
