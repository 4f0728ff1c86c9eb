"""What a request asks for, and whether it comes from this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from escriba.ground.language import tr

LOOPBACK = ("127.0.0.1", "localhost")
LONGEST = 8192  # characters of what is asked for

_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~%!$&'()*+,;=-]{1,255})(:\d{0,5})?"
)
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?#]*)(?P<rest>.*)", re.I | re.S)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RequestError(Exception):
    """A request that is not answered with a file. `status` says why in HTTP."""

    def __init__(self, status: HTTPStatus, reason: str):
        super().__init__(reason)
        self.status = status


def read_path(target: str, hosts: Sequence[str]) -> str:
    """The path that is asked for, decoded, from the target of a request and its Host headers.

    Raises RequestError for a request that is none, and for one to another name than this
    machine's: a page of somebody else's may have a name that leads here.
    """
    if len(target) > LONGEST:
        raise RequestError(HTTPStatus.REQUEST_URI_TOO_LONG, tr("the address is too long"))
    if len(hosts) != 1:
        raise RequestError(HTTPStatus.BAD_REQUEST, tr("the request must name one host"))
    if absolute := _ABSOLUTE.fullmatch(target):  # as a proxy is asked
        hosts = [absolute["host"], *hosts]
        target = "/" + absolute["rest"].removeprefix("/")
    if not target.startswith("/"):
        raise RequestError(HTTPStatus.BAD_REQUEST, tr("what is asked for is no path"))
    for host in hosts:
        _check_host(host.strip(" \t"))
    path = re.split("[?#]", target, maxsplit=1)[0]
    # What is not ASCII and was not encoded came as Latin-1.
    return unquote_to_bytes(path.encode("latin-1", "replace")).decode("utf-8", "replace")


def _check_host(host: str) -> None:
    match = _HOST.fullmatch(host)
    if match is None:
        raise RequestError(HTTPStatus.BAD_REQUEST, tr("the host of the request is not one"))
    if match["name"].lower() not in LOOPBACK:
        raise RequestError(HTTPStatus.FORBIDDEN, tr("escriba serves this machine only"))


def read_range(header: str | None, size: int) -> range | None:
    """The bytes of a file of that size that a Range header asks for; None is all of them.

    Raises RequestError for a range that is not in the file. What is no single range is ignored.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        found = range(max(size - int(last), 0), size)
    else:
        found = range(int(first), min(int(last) + 1, size) if last else size)
        if last and int(last) < int(first):
            return None
    if not found:
        raise RequestError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, tr("there are no such bytes")
        )
    return found
