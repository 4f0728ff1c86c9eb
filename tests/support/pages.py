"""Built sites on a server of files, as browsers get them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from escriba.ground.project import load
from escriba.site.build import build
from support.blogs import REPOSITORY, run

ARTICLES = ("2026/redes-neuronales-recurrentes/", "2026/recurrent-neural-networks/")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path, handler: type[SimpleHTTPRequestHandler] = Quiet) -> Iterator[str]:
    """The address of a folder, as a host of static files serves it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The blog of this repository, built from its frozen samples."""
    output = tmp_path_factory.mktemp("demonstration") / "site"
    build(load(REPOSITORY), frozen=True, output=output)
    return output


@pytest.fixture(scope="module")
def new_blogs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two blogs as `escriba new` makes them, `en` and `es`, built."""
    root = tmp_path_factory.mktemp("new")
    for lang in ("en", "es"):
        done = run(root, "new", lang, "--lang", lang)
        assert done.returncode == 0, done.stderr
        build(load(root / lang), frozen=True)
    return root
