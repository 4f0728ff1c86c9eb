"""The site on this machine, rebuilt and reloaded on every change.

Nothing is written but new samples: the site is rendered into memory and served from there, so a
path of a request can only name a page. The script that reloads is added to a page as it is served;
a built page has none. A mistake leaves the last good site standing and is shown over it, and so is
what nobody foresaw: nothing but Ctrl-C ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote, unquote

from escriba.ground.errors import EscribaError, SourceError
from escriba.ground.language import tr
from escriba.ground.lock import Say, silence
from escriba.ground.progress import Report
from escriba.ground.project import Project, find_root
from escriba.ground.project import find as find_project
from escriba.ground.settings import Settings
from escriba.ground.unforeseen import report
from escriba.site.serve.builder import Builder
from escriba.site.serve.request import LOOPBACK
from escriba.site.serve.revision import EVENTS, Revision, find, inject
from escriba.site.serve.server import Server
from escriba.site.serve.watch import LOOK, changes
from escriba.site.sources import matters

__all__ = ["EVENTS", "Builder", "Revision", "Server", "find", "inject", "matters", "serve"]

Showing = Callable[[], AbstractContextManager[Report | None]]
Train = Callable[[Project, Iterable[str]], bool]


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    drafts: bool = True,
    say: Say = silence,
    showing: Showing = nullcontext,
    train: Train = lambda project, names: False,
) -> None:
    """Serve the project of a folder until interrupted, with drafts and unpublished posts unless
    told not to.

    `showing` opens what is told how much is sampled for a revision; `train` is asked to train
    models that have a recipe and no weights, and says whether it has. Raises SourceError where
    there is no project, for a host other than this machine, and for a port that is taken.
    """
    try:
        project = locate(folder)
        server = open_server(project, host, port, drafts=drafts, say=say)
        with _listening(server):
            path = quote(unquote(project.settings.baseurl))
            address = f"http://{host}:{server.server_port}{path}/"
            say(tr("{address}  (Ctrl-C ends it)", address=address))
            _go_on(server.builder, say, showing, train)
    except KeyboardInterrupt:
        return


def locate(folder: Path) -> Project:
    """The project of a folder. One whose `escriba.yml` has mistakes has no settings: the pages
    will tell. Raises SourceError if there is none."""
    try:
        return find_project(folder)
    except SourceError:
        root = find_root(folder)
        if root is None:
            raise
        return Project(root, Settings())


def open_server(
    project: Project, host: str, port: int, *, drafts: bool, say: Say = silence
) -> Server:
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
        return Server((host, port), Builder(project, drafts=drafts, say=say))
    except OSError as error:
        raise SourceError(
            tr(
                "cannot listen on port {port}: {reason}; choose another with --port",
                port=port,
                reason=error.strerror,
            )
        ) from None


@contextmanager
def _listening(server: Server) -> Iterator[None]:
    """Answer requests meanwhile."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    try:
        thread.start()
        yield
    finally:
        server.builder.close()
        if thread.ident is not None:
            server.shutdown()
        server.server_close()


def _go_on(builder: Builder, say: Say, showing: Showing, train: Train) -> None:
    """Print a revision, and another one after each change, for ever."""
    _rebuild(builder, say, showing)
    _train(builder, say, showing, train)
    while True:
        try:
            for _ in changes(builder, say):
                _rebuild(builder, say, showing)
                _train(builder, say, showing, train)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of what watches; what renders raises nothing
            _tell(builder.fail(report(error)), say)
            time.sleep(LOOK)


def _rebuild(builder: Builder, say: Say, showing: Showing) -> None:
    try:
        with showing() as bar:
            revision = builder.rebuild(bar)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # of what shows how much is done
        _tell(builder.fail(report(error)), say)
        revision = builder.rebuild()
    _tell(revision, say)


def _train(builder: Builder, say: Say, showing: Showing, train: Train) -> None:
    """Train the models that the last revision lacks. What goes wrong is told, and shown."""
    if not builder.revision.untrained:
        return
    try:
        if train(builder.project, builder.revision.untrained):
            _rebuild(builder, say, showing)
    except EscribaError as error:
        _tell(builder.fail(error), say)


def _tell(revision: Revision, say: Say) -> None:
    for text in (*revision.warnings, *revision.problems):
        say(text)
