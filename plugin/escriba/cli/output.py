"""What a command prints: its result on standard output, all else on standard error."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from escriba.ground import streams
from escriba.ground.terminal import visible


def write(text: str = "", end: str = "\n", **style: Any) -> None:
    """Print a result: on a terminal in a style, and nothing in it is obeyed; elsewhere as it is.

    NO_COLOR (no-color.org) and a terminal that is `dumb` have no style.
    """
    if sys.stdout.isatty():
        text = visible(text)
        wanted = text and any(style.values()) and has_colours()
        styled = click.style(text, **style) if wanted else text
        click.echo(styled + end, nl=False)
    else:
        sys.stdout.write(text + end)  # click would take out what looks like a colour
        sys.stdout.flush()


def has_colours() -> bool:
    """Whether a terminal is to be sent styles and colours (no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("dumb", "unknown")


def tell(text: str) -> None:
    """Say something that is no result: for whom a command waits."""
    streams.tell(visible(text))


def show_difference(text: str) -> None:
    """Print a unified diff, in colours where there are any."""
    colours = {"-": "red", "+": "green", "@": "cyan"}
    for line in text.split("\n"):
        write(line, fg=colours.get(line[:1]))
