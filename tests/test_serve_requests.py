"""Whatever a client sends to `serve`, as bytes: an answer, no traceback, and the server goes on."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from escriba.ground.streams import Gone
from escriba.site.serve import Revision, Server, open_server, visitors
from escriba.site.serve.request import RequestError, read_path, read_range
from escriba.site.serve.server import Handler
from escriba.site.serve.visitors import Visitors
from support.blogs import make_site
from support.chromium import needs_chromium
from support.serving import get, hear, serving
from support.waiting import PATIENCE, wait_until

PAGE = "/cuaderno/"
HOST = b"Host: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(make_site(tmp_path_factory.mktemp("requests") / "site")) as server:
        server.builder.rebuild()
        yield server


def ask(server: Server, data: bytes) -> bytes:
    """All that the server answers to some bytes and no more."""
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        answer = b""
        with suppress(OSError):  # refused before all was sent; the answer may be there
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while piece := connection.recv(1 << 16):
                answer += piece
        return answer


def line(target: str | bytes, version: bytes = b"HTTP/1.1", method: bytes = b"GET") -> bytes:
    target = target.encode("latin-1") if isinstance(target, str) else target
    return b" ".join([method, target, version]) + b"\r\n"


ASKED = line(PAGE)
RAW = [
    (ASKED + b"Host: [\r\n\r\n", 400),
    (ASKED + b"Host: []\r\n\r\n", 400),
    (ASKED + b"Host: [::1]:8000\r\n\r\n", 403),
    (ASKED + b"Host: [v1.x]\r\n\r\n", 400),
    (ASKED + b"Host: [::1\r\n\r\n", 400),
    (ASKED + b"Host: evil.example\r\n\r\n", 403),
    (ASKED + b"Host: localhost.evil.example\r\n\r\n", 403),
    (ASKED + b"Host: localhost@evil.example\r\n\r\n", 400),
    (ASKED + b"Host: evil.example@localhost\r\n\r\n", 400),
    (ASKED + b"Host: localhost:80@evil.example\r\n\r\n", 400),
    (ASKED + b"Host: 0.0.0.0\r\n\r\n", 403),
    (ASKED + b"Host: 0177.0.0.1\r\n\r\n", 403),
    (ASKED + b"Host: 2130706433\r\n\r\n", 403),
    (ASKED + b"Host: localhost.\r\n\r\n", 403),
    (ASKED + b"Host: localhost:99999999999\r\n\r\n", 400),
    (ASKED + b"Host: localhost:8x\r\n\r\n", 400),
    (ASKED + b"Host:\r\n\r\n", 400),
    (ASKED + b"\r\n", 400),
    (ASKED + b"Host: localhost\r\nHost: localhost\r\n\r\n", 400),
    (ASKED + b"Host: localhost\r\nHost: evil.example\r\n\r\n", 400),
    (ASKED + b"Host: local\0host\r\n\r\n", 400),
    (ASKED + b"Host: localhost\r\n .evil.example\r\n\r\n", 400),
    (ASKED + "Host: ñandú\r\n\r\n".encode(), 400),
    (ASKED + b"Host: LocalHost:80\r\n\r\n", 200),
    (ASKED + b"Host: 127.0.0.1:\r\n\r\n", 200),
    (line("http://127.0.0.1/cuaderno/") + HOST, 200),
    (line("HTTP://LOCALHOST:1/cuaderno/?a=[") + HOST, 200),
    (line("http://evil.example/cuaderno/") + HOST, 403),
    (line("http://localhost/cuaderno/") + b"Host: evil.example\r\n\r\n", 403),
    (line("http://[/cuaderno/") + HOST, 400),
    (line("http://") + HOST, 400),
    (line("https://localhost") + HOST, 302),
    (line("ftp://localhost/") + HOST, 400),
    (line("?x") + HOST, 400),
    (line("#x") + HOST, 400),
    (line("*", method=b"OPTIONS") + HOST, 501),
    (line("evil.example:443", method=b"CONNECT") + HOST, 501),
    (line(PAGE, method=b"POST") + b"Content-Length: 3\r\n" + HOST + b"abc", 501),
    (line(PAGE, method=b"get") + HOST, 501),
    (line(PAGE, method=b"__class__") + HOST, 501),
    (line(PAGE, method=b"G\xff\0T") + HOST, 501),
    (line(PAGE, method=b"A" * 60_000) + HOST, 501),
    (b"GET /cuaderno/\r\n" + HOST, 505),
    (b"GET /cuaderno/\r\n\r\n", 505),
    (b"GET\r\n\r\n", 400),
    (b"GET /cuaderno/ HT", 400),
    (line(PAGE, b"HTTP/1.0") + HOST, 200),
    (line(PAGE, b"HTTP/2.0") + HOST, 505),
    (line(PAGE, b"HTTP/1.1.1") + HOST, 400),
    (line(PAGE, b"HTTP/-1.1") + HOST, 400),
    (line(PAGE, "HTTP/².1".encode("latin-1")) + HOST, 400),
    (line(PAGE, b"HTTP/99999999999999999999.1") + HOST, 400),
    (b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\0" * 50, 400),
    (bytes(range(256)) * 10, 400),
    (line("/" + "a" * 70_000) + HOST, 414),
    (line("/" + "a" * 60_000) + HOST, 414),
    (ASKED + b"".join(b"X%d: y\r\n" % number for number in range(500)) + HOST, 431),
    (ASKED + b"X: " + b"y" * 100_000 + b"\r\n" + HOST, 431),
    (ASKED + b"nonsense\r\n" + HOST, 400),
    (line("/cuaderno/%zz%4") + HOST, 404),
    (line("/cuaderno/%00") + HOST, 404),
    (line("/cuaderno/\0") + HOST, 404),
    (line("/cuaderno/%ed%a0%80") + HOST, 404),
    (line("/cuaderno/%ff%fe") + HOST, 404),
    (line("/cuaderno/%2e%2e/%2e%2e/etc/passwd") + HOST, 404),
    (line("/cuaderno/..%5c..%5cescriba.yml") + HOST, 404),
    (line("//evil.example/%2e%2e") + HOST, 404),
    (line("/\\evil.example") + HOST, 404),
    (line("//[/cuaderno") + HOST, 404),
    (line("/cuaderno/2020/redes%0d%0aSet-Cookie:x") + HOST, 404),
    (ASKED + b"Range: bytes=5-1\r\n" + HOST, 200),
    (ASKED + b"Expect: 100-continue\r\n" + HOST, 100),
    (ASKED + b"Upgrade: websocket\r\nConnection: Upgrade\r\n" + HOST, 200),
    (b"GET /cuaderno/ HTTP/1.1\nHost: localhost\n\n", 200),
]


def test_the_answer_to_more_than_is_read_arrives(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the connection is torn down while somebody still sends."""
    monkeypatch.setattr("escriba.site.serve.server.LINGER", 60.0)
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        connection.sendall(line("/cuaderno/") + b"X: " + b"y" * (16 << 20))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(("data", "status"), RAW, ids=[repr(data[:60]) for data, _ in RAW])
def test_any_bytes_get_an_answer(
    server: Server, capfd: pytest.CaptureFixture[str], data: bytes, status: int
) -> None:
    answer = ask(server, data)
    assert answer.startswith(b"HTTP/1."), answer[:200]
    assert int(answer.split()[1]) == status
    assert len(answer) < 10_000, "nothing is repeated that was sent"
    assert get(server, PAGE)[0] == 200
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\n"])
def test_nothing_gets_none(server: Server, capfd: pytest.CaptureFixture[str], data: bytes) -> None:
    assert ask(server, data) == b""
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("path", "goal"),
    [
        ("//", "/cuaderno/"),
        ("///cuaderno", "/cuaderno/"),
        ("//cuaderno/2020/redes", "/cuaderno/2020/redes/"),
        ("/cuaderno/2020/redes?//evil.example", "/cuaderno/2020/redes/"),
        ("/%2f%2fcuaderno/2020/redes", None),
    ],
)
def test_a_redirection_stays_here(server: Server, path: str, goal: str | None) -> None:
    answer = ask(server, line(path) + HOST).decode()
    assert (f"\r\nLocation: {goal}\r\n" in answer) if goal else "Location" not in answer


