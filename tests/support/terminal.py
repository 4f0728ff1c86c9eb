"""Programs on a real terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import pytest


def run_in_terminal(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What a program shows, with a real terminal as its standard error and output."""
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    import os

    parent, child = pty.openpty()
    process = subprocess.Popen(
        arguments, stdout=child, stderr=child, stdin=subprocess.DEVNULL, env=environment
    )
    os.close(child)
    shown = b""
    try:
        while data := os.read(parent, 1 << 16):
            shown += data
    except OSError:  # what Linux says once the program has ended
        pass
    os.close(parent)
    assert process.wait() == 0
    return shown.decode()
