"""The site on this machine, rebuilt and reloaded on every change.

Nothing is written: the site is rendered into memory and served from there, so a path of a request
can only name a page. The script that reloads is added to a page as it is served; a built page
has none. A mistake leaves the last good site standing and is shown over it.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from escriba.blog.build import INCLUDES, render
from escriba.digest import digest
from escriba.errors import EscribaError, Place, SourceError
from escriba.language import plural, reading_language, tr
from escriba.progress import Report
from escriba.project import NAME, Project, load
from escriba.sampling.frozen import PatientStore

LOOPBACK = ("127.0.0.1", "localhost")
EVENTS = "/.escriba/events"
HEARTBEAT = 15.0  # seconds between comments that keep an event stream open


@dataclass(frozen=True)
class Edition:
    """What is served at a moment: the last good site, and the mistakes made since."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @cached_property
    def stamp(self) -> str:
        """The digest of it all: a page that shows another one is out of date."""
        parts = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return digest([parts, list(self.problems)])[:16]


class Press:
    """Renders editions of a project, and tells who waits for the next."""

    def __init__(self, project: Project, *, drafts: bool):
        self.project = project
        self.drafts = drafts
        self.edition = Edition()
        self.closed = False
        self._changed = threading.Condition()

    def print(self, report: Report | None = None) -> Edition:
        """Render the site as it is on disk now; a mistake keeps the files of the last edition.

        `report` is told how much is sampled."""
        try:
            # escriba.yml may have changed too; where the server listens does not.
            self.project = load(self.project.root)
            models, root = self.project.models, self.project.root
            store = PatientStore(models, root, frozen=False, report=report)
            site = render(self.project, store, drafts=self.drafts, unpublished=self.drafts)
            edition = Edition(site.files)
        except EscribaError as error:
            problems = tuple(str(problem) for problem in error.problems)
            edition = replace(self.edition, problems=problems)
        with self._changed:
            self.edition = edition
            self._changed.notify_all()
        return edition

    def wait(self, seen: str, timeout: float) -> str:
        """The stamp of the edition, once it is another one than `seen`, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self.edition.stamp != seen, timeout)
            return self.edition.stamp

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()


class Server(ThreadingHTTPServer):
    """Serves the editions of a press to this machine alone."""

    daemon_threads = True
    # On Windows it would take over a port that another program listens on.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, address: tuple[str, int], press: Press):
        self.press = press
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who leaves early is no news; anything else is a defect, and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "escriba"
    sys_version = ""

    def do_GET(self) -> None:
        name = urlsplit("//" + self.headers.get("Host", "")).hostname
        if name not in LOOPBACK:  # a page of somebody else's whose name leads here
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"escriba serves this machine only\n")
            return
        path = urlsplit(self.path).path
        if path == EVENTS:
            self._stream()
            return
        press = self.server.press
        baseurl = press.project.settings.baseurl
        if baseurl and path in ("/", baseurl):
            self._redirect(baseurl + "/")
            return
        if not path.startswith(baseurl + "/"):
            self._show(None)
            return
        name = unquote(path.removeprefix(baseurl)).removeprefix("/")
        self._show(name)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _show(self, name: str | None) -> None:
        edition = self.server.press.edition
        files = edition.files
        found = None if name is None else find(name, files)
        if found is None and name is not None and f"{name}/index.html" in files:
            self._redirect(quote(urlsplit(self.path).path) + "/")
            return
        status = HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
        if found is None:
            found = "404.html"
            if not edition.files:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
        data = files.get(found, BLANK)
        kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        if kind == "text/html":
            data = inject(data, edition)
        if kind.startswith("text/") or kind.endswith(("xml", "json")):
            kind += "; charset=utf-8"
        self._answer(status, kind, data)

    def _answer(self, status: HTTPStatus, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _redirect(self, path: str) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", "/" + path.lstrip("/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _stream(self) -> None:
        """Server-sent events: the stamp of each new edition."""
        press = self.server.press
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command == "HEAD":
            return
        seen, stamp = "", press.edition.stamp
        try:
            while not press.closed:
                line = f"data: {stamp}\n\n" if stamp != seen else ": still here\n\n"
                self.wfile.write(line.encode())
                self.wfile.flush()
                seen, stamp = stamp, press.wait(stamp, HEARTBEAT)
        except OSError:  # the reader closed the page
            return

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests are of no interest to somebody who writes."""


