"""The ledger: the frozen answers of a project, beside the models that gave them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from escriba.evidence.answer import REASONS, FrozenAnswer, LineEndsError, edited, read, write
from escriba.evidence.question import Kind, Question
from escriba.evidence.samples import SAMPLES
from escriba.ground.atomic import is_temporary
from escriba.ground.errors import FrozenError, Place
from escriba.ground.files import name_kind, refusals
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project
from escriba.ground.reads import FILE, Reads

KINDS: Mapping[str, Kind] = {"samples": SAMPLES}  # by the folder of their answers


class Ledger:
    """The frozen answers of a project. Each that is looked for is noted in `reads`."""

    def __init__(
        self, project: Project, reads: Reads | None = None, kinds: Mapping[str, Kind] = KINDS
    ):
        self.project = project
        self.kinds = kinds
        self._reads = reads or Reads(project.root)

    def path(self, question: Question) -> Path:
        """Where the frozen answer of a question is, or would be."""
        folder = self.project.models / question.model.name / question.kind
        return folder / f"{question.digest[:12]}.txt"

    def shown(self, question: Question) -> Path:
        """The same as messages name it."""
        return self.project.shown(self.path(question))

    def find(self, question: Question, place: Place) -> FrozenAnswer | None:
        """The frozen answer of a question that is asked at a place; None if there is none.

        Raises FrozenError, at the place, for one that is not as it was written; and for a link that
        leads out of the project.
        """
        path, shown = self.path(question), self.shown(question)
        self._reads.note(FILE, shown.as_posix())
        self.project.admit(path, Place(shown), FrozenError)
        if not is_there(path, shown):
            return None
        return self.read(question, place)

    def read(self, question: Question, place: Place) -> FrozenAnswer:
        """The frozen answer of a question. Raises FrozenError, at the place, if it is not as it was
        written, or of another question."""
        path, shown = self.path(question), self.shown(question)
        try:
            found = read(path, self.kinds[question.kind], shown)
        except LineEndsError as error:
            raise FrozenError([replace(p, place=place) for p in error.problems]) from None
        except FrozenError as error:
            reasons = ", ".join(
                tr("{problem} (line {line})", problem=p.message, line=p.place.line)
                if p.place and p.place.line
                else p.message
                for p in error.problems[:REASONS]
            )
            if len(error.problems) > REASONS:
                reasons += ", …"
            raise FrozenError(edited(shown, reasons), place) from None
        if found.digest != question.digest:
            raise FrozenError(edited(shown, tr("its header is of another request")), place)
        return found

    def freeze(self, question: Question, text: str, path: Path | None = None) -> None:
        """Write an answer, in its place or at another path. Raises FrozenError where that is
        refused."""
        path = path or self.path(question)
        with refusals(FrozenError, self.project.shown(path), tr("cannot be written")):
            write(path, self.kinds[question.kind], question, text)
        self._reads.forget(FILE, self.project.shown(path).as_posix())

    def list(self) -> list[Path]:
        """The frozen answers of all models. Raises FrozenError for what bears the name of one and
        is none: a folder, or a link out of the project."""
        folder = self.project.models
        found = sorted({path for kind in self.kinds for path in folder.glob(f"*/{kind}/*.txt")})
        mistakes = Mistakes()
        for path in found:
            with mistakes.collect():
                self._refuse_impostor(path)
        mistakes.check()
        return found

    def kind(self, path: Path) -> Kind:
        """The kind of the answer that a file has."""
        return self.kinds[path.parent.name]

    def sweep(self) -> None:
        """Remove what killed processes left half-written among the answers. Whoever calls this
        holds the project's lock."""
        for kind in self.kinds:
            for path in self.project.models.glob(f"*/{kind}/.*"):
                if is_temporary(path):
                    with suppress(OSError):
                        path.unlink()

    def _refuse_impostor(self, path: Path) -> None:
        at = Path(os.fsencode(self.project.shown(path)).decode(errors="backslashreplace"))
        with refusals(FrozenError, at, path=path):
            path.name.encode()  # may be no UTF-8
            self.project.admit(path, Place(at), FrozenError)
            if kind := name_kind(path.stat().st_mode):
                raise FrozenError(tr("is {kind}, not a file", kind=kind), Place(at))


def is_there(path: Path, shown: Path) -> bool:
    """Whether there is anything of that name. Raises FrozenError where nobody may look."""
    with refusals(FrozenError, shown):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True