@pytest.mark.parametrize("length", ["-5", "1e9", "30", "+3", ""])
def test_a_body_is_no_second_request(server: Server, length: str) -> None:
    head = ASKED + f"Content-Length: {length}\r\n".encode() + HOST
    for second in (b"GET /nowhere HTTP/1.1\r\n" + HOST, b"\0" * 100):
        assert ask(server, head + second).count(b"HTTP/1.1 ") == 1
    chunked = ASKED + b"Transfer-Encoding: chunked\r\n" + HOST + b"5\r\nhello\r\n0\r\n\r\n"
    assert ask(server, chunked).count(b"HTTP/1.1 ") == 1


def test_requests_may_come_together(server: Server) -> None:
    both = ASKED + HOST + line("/nowhere") + b"Connection: close\r\n" + HOST + ASKED + HOST
    answer = ask(server, both)
    assert [part.split()[0] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]


@pytest.mark.parametrize(
    ("baseurl", "path", "goal"),
    [
        ("", "/", None),
        ("/mi página", "/mi%20p%C3%A1gina/", None),
        ("/mi página", "/", "/mi%20p%C3%A1gina/"),
        ("/mi%20p%C3%A1gina", "/mi%20p%C3%A1gina/", None),
        ("/50%", "/50%/", None),
        ("/50%", "/50%25", "/50%25/"),
        ("/a\r\nb", "/", "/a%0D%0Ab/"),
        ("//evil.example", "/", "/evil.example/"),
        ("/\\evil.example", "/", "/%5Cevil.example/"),
    ],
)
def test_a_site_under_any_path(server: Server, baseurl: str, path: str, goal: str | None) -> None:
    before = server.builder.revision
    server.builder.revision = Revision({"index.html": b"<body>home</body>"}, baseurl=baseurl)
    try:
        answer = ask(server, line(path) + HOST).decode()
    finally:
        server.builder.revision = before
    assert f"\r\nLocation: {goal}\r\n" in answer if goal else "<body>home" in answer
    assert answer.count("\r\n\r\n") == 1


