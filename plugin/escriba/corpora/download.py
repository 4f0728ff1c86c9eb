"""A file from the web, bounded in size and in time, and only with the digest that it must have.

The address and the server may be a stranger's. Nothing but http and https is followed, also where a
server sends one on, so that no file of this machine is read. Which machines may be asked is not
limited: a corpus may well lie on one's own. Only the digest of what came is ever told.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage, IncompleteRead
from pathlib import Path
from queue import Empty, Full, Queue
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from escriba.corpora.archives import BLOCK
from escriba.ground.atomic import open_atomically
from escriba.ground.errors import CorpusError, Place, shorten
from escriba.ground.language import tr

LARGEST = 1 << 30  # bytes; what is larger may be fetched by hand
SILENCE = 30.0  # seconds without a byte
SLOWEST = 50_000  # bytes a second, on average
PATIENCE = 120.0  # seconds, to begin with

_READY = 4  # blocks that wait to be written


class _RefusedError(Exception):
    """Why a file is not what is fetched, in words."""


def download(url: str, sha256: str, target: Path, shown: Path) -> None:
    """Fetch into `target`; only a file with the right digest ever gets its name.

    Raises CorpusError for what cannot be fetched, is too large or too slow, ends too early, or is
    another file; at `shown`, for what cannot be written.
    """
    found = hashlib.sha256()
    try:
        with open_atomically(target) as file:
            for block in _hurry(_fetch(url)):
                found.update(block)
                file.write(block)
            if found.hexdigest() != sha256:
                raise CorpusError(
                    tr(
                        "{url} has the sha256 {found}, and the recipe names {sha256}",
                        url=shorten(url), found=found.hexdigest(), sha256=sha256,
                    )
                )  # fmt: skip
    except _RefusedError as error:
        raise CorpusError(
            tr(
                "{url} cannot be fetched: {reason}; download it yourself into a folder and "
                "name the folder in ESCRIBA_CORPORA",
                url=shorten(url), reason=error,
            )
        ) from None  # fmt: skip
    except OSError as error:
        raise CorpusError(
            tr("cannot be written: {reason}", reason=error.strerror or error), Place(shown)
        ) from None


def _fetch(url: str) -> Iterator[bytes]:
    """The bytes of a file, as they come. Raises _RefusedError."""
    count = 0
    try:
        request = Request(quote(url, safe="!#$%&'()*+,/:;=?@[]~"))
        with _make_opener().open(request, timeout=SILENCE) as answer:
            length = answer.length  # None, if the server does not say
            _refuse_size(length or 0)
            # One piece as it comes from the network: a slow server must be seen to be slow.
            while block := answer.read1(BLOCK):
                count += len(block)
                _refuse_size(count)
                yield block
            if length is not None and count < length:
                raise _RefusedError(
                    tr("it was cut short, at {count} of {length} bytes", count=count, length=length)
                )
    except HTTPError as error:
        error.close()
        raise _RefusedError(_line(f"{error.code} {error.reason}")) from None
    except IncompleteRead:
        raise _RefusedError(tr("it was cut short, at {count} bytes", count=count)) from None
    except (HTTPException, URLError, OSError, ValueError) as error:
        raise _RefusedError(_line(str(getattr(error, "reason", error)))) from None


def _hurry(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks. Raises _RefusedError when they come too slowly, wherever that is spent: in
    looking up a name, in a handshake, in the head of an answer, or in its body.

    They are made in a thread, which after that is left alone and ends by itself.
    """
    feed = _Feed(blocks)
    begun, count = time.monotonic(), 0
    try:
        while True:
            left = begun + PATIENCE + count / SLOWEST - time.monotonic()
            try:
                item = feed.ready.get(timeout=max(0.0, left))
            except Empty:
                raise _RefusedError(
                    tr("too slow: {count} bytes in {seconds:.0f} seconds",
                       count=count, seconds=time.monotonic() - begun)
                ) from None  # fmt: skip
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            count += len(item)
            yield item
    finally:
        feed.given_up.set()


class _Feed:
    """Blocks that a thread makes until they are `given_up`. As they come they are `ready`, and
    behind the last None, or what went wrong."""

    def __init__(self, blocks: Iterator[bytes]):
        self.ready: Queue[bytes | Exception | None] = Queue(_READY)
        self.given_up = threading.Event()
        threading.Thread(target=self._fetch, args=(blocks,), daemon=True).start()

    def _fetch(self, blocks: Iterator[bytes]) -> None:
        try:
            for block in blocks:
                if not self._give(block):
                    return
        except Exception as error:
            self._give(error)
        else:
            self._give(None)

    def _give(self, item: bytes | Exception | None) -> bool:
        while not self.given_up.is_set():
            try:
                self.ready.put(item, timeout=0.1)
            except Full:
                continue
            return True
        return False


class _Redirects(HTTPRedirectHandler):
    """Sends on to the web alone: urllib's own would also follow to ftp."""

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> IO[bytes] | None:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except BaseException:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        fp.close()  # or the text beside the address, as long as the server likes, would be read
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise _RefusedError(
                tr("it sends on to {address}, which is not of the web", address=shorten(newurl))
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _make_opener() -> OpenerDirector:
    """What opens addresses of the web, and no `file:`, `ftp:` or `data:`."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(), UnknownHandler(), HTTPHandler(), HTTPSHandler(),
        HTTPDefaultErrorHandler(), _Redirects(), HTTPErrorProcessor(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


def _line(words: str) -> str:
    """What a server or a library says, in one line."""
    return shorten(" ".join(words.split()))


def _refuse_size(size: int) -> None:
    if size > LARGEST:
        raise _RefusedError(
            tr("it is larger than {largest} MB, the most that is fetched", largest=LARGEST >> 20)
        )
