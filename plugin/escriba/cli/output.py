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
        styled = click.style(text, **style) if text and any(style.values()) and _styles() else text
        click.echo(styled + end, nl=False)
    else:
        sys.stdout.write(text + end)  # click would take out what looks like a colour
        sys.stdout.flush()


def tell(text: str) -> None:
    """Say something that is no result: for whom a command waits."""
    streams.tell(visible(text))


def show_difference(text: str) -> None:
    """Print a unified diff, in colours where there are any."""
    colours = {"-": "red", "+": "green", "@": "cyan"}
    for line in text.split("\n"):
        write(line, fg=colours.get(line[:1]))


def _styles() -> bool:
    """Whether the terminal, and who sits at it, take styles."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("dumb", "unknown")