@pytest.mark.parametrize("error", [TypeError("a defect"), RecursionError(), SystemExit(3), Gone()])
def test_a_defect_while_answering_is_a_page_and_the_server_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: Any, error: BaseException
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("escriba.site.serve.server.find", fail)
        status, body, headers = get(server, PAGE)
    assert (status, headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert f"nobody foresaw: {type(error).__name__}" in body
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "nobody foresaw" in said
    assert get(server, PAGE)[0] == 200


def test_files_on_disk_are_served_as_they_are_and_in_parts(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = server.builder.project.root
    film = root / "posts" / "film.mp4"
    film.write_bytes(bytes(range(256)) * 2000)
    (root / "posts" / "page.html").write_text("<body>whole</body>")
    files: dict[str, bytes | Path] = {
        "film.mp4": film, "page.html": root / "posts" / "page.html",
        "gone.png": root / "posts" / "gone.png", "secret.txt": root / "posts" / "secret.txt",
    }  # fmt: skip
    (tmp_path / "secret").write_text("secret")
    (root / "posts" / "secret.txt").symlink_to(tmp_path / "secret")
    before, server.builder.revision = server.builder.revision, Revision(files)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        for header, status, expected in (
            (None, 200, film.read_bytes()),
            ("bytes=0-0", 206, b"\0"),
            ("bytes=255-257", 206, b"\xff\0\1"),
            ("bytes=511990-", 206, film.read_bytes()[511990:]),
            ("bytes=-3", 206, b"\xfd\xfe\xff"),
            ("bytes=-999999999", 206, film.read_bytes()),
            ("bytes=1-2,5-6", 200, film.read_bytes()),
            ("bytes=9-5", 200, film.read_bytes()),
            ("lines=1-2", 200, film.read_bytes()),
        ):
            connection.request("GET", "/film.mp4", headers={"Range": header} if header else {})
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (status, expected), header
        assert get(server, "/film.mp4", Range="bytes=512000-")[0] == 416
        assert get(server, "/film.mp4", "HEAD")[:2] == (200, "")
        assert "whole" in get(server, "/page.html")[1]
        assert "EventSource" in get(server, "/page.html")[1]
        assert get(server, "/gone.png")[0] == 404
        status, body, _ = get(server, "/secret.txt")
        assert status == 404 and "outside the project" in body
    finally:
        server.builder.revision = before
        connection.close()


def test_a_film_is_not_read_to_know_whether_it_changed(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(1 << 40)  # of holes: to read it takes hours
    first = Revision({"film.mp4": film}).stamp
    os.utime(film, ns=(1, 1))
    assert Revision({"film.mp4": film}).stamp != first
    film.unlink()
    assert Revision({"film.mp4": film}).stamp


def half(server: Server, data: bytes = b"GET /cuad") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.server_port))
    connection.sendall(data)
    return connection


def test_who_asks_half_keeps_nobody_waiting(server: Server) -> None:
    before = threading.active_count()
    connections = [half(server) for _ in range(3 * visitors.MOST)]
    try:
        assert get(server, PAGE)[0] == 200
        assert len(server.visitors) <= visitors.MOST
        wait_until(  # those who were shown out leave
            lambda: threading.active_count() - before <= visitors.MOST + 1
        )
    finally:
        for connection in connections:
            connection.close()


def test_many_open_pages_keep_nobody_waiting(server: Server) -> None:
    before = threading.active_count()
    listening = line("/.escriba/events") + HOST
    connections = [half(server, listening) for _ in range(3 * visitors.LISTENING)]
    try:
        assert get(server, PAGE)[0] == 200
        wait_until(lambda: threading.active_count() - before <= visitors.LISTENING + 1)
        streams = [connection.makefile("rb") for connection in connections[-8:]]
        for stream in streams:
            while stream.readline().strip():
                pass
            assert hear(stream), "the last ones are heard"
    finally:
        for connection in connections:
            connection.close()


@needs_chromium
def test_of_many_pages_in_a_browser_one_listens_and_all_reload(
    browser: Any, tmp_path: Path
) -> None:
    """A browser opens six connections to a server; seven open pages would wait for ever."""
    from playwright.sync_api import Error  # there, since there is a browser

    with serving(make_site(tmp_path / "site")) as server, browser.new_context() as context:
        context.set_default_timeout(1000 * PATIENCE)
        builder = server.builder
        builder.rebuild()

        def open_page() -> Any:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}{PAGE}2020/networks/")
            return page

        pages, crashed = [open_page() for _ in range(9)], 0
        post = builder.project.posts / "2020-11-02-networks.md"
        for word in ("First", "Second", "Third"):
            post.write_text(f"{post.read_text()}\n{word}.\n")
            builder.rebuild()
            for number, page in enumerate(pages):
                try:
                    page.wait_for_function(
                        f"document.body && document.body.innerText.includes('{word}.')"
                    )
                except Error as error:  # a busy Chromium may end a page that is loaded again
                    assert "crashed" in str(error)
                    crashed += 1
                    pages[number] = open_page()
            pages.pop(0).close()  # the one that listens
        assert crashed < 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lends more to a slow reader")
