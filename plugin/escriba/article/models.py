"""The models of a project, each file read once per build."""

from __future__ import annotations

from pathlib import Path

from escriba.article.record import Record, read_record
from escriba.errors import Place, SourceError, suggest
from escriba.evaluation import Evaluation, read_evaluation
from escriba.language import tr
from escriba.model import Model, read_model


class Models:
    """The folders of `models/` by name. `shown` is how errors name that folder.

    May be used by several threads: the worst that can happen is that a file is read twice.
    """

    def __init__(self, folder: Path, shown: Path | None = None):
        self.folder = folder
        self.shown = shown or folder
        self._read: dict[str, Model] = {}
        self._records: dict[str, Record] = {}
        self._evaluations: dict[str, Evaluation] = {}

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
            self._refuse_unknown(name, place)
            self._read[name] = read_model(self.folder / name, self.shown / name)
        return self._read[name]

    def record(self, name: str, place: Place) -> Record:
        """The record of the training of the model of that name, which needs no weights.

        Raises SourceError at the place if there is no such folder, and ModelError if there is
        one without a whole log.
        """
        if name not in self._records:
            self._refuse_unknown(name, place)
            self._records[name] = read_record(self.folder / name, self.shown / name)
        return self._records[name]

    def evaluation(self, name: str) -> Evaluation:
        """What was measured of the model of that name, empty if nothing was.

        Raises SourceError for a file that is not an evaluation.
        """
        if name not in self._evaluations:
            self._evaluations[name] = read_evaluation(self.folder / name, self.shown / name)
        return self._evaluations[name]

    def _refuse_unknown(self, name: str, place: Place) -> None:
        names = self.names()
        if name not in names:
            hint = suggest(name, names)
            if not names:
                hint = " " + tr("({folder}/ has none)", folder=self.shown.as_posix())
            raise SourceError(tr("unknown model '{name}'{hint}", name=name, hint=hint), place)
