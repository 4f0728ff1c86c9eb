"""Answers requests with the current revision, whoever sends what."""

from __future__ import annotations

import mimetypes
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import BinaryIO
from urllib.parse import quote

from escriba.ground.errors import SourceError
from escriba.ground.files import open_file
from escriba.ground.language import tr
from escriba.ground.streams import tell
from escriba.ground.unforeseen import report
from escriba.site.output.contents import Content
from escriba.site.serve.builder import Builder
from escriba.site.serve.request import RequestError, read_path, read_range
from escriba.site.serve.revision import BLANK, EVENTS, Revision, find, inject, overlay
from escriba.site.serve.visitors import Visitors

HEARTBEAT = 15.0  # seconds between comments that keep an event stream open
STALL = 30.0  # seconds for which a reader may take nothing of what it asked for
LINGER = 1.0  # seconds for which what follows a request that was refused is read
PIECE = 1 << 18  # bytes of a file on disk that are in memory at once
PAGE = 4 << 20  # bytes of a page on disk that is still given the script
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Server(ThreadingHTTPServer):
    """Serves the revisions of a builder to this machine alone."""

    daemon_threads = True
    request_queue_size = 64
    # On Windows it would take over a port that another program listens on.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, address: tuple[str, int], builder: Builder):
        self.builder = builder
        self.visitors = Visitors(builder.stir)
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Without asking who this machine is, which may take its time."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def get_request(self) -> tuple[socket.socket, object]:
        """The next connection."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(0.05)  # the system has no room: not at once again
            raise

    def process_request(self, request: object, client_address: object) -> None:
        """Answer in a thread, or at once that there is no room."""
        assert isinstance(request, socket.socket)
        if self.visitors.enter(request):
            super().process_request(request, client_address)
            return
        with suppress(OSError):
            request.setblocking(False)
            request.send(BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Answer; nothing that happens meanwhile is the end of the server."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        except BaseException:  # a panic in Rust, a library that wants to exit
            self.handle_error(request, client_address)

    def shutdown_request(self, request: object) -> None:
        """End a connection, and forget it."""
        self.visitors.leave(request)  # type: ignore[arg-type]
        super().shutdown_request(request)  # type: ignore[arg-type]

    def service_actions(self) -> None:
        """Between two connections, and twice a second."""
        self.visitors.tend()

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who leaves early is no news; anything else is a defect, and is told."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            tell(str(report(error)))


class Handler(BaseHTTPRequestHandler):
    """The requests of one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "escriba"
    sys_version = ""
    timeout = STALL
    disable_nagle_algorithm = True
    begun = False  # whether there is a part of an answer already
    refused = False  # whether there may be more of a request that is not read

    def handle_one_request(self) -> None:
        """Read and answer one request, whatever it is and whatever comes of it."""
        self.begun = False
        self.server.visitors.note(self.connection, "asking")
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except BaseException as error:  # a defect, a panic in Rust, a library that wants to exit
            self.server.handle_error(self.connection, self.client_address)
            self.close_connection = True
            if not self.begun:
                sentence = str(report(error))
                with suppress(OSError):
                    self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/html", _explain(sentence))

    def parse_request(self) -> bool:
        """Whether there is a request to answer."""
        whole = super().parse_request()
        self.server.visitors.note(self.connection, "getting")
        return whole

    def do_GET(self) -> None:
        """Answer with a file of the revision, its mistakes, or why there is no answer."""
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what comes then is no request
        try:
            if self.request_version == "HTTP/0.9":
                raise RequestError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, tr("HTTP/1.1 is spoken"))
            path = read_path(self.path, self.headers.get_all("Host") or [])
            if path == EVENTS:
                self._stream()
            else:
                self._show(path)
        except RequestError as refused:
            self._refuse(refused.status, str(refused))

    def do_HEAD(self) -> None:
        """The same without the file."""
        self.do_GET()

    def _show(self, path: str) -> None:
        revision = self.server.builder.revision
        base, files = revision.base, revision.files
        if base and path in ("/", base):
            self._redirect(base + "/")
            return
        name = path.removeprefix(base).removeprefix("/") if path.startswith(base + "/") else None
        found = None if name is None else find(name, files)
        if found is not None:
            self._send(HTTPStatus.OK, found, files[found], revision)
        elif name is not None and f"{name}/index.html" in files:
            self._redirect(path + "/")
        else:
            status = HTTPStatus.NOT_FOUND if files else HTTPStatus.INTERNAL_SERVER_ERROR
            self._send(status, "404.html", files.get("404.html", BLANK), revision)

    def _send(self, status: HTTPStatus, name: str, content: Content, revision: Revision) -> None:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if not isinstance(content, Path):
            data = content if isinstance(content, bytes) else content.read()
            self._answer(status, kind, inject(data, revision) if kind == "text/html" else data)
            return
        try:
            project = self.server.builder.project
            file = open_file(project.admit(content), project.shown(content))
        except SourceError as error:  # it is another than it was when the revision was made
            self._answer(HTTPStatus.NOT_FOUND, "text/html", _explain(str(error), revision))
            return
        with file:
            size = file.seek(0, 2)
            if kind == "text/html" and size <= PAGE:
                file.seek(0)
                self._answer(status, kind, inject(file.read(), revision))
            else:
                self._answer_file(kind, file, size)

    def _answer(self, status: HTTPStatus, kind: str, data: bytes) -> None:
        self._begin(status, kind, len(data))
        if self.command != "HEAD":
            self.wfile.write(data)

    def _answer_file(self, kind: str, file: BinaryIO, size: int) -> None:
        """A file on disk, or the part of it that was asked for; as long as it was a moment ago."""
        part = read_range(self.headers.get("Range"), size)
        place = {} if part is None else {"Content-Range": f"bytes {part[0]}-{part[-1]}/{size}"}
        status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
        wanted = range(size) if part is None else part
        self._begin(status, kind, len(wanted), {"Accept-Ranges": "bytes", **place})
        if self.command == "HEAD":
            return
        sent = 0
        for piece in _read(file, wanted):
            self.wfile.write(piece)
            sent += len(piece)
        if sent < len(wanted):  # it was cut meanwhile; the reader must not wait for the rest
            self.close_connection = True

    def _begin(
        self, status: HTTPStatus, kind: str, size: int, more: dict[str, str] | None = None
    ) -> None:
        if kind.startswith("text/") or kind.endswith(("xml", "json")):
            kind += "; charset=utf-8"
        self.begun = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Cache-Control", "no-store")
        for key, value in (more or {}).items():
            self.send_header(key, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _redirect(self, path: str) -> None:
        self.begun = True
        self.send_response(HTTPStatus.FOUND)
        # One slash at the beginning: of two, the next word would be a host.
        self.send_header("Location", quote("/" + path.lstrip("/")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What BaseHTTPRequestHandler calls for what is no request, which `message` repeats."""
        self._refuse(HTTPStatus(code), HTTPStatus(code).phrase)

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Say why a request is not answered, and end the connection: what comes after something
        that was not understood may be anything."""
        if self.request_version == "HTTP/0.9":
            self.request_version = "HTTP/1.0"  # else there would be no status
        self.close_connection = self.refused = True
        self._answer(status, "text/plain", f"{reason}\n".encode())

    def finish(self) -> None:
        """End the connection. With something unread the system would tear it down, and the answer
        with it: so what comes is read for a moment."""
        with suppress(OSError):
            super().finish()
            if self.refused:
                self.connection.shutdown(socket.SHUT_WR)
                self.connection.settimeout(LINGER)
                end = time.monotonic() + LINGER
                while time.monotonic() < end and self.connection.recv(PIECE):
                    pass

    def _stream(self) -> None:
        """Server-sent events: the stamp of each new revision."""
        builder, visitors = self.server.builder, self.server.visitors
        self.begun = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command == "HEAD":
            return
        visitors.note(self.connection, "listening")
        seen, stamp = "", builder.stamp
        while not builder.closed and self.connection in visitors:
            line = f"data: {stamp}\n\n" if stamp != seen else ": still here\n\n"
            self.wfile.write(line.encode())
            seen, stamp = stamp, builder.wait(stamp, HEARTBEAT, self._is_shown_out)

    def _is_shown_out(self) -> bool:
        return self.connection not in self.server.visitors

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests are of no interest to somebody who writes."""


def _read(file: BinaryIO, wanted: range) -> Iterator[bytes]:
    """The wanted bytes of a file, in pieces; fewer if it is shorter."""
    file.seek(wanted.start)
    at = wanted.start
    while at < wanted.stop and (piece := file.read(min(PIECE, wanted.stop - at))):
        yield piece
        at += len(piece)


def _explain(sentence: str, revision: Revision | None = None) -> bytes:
    """A page with nothing but a mistake; of a revision, one that reloads."""
    words = overlay((sentence,)).encode()
    page = BLANK.replace(b"</body>", words + b"</body>")
    return inject(page, revision) if revision else page
