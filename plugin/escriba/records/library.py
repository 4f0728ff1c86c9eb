"""The models of a project, each file read once per build."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from escriba.ground.errors import ModelError, Place, SourceError, suggest
from escriba.ground.files import exists, is_dir, is_file, refusals
from escriba.ground.language import tr
from escriba.ground.project import Project
from escriba.ground.reads import FILE, FOLDER, Reads
from escriba.records.evaluation import FILE as EVALUATION
from escriba.records.evaluation import Evaluation, read_evaluation
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import Model, read_model
from escriba.records.training import FILE as RECORD
from escriba.records.training import Record, read_record


class Library:
    """The models of a project by name; each file that is read of them is noted in `reads`.

    May be used by several threads: the worst that can happen is that a file is read twice.
    """

    def __init__(self, project: Project, reads: Reads | None = None):
        self.folder = project.models
        self.shown = project.shown(project.models)
        self._admit = project.admit
        self._reads = reads or Reads(project.root)
        self._admitted: set[str] = set()
        self._read: dict[str, Model] = {}
        self._records: dict[str, Record] = {}
        self._evaluations: dict[str, Evaluation] = {}

    def names(self) -> list[str]:
        """The names of the models that the project has, trained or not.

        Raises ModelError for a folder that cannot be read, and for a name that is not UTF-8.
        """
        self._reads.note(FOLDER, self.shown.as_posix())
        if not exists(self.folder):
            return []
        with refusals(ModelError, self.shown):
            names = sorted(path.name for path in self.folder.iterdir() if is_dir(path))
        for name in names:
            at = Path(os.fsencode(self.shown / name).decode(errors="backslashreplace"))
            with refusals(ModelError, at):
                name.encode()
        return [name for name in names if not name.startswith(".")]

    def get(self, name: str, place: Place) -> Model:
        """The model of that name, asked for at a place.

        Raises SourceError at the place if there is no such folder, and ModelError if there is
        one without whole weights: at the place, too, if it has none at all.
        """
        self._note(name, WEIGHTS)
        if name not in self._read:
            self._find(name, place)
            with _asked(self.folder / name / WEIGHTS, place):
                self._read[name] = read_model(self.folder / name, self.shown / name)
        return self._read[name]

    def record(self, name: str, place: Place) -> Record:
        """The record of the training of the model of that name, which needs no weights.

        Raises SourceError at the place if there is no such folder, and ModelError if there is
        one without a whole log: at the place, too, if it has none at all.
        """
        self._note(name, RECORD)
        if name not in self._records:
            self._find(name, place)
            with _asked(self.folder / name / RECORD, place):
                self._records[name] = read_record(self.folder / name, self.shown / name)
        return self._records[name]

    def evaluation(self, name: str) -> Evaluation:
        """What was measured of the model of that name, empty if nothing was.

        Raises SourceError for a file that is not an evaluation, and ModelError for one elsewhere.
        """
        self._note(name, EVALUATION)
        if name not in self._evaluations:
            self._refuse_strays(name)
            self._evaluations[name] = read_evaluation(self.folder / name, self.shown / name)
        return self._evaluations[name]

    def has_weights(self, name: str) -> bool:
        """Whether a model has weights; a record of its training may be there without."""
        self._note(name, WEIGHTS)
        return is_file(self.folder / name / WEIGHTS)

    def _note(self, name: str, file: str) -> None:
        self._reads.note(FILE, (self.shown / name / file).as_posix())

    def _find(self, name: str, place: Place) -> None:
        names = self.names()
        if name not in names:
            hint = suggest(name, names)
            if not names:
                hint = " " + tr("({folder}/ has none)", folder=self.shown.as_posix())
            raise SourceError(tr("unknown model '{name}'{hint}", name=name, hint=hint), place)
        self._refuse_strays(name)

    def _refuse_strays(self, name: str) -> None:
        """Raise ModelError for a model, or a file of one, that a link leads out of the project."""
        if name in self._admitted:
            return
        folder, shown = self.folder / name, self.shown / name
        self._admit(folder, Place(shown), ModelError)
        if is_dir(folder):
            with refusals(ModelError, shown):
                links = [path for path in folder.iterdir() if path.is_symlink()]
            for path in sorted(links):
                self._admit(path, Place(shown / path.name), ModelError)
        self._admitted.add(name)


def find_model(project: Project, name: str) -> Model:
    """The model of that name, of a command or a program. Raises ModelError if there is none."""
    path = project.admit(project.models / name, kind=ModelError)
    if not name or not is_dir(path):
        known = [p.name for p in project.models.glob("*") if is_dir(p)]
        raise ModelError(
            tr("there is no model '{name}'{hint}", name=name, hint=suggest(name, known))
        )
    return read_model(path, project.shown(path))


@contextmanager
def _asked(file: Path, place: Place) -> Iterator[None]:
    """Tell that a file is not there where it is asked for; what is wrong in it, where that is."""
    try:
        yield
    except ModelError as error:
        if os.path.lexists(file):
            raise
        raise ModelError([replace(each, place=place) for each in error.problems]) from None
