"""Waiting for what other threads, processes and browsers do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0  # seconds, however busy the machine is; only what never comes takes so long
PAUSE = 0.02  # seconds between two looks


def wait_until(true: Callable[[], object], told: Callable[[], str] = str) -> None:
    """Look until something is true; with `told`, which explains why it may never be."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, told()
        time.sleep(PAUSE)
