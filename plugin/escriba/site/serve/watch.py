"""When to render again: once for each change of what the site is made of, and not for its own.

The system tells that something happened; a survey of the files decides whether anything is
different from what the last revision was made of. So a save that comes in many events, or during a
rendering, is one change, and so is a change that was only seen by looking.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from escriba.ground.files import is_dir
from escriba.ground.language import tr
from escriba.ground.lock import Say
from escriba.ground.mistakes import is_unforeseen
from escriba.site.serve.builder import Builder
from escriba.site.sources import State, alone, is_of_training, list_folders, matters, state, survey

TICK = 0.5  # seconds, at most, until a new folder or another escriba.yml is seen
LOOK = 1.0  # seconds between two surveys where the system tells nothing
REST = 1.0  # seconds for which a training must have written nothing
PAUSE = 10.0  # seconds, at least, between a revision and one for the sake of a training


def changes(
    builder: Builder,
    say: Say,
    happenings: Callable[[Builder, Say], Iterator[bool]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Yields whenever the site should be rendered again, for ever.

    What an author changes counts at once. What a training writes counts once it rests, and not
    often, since whoever writes meanwhile would not be left in peace.
    """
    printed, seen, due, settled = clock(), builder.seen, 0.0, False
    for happened in (happenings or watch)(builder, say):
        now = clock()
        if happened:
            found = survey(builder.project, builder.asked)
            if found != seen:
                changed = {path for path in found.keys() | builder.seen.keys()
                           if found.get(path) != builder.seen.get(path)}  # fmt: skip
                by_training = all(is_of_training(path, builder.project) for path in changed)
                due = max(now + REST, printed + PAUSE) if by_training else now
                due = due if changed else 0.0  # as it was
                seen = found
        elif not settled:  # for a moment nobody waits
            builder.settle()
            settled = True
        if due and now >= due:
            yield
            builder.hold()
            printed, seen, due, settled = clock(), builder.seen, 0.0, False


def watch(builder: Builder, say: Say) -> Iterator[bool]:
    """Yields for ever, true when something may have changed, and now and then false.

    Where the system cannot tell, it says so, once, and looks by itself.
    """
    told = False
    while True:
        try:
            yield from _listen(builder)
        except Exception as error:  # watchfiles has no errors of its own
            refused: BaseException = error
        except BaseException as error:
            if not is_unforeseen(error):
                raise
            refused = error
        else:
            yield True  # the folders are others
            continue
        if not told:
            told = True
            say(_explain(refused))
        yield from _look(builder)


def _listen(builder: Builder) -> Iterator[bool]:
    """What the system tells, while the folders stay the ones that they are now."""
    from watchfiles import watch as listen

    aims = _aims(builder)
    missed = True  # what happened before anybody listened
    for found in listen(
        *(path for path in aims if is_dir(path)),
        watch_filter=None,  # what it filters out is no reason to come back from there
        debounce=50,
        step=10,
        rust_timeout=int(TICK * 1000),
        yield_on_timeout=True,
        raise_interrupt=True,
        ignore_permission_denied=True,  # the build says it
    ):
        if _aims(builder) != aims:
            return
        yield missed or matters(builder.project, (Path(path) for _, path in found))
        missed = False


def _look(builder: Builder) -> Iterator[bool]:
    """Now and then, while the folders stay the ones that they are now."""
    aims = _aims(builder)
    while _aims(builder) == aims:
        yield True
        time.sleep(LOOK)


def _aims(builder: Builder) -> dict[Path, State]:
    """What is watched, in a form that changes when a folder comes, goes or is another one, and when
    a file does that is in none of them, as escriba.yml."""
    project = builder.project
    single = (*alone(project), *builder.asked)
    aims: dict[Path, State] = {path: state(path) for path in single if not is_dir(path)}
    for folder in list_folders(project):
        try:
            found = folder.stat()
        except (OSError, ValueError):
            aims[folder] = ()
        else:
            aims[folder] = (found.st_dev, found.st_ino)
    return aims


def _explain(error: BaseException) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return tr(
        "the system does not tell of changes ({reason}), so the files are looked at every "
        "{seconds:.0f} s",
        reason=reason or f"{type(error).__name__}: {error}",
        seconds=LOOK,
    )
