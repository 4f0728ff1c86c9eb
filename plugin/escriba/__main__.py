"""`python -m escriba` and the `escriba` command: the one place that prints errors and exits."""

from __future__ import annotations

import gc
import gettext
import os
import sys

from escriba.language import LOCALE, tr


def main() -> None:
    """Run the command line; exit codes are those of `escriba.errors`."""
    gc.set_threshold(100_000)  # a build makes many objects and few cycles: a tenth of its time
    from escriba.cli import cli, translate
    from escriba.errors import EscribaError

    gettext.bindtextdomain("click", LOCALE)  # what click says by itself
    gettext.textdomain("click")
    translate(cli)
    try:
        code = cli(standalone_mode=False)
    except EscribaError as error:
        print("\n".join(str(problem) for problem in error.problems), file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (`escriba sample … | head`): no message, no trace.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        import click

        if isinstance(error, click.exceptions.Abort):
            print(tr("interrupted"), file=sys.stderr)
            sys.exit(130)
        if isinstance(error, click.ClickException):
            error.show()
            sys.exit(error.exit_code)
        raise
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
