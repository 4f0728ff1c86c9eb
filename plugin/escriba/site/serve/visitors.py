"""Who is connected to the server: so many at most, and none for ever that asks for nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Doing = Literal["asking", "getting", "listening"]

MOST = 96  # connections, each of which has a thread
LISTENING = 32  # of them, open pages that wait for the next revision
ASKING = 10.0  # seconds for a whole request, and between two of them


class Visitors:
    """The connections of a server, and what each of them is doing.

    Where there is no room, who has been asking the longest goes, then who has been listening the
    longest, for a browser comes back: a page is never kept waiting by those that only wait.
    `stir` is called when some that listened were shown out.
    """

    def __init__(
        self,
        stir: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._stir = stir
        self._clock = clock
        self._lock = threading.Lock()
        self._doing: dict[socket.socket, tuple[Doing, float]] = {}

    def __len__(self) -> int:
        return len(self._doing)

    def __contains__(self, connection: socket.socket) -> bool:
        return connection in self._doing

    def enter(self, connection: socket.socket) -> bool:
        """Let a connection in, which begins to ask. False if there is no room."""
        with self._lock:
            if len(self._doing) >= MOST:
                self._show_out([*self._find("asking"), *self._find("listening")][:1])
            if len(self._doing) >= MOST:
                return False
            self._doing[connection] = "asking", self._clock()
            return True

    def note(self, connection: socket.socket, doing: Doing) -> None:
        """Note what a connection does from now on."""
        with self._lock:
            if connection not in self._doing:  # shown out
                return
            self._doing[connection] = doing, self._clock()
            if doing == "listening":
                self._show_out(self._find("listening")[:-LISTENING])

    def leave(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._doing.pop(connection, None)

    def tend(self) -> None:
        """Show out who takes too long to ask."""
        with self._lock:
            late = self._clock() - ASKING
            self._show_out([c for c in self._find("asking") if self._doing[c][1] <= late])

    def _find(self, doing: Doing) -> list[socket.socket]:
        """Who is doing that, the longest first."""
        found = [c for c, (does, _) in self._doing.items() if does == doing]
        return sorted(found, key=lambda connection: self._doing[connection][1])

    def _show_out(self, connections: list[socket.socket]) -> None:
        listened = False
        for connection in connections:
            listened |= self._doing.pop(connection)[0] == "listening"
            with suppress(OSError):  # its thread, which waits for it, wakes up and ends
                connection.shutdown(socket.SHUT_RDWR)
        if listened:
            self._stir()