def test_who_takes_nothing_of_what_it_asked_for_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "timeout", 0.1)
    film = server.builder.project.root / "posts" / "long.mp4"
    with film.open("wb") as file:
        file.truncate(1 << 28)
    before, server.builder.revision = server.builder.revision, Revision({"long.mp4": film})
    try:
        with half(server, line("/long.mp4") + HOST) as connection:
            connection.recv(100)
            wait_until(
                lambda: all(doing != "getting" for doing, _ in [*server.visitors._doing.values()])
            )
    finally:
        server.builder.revision = before
        film.unlink()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def is_shown_out(theirs: socket.socket) -> bool:
    theirs.setblocking(False)
    try:
        return theirs.recv(1) == b""
    except BlockingIOError:
        return False


def test_who_takes_too_long_to_ask_is_shown_out() -> None:
    clock = Clock()
    guests = Visitors(clock=clock)
    slow, getting, listening, fresh = (socket.socketpair() for _ in range(4))
    for ours, _ in (slow, getting, listening):
        assert guests.enter(ours)
    guests.note(getting[0], "getting")
    guests.note(listening[0], "listening")
    clock.now += visitors.ASKING - 1
    guests.enter(fresh[0])
    guests.tend()
    assert not any(is_shown_out(theirs) for _, theirs in (slow, getting, listening, fresh))
    clock.now += 1
    guests.tend()
    gone = [is_shown_out(theirs) for _, theirs in (slow, getting, listening, fresh)]
    assert gone == [True, False, False, False]
    assert slow[0] not in guests
    guests.note(slow[0], "getting")
    assert slow[0] not in guests, "who was shown out stays out"
    for each in (*slow, *getting, *listening, *fresh):
        each.close()


