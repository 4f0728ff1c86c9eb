"""When to render again: once for each change of what the site is made of, and not for its own.

The system tells that something happened; a survey of the files decides whether anything is
different from what the last edition was made of. So a save that comes in many events, or during a
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
from escriba.site.serve.press import Press
from escriba.site.sources import State, alone, is_of_training, list_folders, matters, state, survey

TICK = 0.5  # seconds, at most, until a new folder or another escriba.yml is seen
LOOK = 1.0  # seconds between two surveys where the system tells nothing
REST = 1.0  # seconds for which a training must have written nothing
PAUSE = 10.0  # seconds, at least, between an edition and one for the sake of a training


def changes(
    press: Press,
    say: Say,
    happenings: Callable[[Press, Say], Iterator[bool]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Yields whenever the site should be rendered again, for ever.

    What an author changes counts at once. What a training writes counts once it rests, and not
    often, since whoever writes meanwhile would not be left in peace.
    """
    printed, seen, due, settled = clock(), press.seen, 0.0, False
    for happened in (happenings or watch)(press, say):
        now = clock()
        if happened:
            found = survey(press.project, press.asked)
            if found != seen:
                changed = {path for path in found.keys() | press.seen.keys()
                           if found.get(path) != press.seen.get(path)}  # fmt: skip
                by_training = all(is_of_training(path, press.project) for path in changed)
                due = max(now + REST, printed + PAUSE) if by_training else now
                due = due if changed else 0.0  # as it was
                seen = found
        elif not settled:  # for a moment nobody waits
            press.settle()
            settled = True
        if due and now >= due:
            yield
            press.hold()
            printed, seen, due, settled = clock(), press.seen, 0.0, False


def watch(press: Press, say: Say) -> Iterator[bool]:
    """Yields for ever, true when something may have changed, and now and then false.

    Where the system cannot tell, it says so, once, and looks by itself.
    """
    told = False
    while True:
        try:
            yield from _listen(press)
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
        yield from _look(press)


def _listen(press: Press) -> Iterator[bool]:
    """What the system tells, while the folders stay the ones that they are now."""
    from watchfiles import watch as listen

    aims = _aims(press)
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
        if _aims(press) != aims:
            return
        yield missed or matters(press.project, (Path(path) for _, path in found))
        missed = False


def _look(press: Press) -> Iterator[bool]:
    """Now and then, while the folders stay the ones that they are now."""
    aims = _aims(press)
    while _aims(press) == aims:
        yield True
        time.sleep(LOOK)


def _aims(press: Press) -> dict[Path, State]:
    """What is watched, in a form that changes when a folder comes, goes or is another one, and when
    a file does that is in none of them, as escriba.yml."""
    project = press.project
    single = (*alone(project), *press.asked)
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