def serve(
    project: Project,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    drafts: bool = True,
    say: Callable[[str], None] = lambda text: None,
    showing: Callable[[], AbstractContextManager[Report | None]] = nullcontext,
) -> None:
    """Serve the project until interrupted, with drafts and unpublished posts unless told not to.

    `showing` opens what is told how much is sampled for an edition. Raises SourceError for a host
    other than this machine, and for a port that is taken.
    """
    from watchfiles import watch

    server = open_server(project, host, port, drafts=drafts)
    press = server.press
    listening = threading.Thread(target=server.serve_forever, daemon=True)
    listening.start()
    address = f"http://{host}:{server.server_port}{project.settings.baseurl}/"
    say(tr("{address}  (Ctrl-C ends it)", address=address))
    stop = threading.Event()

    def print_edition() -> None:
        with showing() as report:
            edition = press.print(report)
        _tell(edition, say)

    try:
        print_edition()
        for changes in watch(
            project.root,
            watch_filter=None,
            debounce=50,
            step=10,
            stop_event=stop,
            raise_interrupt=True,
        ):
            if matters(press.project, (Path(path) for _, path in changes)):
                print_edition()
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise SourceError(
            tr("cannot watch the files: {reason}", reason=error), Place(project.root)
        ) from None
    finally:
        stop.set()
        press.close()
        server.shutdown()
        server.server_close()


def open_server(project: Project, host: str, port: int, *, drafts: bool) -> Server:
    """A server that listens, but does not answer yet. Raises SourceError."""
    if host not in LOOPBACK:
        raise SourceError(
            tr(
                "'serve' is for this machine only, so its host is one of {allowed}, not "
                "'{host}'; publish the folder '{output}' instead",
                allowed=", ".join(LOOPBACK),
                host=host,
                output=project.settings.output.as_posix(),
            )
        )
    try:
        return Server((host, port), Press(project, drafts=drafts))
    except OSError as error:
        raise SourceError(
            tr(
                "cannot listen on port {port}: {reason}; choose another with --port",
                port=port,
                reason=error.strerror,
            )
        ) from None


def matters(project: Project, paths: Iterable[Path]) -> bool:
    """Whether a change of these files can change the site."""
    sources = [project.posts, project.templates, project.models]
    sources += [project.root / NAME, project.root / INCLUDES]
    return any(
        path.is_relative_to(source)
        for path in paths
        if not path.name.startswith(".") and not path.name.endswith("~")
        for source in sources
    )


def find(name: str, files: Mapping[str, bytes]) -> str | None:
    """The file that a server of static files shows for a path."""
    wanted = [name + "index.html"] if name.endswith("/") or not name else [name, f"{name}.html"]
    return next((candidate for candidate in wanted if candidate in files), None)


def inject(page: bytes, edition: Edition) -> bytes:
    """A page with the script that reloads it and, if there are any, the mistakes."""
    addition = _SCRIPT.replace("EVENTS", json.dumps(EVENTS)).replace("STAMP", edition.stamp)
    if edition.problems:
        addition = _overlay(edition) + addition
    head, body, tail = page.rpartition(b"</body>")
    return head + addition.encode() + body + tail if body else page + addition.encode()


def _overlay(edition: Edition) -> str:
    items = "".join(f"<li>{escape(problem)}</li>" for problem in edition.problems)
    stale = " " + tr("This is the site as it was before.") if edition.files else ""
    title = plural("{number} mistake", "{number} mistakes", len(edition.problems))
    return (
        f'<aside id="escriba-mistakes" role="alert" lang="{reading_language()}" style="{_STYLE}">'
        f'<strong>{title}.</strong>{stale}<ul style="margin:.5em 0 0;padding-left:1.2em">{items}'
        "</ul></aside>"
    )


def _tell(edition: Edition, say: Callable[[str], None]) -> None:
    for problem in edition.problems:
        say(problem)


BLANK = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8">'
    b'<meta name="color-scheme" content="light dark"><title>escriba</title></head>'
    b"<body></body></html>"
)
_STYLE = (
    "position:fixed;inset:auto 0 0 0;max-height:60vh;overflow:auto;z-index:9;margin:0;"
    "padding:1em 1.4em;background:#5c0f0f;color:#fff;font:14px/1.5 ui-monospace,monospace;"
    "overflow-wrap:anywhere"
)
# The first event tells what is current; the page reloads when that is not what it shows.
_SCRIPT = """<script>
new EventSource(EVENTS).onmessage = function (event) {
  if (event.data !== "STAMP") location.reload();
};
</script>
"""
