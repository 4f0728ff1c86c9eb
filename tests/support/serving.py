"""The server for writers, and what it answers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from escriba.ground.project import Project
from escriba.site.serve import Server, open_server


@contextmanager
def serving(site: Project) -> Iterator[Server]:
    """The server of a site, at work; nothing is rendered yet."""
    server = open_server(site, "127.0.0.1", 0, drafts=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.builder.close()
        server.shutdown()
        server.server_close()


def get(
    server: Server, path: str, method: str = "GET", **headers: str
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read().decode("utf-8", "replace")
    connection.close()
    return response.status, body, response.headers


def hear(stream: IO[bytes]) -> bytes:
    """The next event of a stream, without the comments that keep it open."""
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    return line