def test_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "MOST", 3)
    clock, stirred = Clock(), []
    guests = Visitors(lambda: stirred.append(True), clock)
    pairs = [socket.socketpair() for _ in range(6)]
    for (ours, _), doing in zip(pairs, ("getting", "listening", "asking"), strict=False):
        clock.now += 1
        assert guests.enter(ours)
        guests.note(ours, doing)
    assert guests.enter(pairs[3][0]), "in the place of who asks"
    guests.note(pairs[3][0], "getting")
    assert not stirred
    assert guests.enter(pairs[4][0]), "in the place of who listens"
    assert stirred
    guests.note(pairs[4][0], "getting")
    assert not guests.enter(pairs[5][0]), "who gets something is left in peace"
    gone = [is_shown_out(theirs) for _, theirs in pairs]
    assert gone == [False, True, True, False, False, False]
    guests.leave(pairs[0][0])
    assert guests.enter(pairs[5][0])
    for each in pairs:
        each[0].close()
        each[1].close()


def test_no_room_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "MOST", 0)
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 503 ")
    monkeypatch.undo()
    assert get(server, PAGE)[0] == 200


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        (None, 10, None), ("", 10, None), ("bytes=-", 10, None), ("bytes=0-", 10, range(10)),
        ("bytes=9-20", 10, range(9, 10)), ("bytes=2-1", 10, None), ("bytes=x-1", 10, None),
        ("bytes=-20", 10, range(10)), ("bytes=" + "9" * 30 + "-", 10, None),
    ],
)  # fmt: skip
def test_ranges(header: str | None, size: int, expected: range | None) -> None:
    assert read_range(header, size) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_ranges_that_are_not_there(header: str, size: int) -> None:
    with pytest.raises(RequestError) as caught:
        read_range(header, size)
    assert caught.value.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def test_paths_are_decoded_as_browsers_encode_them() -> None:
    for target in ("/ni%C3%B1o", "/niño".encode().decode("latin-1")):
        assert read_path(target, ["localhost"]) == "/niño"
    assert read_path("/a%2Fb%3Fc?d#e", ["127.0.0.1:1"]) == "/a/b?c"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such address")
def test_a_port_of_ones_own_is_found_without_asking_for_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(host: str) -> str:
        raise AssertionError

    monkeypatch.setattr(socket, "getfqdn", fail)
    open_server(make_site(tmp_path / "site"), "127.0.0.1", 0, drafts=True).server_close()
