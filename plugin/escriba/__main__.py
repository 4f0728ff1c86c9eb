"""`python -m escriba` and the `escriba` command: the one place that prints errors and exits."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing, as all else, is imported where Ctrl-C is waited for
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from escriba.ground.errors import EscribaError


def main() -> None:
    """Run the command line; exit codes are those of `escriba.ground.errors`."""
    try:
        code = _run()
    except KeyboardInterrupt:  # while there was nothing yet, or nothing any more, to interrupt
        code = 130
    _leave(code)


def _leave(code: int) -> None:
    import signal
    import threading

    # CPython remembers that Ctrl-C came out of code in a string, as of a dataclass, until the next
    # one ends well; and else kills itself.
    exec("")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the end of the program is not told twice
    sys.exit(code)


def _run() -> int:
    import gc
    import threading

    gc.set_threshold(100_000)  # a build makes many objects and few cycles: a tenth of its time
    from escriba.ground.streams import open_streams

    open_streams()
    threading.excepthook = _tell_of_thread
    sys.unraisablehook = _tell_of_garbage
    code = _mind(_call)
    # What is still held back would else be written, and fail, when nobody can say so.
    return _mind(_flush) or code


def _mind(work: Callable[[], int]) -> int:
    """The exit code of some work, however it ends."""
    from escriba.ground.errors import EscribaError
    from escriba.ground.mistakes import is_unforeseen
    from escriba.ground.streams import Gone

    try:
        return work()
    except Gone:
        return 0
    except EscribaError as error:
        return _tell(error)
    except BaseException as error:
        if not is_unforeseen(error):
            raise
        from escriba.ground.unforeseen import report

        return _tell(report(error))


def _call() -> int:
    """Run the command that was asked for; its exit code."""
    import gettext
    from io import StringIO

    import click

    from escriba.cli import cli, translate
    from escriba.ground.language import LOCALE, tr
    from escriba.ground.streams import tell
    from escriba.ground.terminal import visible

    gettext.bindtextdomain("click", LOCALE)  # what click says by itself
    gettext.textdomain("click")
    translate(cli)
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Abort:
        tell(tr("interrupted"))
        return 130
    except click.ClickException as error:
        text = StringIO()
        error.show(text)
        tell(visible(text.getvalue().rstrip("\n")))
        return error.exit_code
    except SystemExit as error:
        # So click ends for any broken pipe; ours are Gone before, and others are of some worker.
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    return code if isinstance(code, int) else 0


def _flush() -> int:
    sys.stdout.flush()
    return 0


def _tell(error: EscribaError) -> int:
    from escriba.ground.streams import tell

    for problem in (*error.warnings, *error.problems):
        tell(str(problem))
    return error.exit_code


def _tell_of_thread(args: threading.ExceptHookArgs) -> None:
    """What ended a thread, which has nobody else to tell it."""
    from escriba.ground.streams import Gone
    from escriba.ground.unforeseen import report

    if args.exc_value is not None and not isinstance(args.exc_value, Gone | SystemExit):
        _tell(report(args.exc_value))


def _tell_of_garbage(args: sys.UnraisableHookArgs) -> None:
    """What went wrong where Python can raise nothing, as while it frees an object."""
    if sys.is_finalizing():  # nothing can be imported, and all is done
        return
    import signal
    import threading

    from escriba.ground.unforeseen import report

    if isinstance(args.exc_value, KeyboardInterrupt):
        # Again, where it can be heard.
        threading.Timer(0.01, signal.raise_signal, [signal.SIGINT]).start()
    elif args.exc_value is not None:
        _tell(report(args.exc_value))


if __name__ == "__main__":
    main()
