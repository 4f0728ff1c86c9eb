"""Many mistakes told together, and what nobody foresaw told as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from escriba.ground.errors import EscribaError, Place, Problem
from escriba.ground.language import tr
from escriba.ground.unforeseen import report


class Mistakes:
    """Collects the errors of many independent pieces of work, so that one run reports them all.

    >>> mistakes = Mistakes()
    >>> for post in ():
    ...     with mistakes.collect():
    ...         render(post)
    >>> mistakes.check()

    `warnings` are what a person should know although it is no error, in the order in which it was
    found; `sorted_warnings` are for printing.
    """

    def __init__(self) -> None:
        self.errors: list[EscribaError] = []
        self.warnings: list[Problem] = []

    @contextmanager
    def collect(self, place: Place | None = None) -> Iterator[None]:
        """Keep an error raised inside; the body ends there, the run goes on.

        What nobody foresaw is kept as a DefectError, at the `place` of the work if that is given.
        """
        try:
            yield
        except EscribaError as error:
            self.errors.append(error)
        except BaseException as error:
            if not is_unforeseen(error):
                raise
            self.errors.append(report(error, place))

    def add(self, error: EscribaError) -> None:
        self.errors.append(error)

    def warn(self, problem: Problem) -> None:
        """Keep what is to be said and ends nothing: one sentence, and where it is."""
        message = tr("warning: {message}", message=problem.message)
        self.warnings.append(Problem(message, problem.place))

    def sorted_warnings(self) -> tuple[Problem, ...]:
        """What was warned of, by place, each sentence once."""
        return tuple(_sort(self.warnings))

    def take(self) -> list[EscribaError]:
        """What was collected, which is then forgotten here."""
        errors, self.errors = self.errors, []
        return errors

    def check(self) -> None:
        """Raise everything collected as one error, sorted by place, each sentence once.

        Of several kinds, the one with the lowest exit code names the whole.
        """
        if not self.errors:
            return
        kind = type(min(self.errors, key=lambda e: e.exit_code))
        error = kind(_sort(p for e in self.errors for p in e.problems))
        error.warnings = self.sorted_warnings()
        raise error


def _sort(problems: Iterable[Problem]) -> list[Problem]:
    """By place, each once."""
    once = dict.fromkeys(problems)
    return sorted(once, key=lambda p: (p.place is None, p.place or Place(Path())))


@contextmanager
def foreseen() -> Iterator[None]:
    """Let nothing out but EscribaError: what nobody foresaw inside becomes a DefectError."""
    try:
        yield
    except EscribaError:
        raise
    except BaseException as error:
        if not is_unforeseen(error):
            raise
        raise report(error) from None


def is_unforeseen(error: BaseException) -> bool:
    """Whether an error is a defect, and not a mistake, Ctrl-C or the end of the program."""
    # A panic of a package in Rust is a BaseException, so that nobody catches it by accident.
    panic = type(error).__module__ == "pyo3_runtime"
    return panic or (isinstance(error, Exception) and not isinstance(error, EscribaError))


@contextmanager
def ending(kind: Callable[[str], BaseException] = SystemExit) -> Iterator[None]:
    """Raise what went wrong inside as what a host shows without a traceback: by default, end the
    program, with exit code 1."""
    try:
        with foreseen():
            yield
    except EscribaError as error:
        raise kind(str(error)) from None
